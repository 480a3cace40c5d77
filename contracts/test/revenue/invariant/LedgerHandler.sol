// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAssetRegistry} from "../../../src/assets/IAssetRegistry.sol";
import {IAccessMarket} from "../../../src/market/IAccessMarket.sol";
import {IRevenueLedger} from "../../../src/revenue/IRevenueLedger.sol";
import {ITestUSD} from "../../utils/ITestUSD.sol";
import {LedgerPublisher} from "./LedgerPublisher.sol";

/// @notice Does everything that can be done to the ledger, in any order, and keeps books of what it saw move.
contract LedgerHandler is LedgerPublisher {
    bytes32 internal constant RECEIVE_TYPEHASH = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    uint256 internal constant BUYER_KEY = 0xB0B;
    uint256 internal constant SIZE_BITS = 88;
    uint256 internal constant DAYS_MAX = 30;

    struct Held {
        uint256 offerId;
        address holder;
        address token;
        uint256 until;
    }

    Held[] internal _held;
    Held[] internal _timed;
    mapping(uint256 asset => uint16) internal _offers;
    uint256 internal _holders;
    uint256 internal _authorizations;

    constructor(
        IAssetRegistry registry_,
        IRevenueLedger ledger_,
        IAccessMarket market_,
        address governor_,
        ITestUSD[] memory tokens_
    ) LedgerPublisher(registry_, ledger_, market_, governor_) {
        for (uint256 i; i < tokens_.length; ++i) {
            tokens.push(tokens_[i]);
        }
        vm.prank(governor);
        ledger.setArbiter(address(this));
        for (uint256 i; i < 8; ++i) {
            _publish(uint256(keccak256(abi.encode("first graph", i))));
        }
    }

    /* TAKING IN */

    function pay(uint256 seed, uint256 amount) external fresh {
        (uint256 version, ITestUSD token) = _draw(seed);
        _payAs(_account(seed >> 128), version, token, _size(amount));
        ++done["pay"];
    }

    /// @dev Three at once, among them often the same version again.
    function payMany(uint256 seed, uint256 amount) external fresh {
        ITestUSD token = tokens[(seed >> 64) % tokens.length];
        uint256[] memory drawn = new uint256[](3);
        uint256[] memory amounts = new uint256[](3);
        uint256 sum;
        for (uint256 i; i < 3; ++i) {
            drawn[i] = (seed >> (70 + 8 * i)) % versions + 1;
            amounts[i] = _size(amount >> 32 * i);
            sum += amounts[i];
        }
        address payer = _account(seed >> 128);
        _fund(token, payer, sum);
        uint256 before = token.balanceOf(address(ledger));
        vm.prank(payer);
        ledger.payMany(address(token), drawn, amounts);
        require(token.balanceOf(address(ledger)) - before == sum, "takes the sum");
        for (uint256 i; i < 3; ++i) {
            _noteReceived(drawn[i], address(token), amounts[i]);
        }
        ++done["payMany"];
    }

    function payWithAuthorization(uint256 seed, uint256 amount) external fresh {
        (uint256 version,) = _draw(seed);
        ITestUSD token = tokens[0];
        bytes32 context = bytes32(++_authorizations);
        bytes32 nonce = keccak256(abi.encode(address(this), version, context));
        IRevenueLedger.Authorization memory signed = _authorize(token, _size(amount), nonce);
        uint256 before = token.balanceOf(address(ledger));
        ledger.payWithAuthorization(version, address(token), signed, context);
        _receive(version, token, before);
        ++done["payWithAuthorization"];
    }

    function sweep(uint256 seed, uint256 amount) external fresh {
        uint256[] memory assets = new uint256[](2);
        ITestUSD token = tokens[(seed >> 64) % tokens.length];
        for (uint256 i; i < 2; ++i) {
            assets[i] = _assets[(seed >> 100 * i) % _assets.length];
        }
        token.mint(ledger.tillOf(assets[0]), _size(amount));
        if (seed % 3 == 0) token.mint(ledger.tillOf(assets[1]), _size(seed >> 10));
        uint256[2] memory amounts;
        for (uint256 i; i < 2; ++i) {
            amounts[i] = token.balanceOf(ledger.tillOf(assets[i]));
        }
        if (assets[0] == assets[1]) amounts[1] = 0;
        uint256 before = token.balanceOf(address(ledger));
        ledger.sweepMany(address(token), assets);
        require(token.balanceOf(address(ledger)) - before == amounts[0] + amounts[1], "sweeps all there is");
        for (uint256 i; i < 2; ++i) {
            if (amounts[i] != 0) _noteReceived(registry.currentVersion(assets[i]), address(token), amounts[i]);
        }
        ++done["sweep"];
    }

    function donate(uint256 seed, uint256 amount) external fresh {
        (uint256 version, ITestUSD token) = _draw(seed);
        amount = _size(amount);
        token.mint(address(ledger), amount);
        donatedInAll[address(token)] += amount;
        _touch(version, address(token));
        ++done["donate"];
    }

    /* THE MARKET: every purchase is by a new holder, of an offer of its own */

    function buy(uint256 seed, uint40 price) external fresh {
        ITestUSD token = tokens[(seed >> 64) % tokens.length];
        uint256 before = token.balanceOf(address(ledger));
        IAccessMarket.OfferTerms memory terms = _termsOf(token, price);
        if (seed % 2 == 0) {
            (token, before) = (tokens[0], tokens[0].balanceOf(address(ledger)));
            terms.token = address(token);
        }
        (IAccessMarket.Purchase memory purchase, uint256 version) = _offer(seed, terms, 1);
        if (seed % 2 == 0) {
            bytes32 nonce = market.authorizationNonceOf(purchase, vm.addr(BUYER_KEY));
            market.buyWithAuthorization(purchase, _authorize(token, terms.price, nonce));
        } else {
            _buy(purchase, token, terms.price);
        }
        _receive(version, token, before);
        ++done["buy"];
    }

    function buyHeld(uint256 seed, uint40 price) public fresh {
        ITestUSD token = tokens[(seed >> 64) % tokens.length];
        IAccessMarket.OfferTerms memory terms = _termsOf(token, price);
        terms.refundHours = uint16(seed % 48) + 1;
        (IAccessMarket.Purchase memory purchase,) = _offer(seed, terms, 1);
        _buy(purchase, token, terms.price);
        waiting[address(token)] += terms.price;
        uint256 until = block.timestamp + uint256(terms.refundHours) * 1 hours;
        _held.push(Held(purchase.offerId, purchase.holder, address(token), until));
        ++done["buyHeld"];
    }

    function refundHeld(uint256 seed) external fresh {
        if (_held.length == 0) buyHeld(seed, 7);
        uint256 place = seed % _held.length;
        if (_held[place].until <= block.timestamp) {
            buyHeld(seed, uint40(seed));
            place = _held.length - 1;
        }
        _refund(_drop(_held, place));
        ++done["refundHeld"];
    }

    function releaseHeld(uint256 seed) external fresh {
        if (_held.length == 0) buyHeld(seed, 7);
        uint256 place = seed % _held.length;
        if (_held[place].until > block.timestamp) vm.warp(_held[place].until);
        _release(_drop(_held, place));
        ++done["releaseHeld"];
    }

    function buyTimed(uint256 seed, uint40 price) public fresh {
        ITestUSD token = tokens[(seed >> 64) % tokens.length];
        uint16 quantity = uint16(seed % DAYS_MAX) + 1;
        IAccessMarket.OfferTerms memory terms = _termsOf(token, price);
        terms.flags = 1;
        if (seed % 3 == 0) {
            terms.brackets = new IAccessMarket.Bracket[](1);
            terms.brackets[0] = IAccessMarket.Bracket({fromDay: 3, bps: uint16(seed % 9_999) + 1});
        }
        // Streams that nobody accrued for long must be brought forward before they are changed.
        _accrue(_assets[seed % _assets.length], token);
        (IAccessMarket.Purchase memory purchase,) = _offer(seed, terms, quantity);
        uint256 amount = market.priceOf(purchase.offerId, quantity);
        _buy(purchase, token, amount);
        waiting[address(token)] += amount;
        _timed.push(
            Held(purchase.offerId, purchase.holder, address(token), block.timestamp + uint256(quantity) * 1 days)
        );
        ++done["buyTimed"];
    }

    /// @dev The last day has begun when less than one is left, and then nothing goes back.
    function refundTimed(uint256 seed) external fresh {
        if (_timed.length == 0) buyTimed(seed, 1_000_000);
        uint256 place = seed % _timed.length;
        IAccessMarket.Pass memory pass = market.passOf(_timed[place].offerId, _timed[place].holder);
        if (_timed[place].until < block.timestamp + 1 days || pass.amount == 0) {
            buyTimed(seed | 1, 1_000_000);
            place = _timed.length - 1;
        }
        _refund(_drop(_timed, place));
        ++done["refundTimed"];
    }

    function accrue(uint256 seed) external fresh {
        if (_timed.length == 0) buyTimed(seed, 1_000_000);
        Held memory some = _timed[seed % _timed.length];
        vm.warp(block.timestamp + 1 days);
        _accrue(some.offerId >> 16, ITestUSD(some.token));
        ++done["accrue"];
    }

    function passTime(uint256 seed) external fresh {
        vm.warp(block.timestamp + seed % 5 days);
        ++done["passTime"];
    }

    /* SPLITTING AND PAYING OUT */

    function pull(uint256 seed) external fresh {
        ITestUSD token = tokens[(seed >> 64) % tokens.length];
        uint256[] memory drawn = new uint256[](1 + seed % 3);
        for (uint256 i; i < drawn.length; ++i) {
            drawn[i] = (seed >> (70 + 8 * i)) % versions + 1;
        }
        if (_pull(drawn, token) != 0) ++done["pull"];
    }

    function collect(uint256 seed) external fresh {
        (uint256 version, ITestUSD token) = _draw(seed);
        if (_collect(version, token) != 0) ++done["collect"];
    }

    function collectFee(uint256 seed) external fresh {
        if (_collect(0, tokens[seed % tokens.length]) != 0) ++done["collectFee"];
    }

    function collectContribution(uint256 seed) external fresh {
        _contribute(seed, false, "collectContribution");
    }

    function creditMember(uint256 seed) external fresh {
        _contribute(seed, true, "creditMember");
    }

    /// @notice Brings everything to everybody, and all time to its end. Not one of the fuzzed calls.
    function settleAll() external fresh {
        vm.warp(block.timestamp + (DAYS_MAX + 2) * 1 days);
        while (_held.length != 0) {
            _release(_drop(_held, 0));
        }
        for (uint256 t; t < tokens.length; ++t) {
            for (uint256 i; i < _assets.length; ++i) {
                _accrue(_assets[i], tokens[t]);
            }
            uint256[] memory one = new uint256[](1);
            // Everything leads to lower versions, so one pass from the highest to the lowest is enough.
            for (uint256 version = versions; version > 0; --version) {
                if (!hasIncome(version, address(tokens[t]))) continue;
                one[0] = version;
                _pull(one, tokens[t]);
                for (uint256 place; place < _leaves[version].length; ++place) {
                    _collectContribution(version, tokens[t], place);
                }
                _collect(version, tokens[t]);
            }
            _collect(0, tokens[t]);
        }
    }

    /* INTERNAL: THE MARKET */

    function _termsOf(ITestUSD token, uint40 price) internal pure returns (IAccessMarket.OfferTerms memory terms) {
        (terms.token, terms.price) = (address(token), price == 0 ? 1 : price);
        terms.usage = IAccessMarket.Usage.Train;
    }

    function _offer(uint256 seed, IAccessMarket.OfferTerms memory terms, uint16 quantity)
        internal
        returns (IAccessMarket.Purchase memory purchase, uint256 version)
    {
        uint256 asset = _assets[seed % _assets.length];
        vm.prank(_ownerOf(asset));
        purchase.offerId = market.listOffer(asset, ++_offers[asset], terms);
        version = registry.currentVersion(asset);
        purchase.version = version;
        purchase.holder = vm.addr(1000 + ++_holders);
        purchase.quantity = quantity;
        purchase.amountMax = type(uint256).max;
    }

    function _buy(IAccessMarket.Purchase memory purchase, ITestUSD token, uint256 amount) internal {
        address payer = _account(_holders);
        _fund(token, payer, amount);
        vm.prank(payer);
        require(market.buy(purchase) == amount, "costs what it says");
    }

    function _refund(Held memory held) internal {
        ITestUSD token = ITestUSD(held.token);
        uint256 before = token.balanceOf(held.holder);
        vm.prank(held.holder);
        uint256 amount = market.refund(held.offerId);
        require(amount != 0 && token.balanceOf(held.holder) - before == amount, "gives back what it says");
        waiting[held.token] -= amount;
    }

    function _release(Held memory held) internal {
        ITestUSD token = ITestUSD(held.token);
        uint256 before = token.balanceOf(address(ledger));
        address[] memory holders = new address[](1);
        holders[0] = held.holder;
        market.release(held.offerId, holders);
        waiting[held.token] -= token.balanceOf(address(ledger)) - before;
        _receive(registry.currentVersion(held.offerId >> 16), token, before);
    }

    function _accrue(uint256 asset, ITestUSD token) internal {
        uint256 before = token.balanceOf(address(ledger));
        uint256 amount = market.accrue(asset, address(token), 1000);
        require(token.balanceOf(address(ledger)) - before == amount, "accrues what it says");
        waiting[address(token)] -= amount;
        if (amount != 0) _receive(registry.currentVersion(asset), token, before);
    }

    function _drop(Held[] storage from, uint256 place) internal returns (Held memory held) {
        held = from[place];
        from[place] = from[from.length - 1];
        from.pop();
    }

    /* INTERNAL: THE LEDGER */

    function _pull(uint256[] memory drawn, ITestUSD token) internal returns (uint256 moved) {
        ledger.pullMany(address(token), drawn);
        for (uint256 i; i < drawn.length; ++i) {
            moved += _notePulled(drawn[i], address(token));
        }
    }

    function _collect(uint256 version, ITestUSD token) internal returns (uint256 amount) {
        address payee = version == 0 ? ledger.treasury() : _ownerOf(version);
        uint256 before = token.balanceOf(payee);
        uint256[] memory one = new uint256[](1);
        one[0] = version;
        ledger.collectMany(address(token), one);
        amount = token.balanceOf(payee) - before;
        _notePaid(version, address(token), amount);
    }

    function _contribute(uint256 seed, bool asMember, string memory action) internal {
        (uint256 version, ITestUSD token) = _draw(seed);
        // The next one of the kind that is wanted.
        for (uint256 i; i < versions; ++i) {
            uint256 next = (version + i) % versions + 1;
            if (_facts[next].isCollection != asMember || _leaves[next].length == 0) continue;
            uint256 place = (seed >> 128) % _leaves[next].length;
            uint256 paid = contributorPaid[next][address(token)][place];
            if (_contributionEarned(next, address(token), place) == paid) _payAs(_account(seed), next, token, 1e9);
            if (_collectContribution(next, token, place) != 0) ++done[action];
            return;
        }
    }

    function _payAs(address payer, uint256 version, ITestUSD token, uint256 amount) internal {
        _fund(token, payer, amount);
        uint256 before = token.balanceOf(address(ledger));
        vm.prank(payer);
        ledger.pay(version, address(token), amount);
        _receive(version, token, before);
    }

    /// @dev Of a member it is the books that say what is due, of a contributor its balance.
    function _collectContribution(uint256 version, ITestUSD token, uint256 place) internal returns (uint256 amount) {
        IRevenueLedger.Contribution[] memory contributions = new IRevenueLedger.Contribution[](1);
        contributions[0] = contributionOf(version, place);
        address account = contributions[0].account;
        if (_facts[version].isCollection) {
            amount =
                _contributionEarned(version, address(token), place) - contributorPaid[version][address(token)][place];
            ledger.creditMembers(address(token), contributions);
            _noteRoyalty(uint160(account), address(token), amount);
        } else {
            uint256 before = token.balanceOf(account);
            ledger.collectContributions(address(token), contributions);
            amount = token.balanceOf(account) - before;
            paidInAll[address(token)] += amount;
        }
        contributorPaid[version][address(token)][place] += amount;
        _touch(version, address(token));
    }

    function _receive(uint256 version, ITestUSD token, uint256 before) internal {
        _noteReceived(version, address(token), token.balanceOf(address(ledger)) - before);
    }

    function _fund(ITestUSD token, address payer, uint256 amount) internal {
        token.mint(payer, amount);
        vm.prank(payer);
        token.approve(address(ledger), amount);
    }

    function _authorize(ITestUSD token, uint256 amount, bytes32 nonce)
        internal
        returns (IRevenueLedger.Authorization memory)
    {
        address buyer = vm.addr(BUYER_KEY);
        token.mint(buyer, amount);
        uint256 validBefore = block.timestamp + 1;
        bytes32 structHash =
            keccak256(abi.encode(RECEIVE_TYPEHASH, buyer, address(ledger), amount, uint256(0), validBefore, nonce));
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(BUYER_KEY, keccak256(abi.encodePacked("\x19\x01", token.DOMAIN_SEPARATOR(), structHash)));
        return IRevenueLedger.Authorization({
            from: buyer, amount: amount, validAfter: 0, validBefore: validBefore, signature: abi.encodePacked(r, s, v)
        });
    }

    /// @dev Half of the amounts are a few units, where rounding bites; the others are of any size.
    function _size(uint256 seed) internal pure returns (uint256) {
        return seed % 2 == 0 ? seed >> 1 & 0xff | 1 : (seed >> 1) % (1 << SIZE_BITS) + 1;
    }
}
