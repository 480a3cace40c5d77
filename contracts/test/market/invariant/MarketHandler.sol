// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAssetRegistry} from "../../../src/assets/IAssetRegistry.sol";
import {IAccessMarket} from "../../../src/market/IAccessMarket.sol";
import {IRevenueLedger} from "../../../src/revenue/IRevenueLedger.sol";
import {ITestUSD} from "../../utils/ITestUSD.sol";
import {MarketTest} from "../MarketTest.sol";
import {StreamBooks} from "../StreamBooks.sol";

/// @notice Does everything that can be done with passes, in any order, and keeps books of what it saw move.
contract MarketHandler is MarketTest {
    uint256 internal constant ASSETS = 3;
    uint256 internal constant OFFERS = 5;
    uint256 internal constant ACCOUNTS = 5;
    uint256 internal constant BPS = 10_000;
    uint16 internal constant DISCOUNT = 1_500;

    /// @notice The pass, and so the stream, that the last call touched.
    uint256 public lastOffer;
    address public lastHolder;

    ITestUSD[] public tokens;
    uint256[] public assets;
    uint256[] public offers;
    mapping(uint256 offerId => address) public tokenOf;
    bytes32[] internal _bundles;
    address[] internal _accounts;
    mapping(address account => uint256) internal _keyOf;

    /* THE BOOKS */

    mapping(address token => uint256) public paid;
    mapping(address token => uint256) public givenBack;
    mapping(address token => uint256) public entered;
    mapping(address token => uint256) public donated;
    mapping(address token => uint256) public held;
    /// @notice Of timed passes of an asset in a token.
    mapping(uint256 asset => mapping(address token => uint256)) public waiting;
    mapping(uint256 asset => mapping(address token => uint256)) public streamed;
    mapping(uint256 asset => mapping(address token => StreamBooks)) public booksOf;
    /// @notice What was paid for a pass, wherever it was moved, less what went back.
    mapping(uint256 offerId => mapping(address holder => uint256)) public worth;
    mapping(uint256 offerId => mapping(address holder => uint256)) public purchases;
    mapping(uint256 offerId => mapping(address holder => uint256)) public expiry;
    mapping(uint256 offerId => mapping(address holder => uint256)) public refundUntil;
    mapping(string action => uint256) public done;

    constructor(IAssetRegistry registry_, IRevenueLedger ledger_, IAccessMarket market_, ITestUSD[] memory tokens_) {
        (registry, ledger, market) = (registry_, ledger_, market_);
        for (uint256 t; t < tokens_.length; ++t) {
            tokens.push(tokens_[t]);
        }
        for (uint256 i; i < ACCOUNTS; ++i) {
            _accounts.push(vm.addr(0xACC0 + i));
            _keyOf[_accounts[i]] = 0xACC0 + i;
        }
        for (uint256 a; a < ASSETS; ++a) {
            uint256 asset = publishFrom(account(a), list(), 0);
            assets.push(asset);
            for (uint256 t; t < tokens_.length; ++t) {
                token = tokens_[t];
                booksOf[asset][address(token)] = new StreamBooks();
                for (uint256 i; i < OFFERS; ++i) {
                    uint256 offerId = listFor(account(a), asset, termsAt(i));
                    offers.push(offerId);
                    tokenOf[offerId] = address(token);
                }
                uint256 count = offers.length;
                vm.prank(account(a));
                _bundles.push(
                    market.listBundle(list(offers[count - 4], offers[count - 2], offers[count - 1]), DISCOUNT)
                );
            }
        }
        (lastOffer, lastHolder) = (offers[0], account(0));
    }

    /// @dev A price that divides by little, so that remainders and floors are common.
    function termsAt(uint256 i) internal view returns (IAccessMarket.OfferTerms memory terms) {
        uint256 price = [uint256(1_000_003), 777_777, 100_003, 99_991, 5][i];
        terms = i == 0 ? termsOf(price) : i == 1 ? heldTerms(price, 30) : timedTerms(price);
        if (i != 3) terms.flags += TRANSFERABLE;
        if (i == 3) {
            terms.brackets = new IAccessMarket.Bracket[](2);
            terms.brackets[0] = IAccessMarket.Bracket({fromDay: 3, bps: 7_001});
            terms.brackets[1] = IAccessMarket.Bracket({fromDay: 10, bps: 333});
        }
        if (i == 4) terms.brackets = bracketsOf(1, 1);
    }

    /// @dev What days cost by the written rule, one after the other.
    function priceAt(uint256 i, uint256 quantity) internal view returns (uint256) {
        IAccessMarket.OfferTerms memory terms = termsAt(i);
        uint256 sum;
        for (uint256 day; day < quantity; ++day) {
            uint256 bps = BPS;
            for (uint256 b; b < terms.brackets.length; ++b) {
                if (day >= terms.brackets[b].fromDay) bps = terms.brackets[b].bps;
            }
            sum += bps;
        }
        return terms.price * sum / BPS;
    }

    /* BUYING */

    function buy(uint256 seed, uint256 days_) external {
        seed = _selectBuyable(seed);
        buyBy(0, seed % 3 == 0 ? lastHolder : account(seed >> 32), days_);
    }

    function buyFor(uint256 seed, uint256 days_) external {
        seed = _selectBuyable(seed);
        buyBy(1, account(seed >> 32), days_);
    }

    function buyWithAuthorization(uint256 seed, uint256 days_) external {
        seed = _selectBuyable(seed);
        // Only the first token has authorizations.
        if (address(token) != address(tokens[0])) return;
        buyBy(2, account(seed >> 32), days_);
    }

    function buyBundle(uint256 seed, uint256 days_) external {
        seed = _draw(seed);
        uint256 place = seed % _bundles.length;
        (uint256 base, address payer) = (place * OFFERS, account(seed >> 32));
        token = tokens[place % tokens.length];
        if (!canBuy(offers[base + 1], payer)) return;
        for (uint256 i; i < 3; ++i) {
            if (!isOnTime(offers[base + 1 + i])) return;
        }
        uint8[3] memory places = [1, 3, 4];
        IAccessMarket.Purchase[] memory all = new IAccessMarket.Purchase[](3);
        uint256 amount;
        for (uint256 i; i < 3; ++i) {
            uint256 quantity = i == 0 ? 1 : 1 + (days_ >> i * 8) % 40;
            all[i] = purchaseOf(offers[base + places[i]], payer);
            all[i].quantity = uint16(quantity);
            amount += priceAt(places[i], quantity) * (BPS - DISCOUNT) / BPS;
        }
        fundExactly(payer, amount);
        vm.prank(payer);
        require(market.buyBundle(_bundles[place], all, amount) == amount, "M4: price");
        require(token.balanceOf(payer) == 0, "M4: payment");
        for (uint256 i; i < 3; ++i) {
            uint256 cost = priceAt(places[i], all[i].quantity) * (BPS - DISCOUNT) / BPS;
            _touch(offers[base + places[i]], payer);
            enter(lastOffer, payer, all[i].quantity, cost);
        }
        ++done["buyBundle"];
    }

    /* HOLDING */

    /// @dev Of any pass there may be.
    function refund(uint256 seed) external {
        seed = _draw(seed);
        _select(seed);
        _refund();
    }

    /// @dev Of a timed one that runs, if there is one.
    function refundTimed(uint256 seed) external {
        seed = _draw(seed);
        for (uint256 k; k < OFFERS * ACCOUNTS; ++k) {
            _touch(offers[(seed % offers.length + k / ACCOUNTS) % offers.length], account(k));
            bool isFound = placeOf(lastOffer) >= 2 && placeOf(lastOffer) != 4
                && expiry[lastOffer][lastHolder] >= block.timestamp + DAY;
            if (isFound) break;
        }
        _refund();
    }

    /// @dev Of one that can be given back, if there is one.
    function refundHeld(uint256 seed) external {
        seed = _draw(seed);
        for (uint256 k; k < ACCOUNTS * offers.length / OFFERS; ++k) {
            _touch(heldOffer(seed % offers.length + k), account(k));
            if (refundUntil[lastOffer][lastHolder] > block.timestamp) break;
        }
        _refund();
    }

    function _refund() internal {
        (uint256 offerId, address holder) = (lastOffer, lastHolder);
        uint256 asset = offerId >> 16;
        bool isRunning = expiry[offerId][holder] > block.timestamp;
        bool isTimed = placeOf(offerId) >= 2;
        uint256 amount;
        if (isRunning && isTimed) {
            StreamBooks books = booksOf[asset][address(token)];
            amount = books.leftOf(keyOf(offerId, holder)) * books.rateOf(keyOf(offerId, holder));
        } else if (isRunning && block.timestamp < refundUntil[offerId][holder]) {
            amount = worth[offerId][holder];
        }
        uint256 before = token.balanceOf(holder);
        vm.prank(holder);
        try market.refund(offerId) returns (uint256 returned) {
            require(returned == amount && amount != 0, "M3: another amount");
        } catch (bytes memory reason) {
            bytes4 expected = isRunning
                ? IAccessMarket.AccessMarket_RefundClosed.selector
                : IAccessMarket.AccessMarket_PassMissing.selector;
            require(amount == 0 && bytes4(reason) == expected, "M3: refused");
            return;
        }
        require(token.balanceOf(holder) - before == amount, "M3: paid back");
        require(amount <= worth[offerId][holder], "M3: more than was paid");
        if (isTimed) {
            booksOf[asset][address(token)].refund(keyOf(offerId, holder));
            waiting[asset][address(token)] -= amount;
        } else {
            held[address(token)] -= amount;
        }
        givenBack[address(token)] += amount;
        _end(offerId, holder);
        ++done[isTimed ? "refundTimed" : "refundHeld"];
    }

    function transferPass(uint256 seed) external {
        seed = _draw(seed);
        _select(seed);
        (uint256 offerId, address from, address to) = (lastOffer, lastHolder, account(seed >> 32));
        if (seed >> 64 & 3 != 0) (offerId, from, to) = findMove(seed);
        _touch(offerId, from);
        bool isAllowed =
            expiry[offerId][from] > block.timestamp && expiry[offerId][to] <= block.timestamp && placeOf(offerId) != 3;
        vm.prank(from);
        (bool success,) = address(market).call(abi.encodeCall(market.transferPass, (offerId, to)));
        require(success == isAllowed, "M4: transfer");
        if (!success) return;
        if (placeOf(offerId) >= 2) {
            booksOf[offerId >> 16][address(token)].move(keyOf(offerId, from), keyOf(offerId, to));
        }
        worth[offerId][to] = worth[offerId][from];
        expiry[offerId][to] = expiry[offerId][from];
        refundUntil[offerId][to] = refundUntil[offerId][from];
        _end(offerId, from);
        lastHolder = to;
        ++done["transferPass"];
    }

    /// @dev A pass that may be moved, and an account to move it to, if there are such.
    function findMove(uint256 seed) internal view returns (uint256 offerId, address from, address to) {
        for (uint256 k; k < OFFERS && (from == address(0) || to == address(0)); ++k) {
            offerId = offers[(seed % offers.length + k) % offers.length];
            if (placeOf(offerId) == 3) continue;
            (from, to) = (address(0), address(0));
            for (uint256 i; i < ACCOUNTS; ++i) {
                if (expiry[offerId][account(i)] > block.timestamp) from = account(i);
                else to = account(i);
            }
        }
        if (from == address(0)) from = account(0);
        if (to == address(0)) to = account(0);
    }

    /* MONEY THAT BECAME FINAL */

    function release(uint256 seed) external {
        seed = _draw(seed);
        for (uint256 k; k < ACCOUNTS * offers.length / OFFERS; ++k) {
            _touch(heldOffer(seed % offers.length + k), account(k));
            uint256 until = refundUntil[lastOffer][lastHolder];
            if (until != 0 && until <= block.timestamp) break;
        }
        _releaseAll(lastOffer);
    }

    function accrue(uint256 seed, uint256 daysMax) external {
        seed = _draw(seed);
        _select(seed);
        _accrue(lastOffer >> 16, daysMax % 100);
    }

    /* ALL ELSE */

    function publishVersion(uint256 seed) external {
        seed = _draw(seed);
        uint256 place = seed % ASSETS;
        vm.prank(account(place));
        registry.publishVersion(assets[place], publication(list(), 0, 0, 0));
        ++done["publishVersion"];
    }

    function donate(uint256 seed, uint32 amount) external {
        seed = _draw(seed);
        token = tokens[seed % tokens.length];
        token.mint(address(market), amount);
        donated[address(token)] += amount;
        ++done["donate"];
    }

    /// @dev Mostly hours, now and then weeks.
    function passTime(uint256 seed) external {
        seed = _draw(seed);
        uint256 most = seed % 16 == 0 ? 30 days : seed % 4 == 0 ? 3 days : 7 hours;
        vm.warp(block.timestamp + (seed >> 8) % most + 1);
        ++done["passTime"];
    }

    /// @notice Lets all time pass and brings everything to the ledger. Not one of the fuzzed calls.
    function settleAll() external {
        vm.warp(block.timestamp + 400 days);
        for (uint256 i; i < offers.length; ++i) {
            _select(i);
            if (placeOf(lastOffer) == 1) _releaseAll(lastOffer);
            _accrue(lastOffer >> 16, 1_000);
        }
    }

    /* VIEWS */

    function account(uint256 place) public view returns (address) {
        return _accounts[place % ACCOUNTS];
    }

    /// @dev One span of days for each pass of each offer.
    function keyOf(uint256 offerId, address holder) public pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encode(offerId, holder)))));
    }

    /// @notice Which of the five kinds an offer is.
    function placeOf(uint256 offerId) public pure returns (uint256) {
        return uint16(offerId) % OFFERS;
    }

    /* INTERNAL */

    function heldOffer(uint256 seed) internal view returns (uint256) {
        return offers[seed % offers.length / OFFERS * OFFERS + 1];
    }

    /// @dev The fuzzer likes small numbers; here each part of a seed decides something.
    function _draw(uint256 seed) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed)));
    }

    /// @dev An offer, and who does not hold it for ever yet, if there is anybody.
    function _selectBuyable(uint256 seed) internal returns (uint256 draw) {
        draw = _draw(seed);
        _select(draw);
        for (uint256 i; i < ACCOUNTS && !canBuy(lastOffer, lastHolder); ++i) {
            lastHolder = account((draw >> 16) % ACCOUNTS + i);
        }
    }

    function _select(uint256 seed) internal {
        _touch(offers[seed % offers.length], account(seed >> 16));
    }

    function _touch(uint256 offerId, address holder) internal {
        (lastOffer, lastHolder) = (offerId, holder);
        token = ITestUSD(tokenOf[offerId]);
    }

    function canBuy(uint256 offerId, address holder) internal view returns (bool) {
        return placeOf(offerId) >= 2 || expiry[offerId][holder] <= block.timestamp;
    }

    /// @dev A purchase accrues 64 days at most, when there is anything to accrue.
    function isOnTime(uint256 offerId) internal returns (bool) {
        if (placeOf(offerId) < 2) return true;
        if (market.streamOf(offerId >> 16, address(token)).day + 64 >= today()) return true;
        _accrue(offerId >> 16, 1_000);
        return true;
    }

    /// @dev For `lastHolder`.
    function buyBy(uint256 way, address payer, uint256 days_) internal {
        (uint256 offerId, address holder) = (lastOffer, lastHolder);
        if (!canBuy(offerId, holder) || !isOnTime(offerId)) return;
        uint256 quantity = placeOf(offerId) < 2 ? 1 : 1 + days_ % 40;
        uint256 amount = priceAt(placeOf(offerId), quantity);
        IAccessMarket.Purchase memory purchase = purchaseOf(offerId, holder);
        (purchase.holder, purchase.quantity, purchase.amountMax) = (holder, uint16(quantity), amount);
        fundExactly(payer, amount);
        if (way == 0) {
            vm.prank(payer);
            market.buy(purchase);
            ++done[payer == holder ? "buy" : "give"];
        } else if (way == 1) {
            bytes memory signature = signFor(_keyOf[payer], address(market), hashOf(purchase, payer, block.timestamp));
            IAccessMarket.Permit memory none;
            market.buyFor(payer, purchase, block.timestamp, signature, none);
            ++done["buyFor"];
        } else {
            market.buyWithAuthorization(purchase, authorizationOf(purchase, payer, amount));
            ++done["buyWithAuthorization"];
        }
        require(token.balanceOf(payer) == 0, "M4: payment");
        enter(offerId, holder, quantity, amount);
    }

    function authorizationOf(IAccessMarket.Purchase memory purchase, address payer, uint256 amount)
        internal
        view
        returns (IRevenueLedger.Authorization memory signed)
    {
        address to = placeOf(purchase.offerId) == 0 ? address(ledger) : address(market);
        bytes32 nonce = market.authorizationNonceOf(purchase, payer);
        (signed.from, signed.amount, signed.validBefore) = (payer, amount, block.timestamp + 1);
        Signed memory parts = signReceive(_keyOf[payer], to, amount, signed.validBefore, nonce);
        signed.signature = abi.encodePacked(parts.r, parts.s, parts.v);
    }

    /// @dev The payer has the price and nothing else, so that whatever is left or missing is seen.
    function fundExactly(address payer, uint256 amount) internal {
        uint256 balance = token.balanceOf(payer);
        if (balance != 0) {
            vm.prank(payer);
            token.transfer(address(0xdead), balance);
        }
        fund(payer, amount);
    }

    function enter(uint256 offerId, address holder, uint256 quantity, uint256 amount) internal {
        uint256 place = placeOf(offerId);
        paid[address(token)] += amount;
        ++purchases[offerId][holder];
        if (place < 2) {
            expiry[offerId][holder] = PERPETUAL;
            worth[offerId][holder] = amount;
            refundUntil[offerId][holder] = place == 0 ? 0 : block.timestamp + 30 hours;
            if (place == 0) entered[address(token)] += amount;
            else held[address(token)] += amount;
            return;
        }
        bool isRunning = expiry[offerId][holder] > block.timestamp;
        worth[offerId][holder] = amount + (isRunning ? worth[offerId][holder] : 0);
        expiry[offerId][holder] = (isRunning ? expiry[offerId][holder] : block.timestamp) + quantity * DAY;
        waiting[offerId >> 16][address(token)] += amount;
        booksOf[offerId >> 16][address(token)].buy(keyOf(offerId, holder), quantity, amount);
        if (isRunning) ++done["renew"];
    }

    function _end(uint256 offerId, address holder) internal {
        (worth[offerId][holder], expiry[offerId][holder], refundUntil[offerId][holder]) = (0, 0, 0);
    }

    function _releaseAll(uint256 offerId) internal {
        address[] memory holders = new address[](ACCOUNTS);
        uint256 amount;
        for (uint256 i; i < ACCOUNTS; ++i) {
            address holder = account(i);
            uint256 until = refundUntil[offerId][holder];
            if (until > block.timestamp) continue;
            holders[i] = holder;
            if (until == 0) continue;
            amount += worth[offerId][holder];
            (worth[offerId][holder], refundUntil[offerId][holder]) = (0, 0);
        }
        uint256 before = token.balanceOf(address(ledger));
        market.release(offerId, holders);
        require(token.balanceOf(address(ledger)) - before == amount, "M8: released");
        if (amount == 0) return;
        held[address(token)] -= amount;
        entered[address(token)] += amount;
        ++done["release"];
    }

    function _accrue(uint256 asset, uint256 daysMax) internal {
        uint256 before = token.balanceOf(address(ledger));
        uint256 amount = market.accrue(asset, address(token), daysMax);
        require(token.balanceOf(address(ledger)) - before == amount, "M5: accrued");
        if (amount == 0) return;
        waiting[asset][address(token)] -= amount;
        streamed[asset][address(token)] += amount;
        entered[address(token)] += amount;
        ++done["accrue"];
    }
}
