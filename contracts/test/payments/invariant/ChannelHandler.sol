// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IBatchSettlement} from "../../../src/payments/IBatchSettlement.sol";
import {IOperatorReceiver} from "../../../src/payments/IOperatorReceiver.sol";
import {IOperatorReceivers} from "../../../src/payments/IOperatorReceivers.sol";
import {IRevenueLedger} from "../../../src/revenue/IRevenueLedger.sol";
import {ITestUSD} from "../../utils/ITestUSD.sol";
import {PaymentsTest} from "../PaymentsTest.sol";

/// @notice Brings deposits of any token, out of nothing.
contract MintingCollector {
    function collect(address, address token, uint256 amount, bytes32, bytes calldata) external {
        ITestUSD(token).mint(msg.sender, amount);
    }
}

/// @notice Does everything that can be done with channels and receivers, in any order, and keeps books of what it saw move.
contract ChannelHandler is PaymentsTest {
    uint256 internal constant CHANNELS = 12;
    uint256 internal constant PAYERS = 3;
    uint256 internal constant OPERATORS = 2;
    uint256 internal constant TOKENS = 2;
    uint256 internal constant VERSIONS = 3;
    uint256 internal constant PAYER_KEY = 0xACC0;
    uint256 internal constant SIGNER_KEY = 0xACE0;

    uint256 public last;
    address internal immutable _minting = address(new MintingCollector());
    IBatchSettlement.ChannelConfig[] internal _channels;
    bytes32[] public ids;
    ITestUSD[] public tokens;
    uint256[] public versions;
    IOperatorReceiver[] public theirs;
    /// @dev By operator: whose signature counts, and whose did before.
    uint256[OPERATORS] internal _keys;
    uint256[OPERATORS] internal _formerKeys;

    /* THE BOOKS */

    uint256[CHANNELS] public deposited;
    uint256[CHANNELS] public givenBack;
    mapping(address receiver => mapping(address token => uint256)) public settled;
    mapping(address holder => mapping(address token => uint256)) public donated;
    mapping(address receiver => mapping(address token => mapping(uint256 version => uint256))) public stated;
    mapping(address receiver => mapping(address token => bytes16)) public histories;
    /// @dev Before the last statement.
    mapping(address receiver => mapping(address token => bytes16)) internal _formerHistories;
    mapping(string action => uint256) public done;

    constructor(
        IRevenueLedger ledger_,
        IOperatorReceivers receivers_,
        ITestUSD[] memory tokens_,
        uint256[] memory versions_
    ) {
        (ledger, receivers, versions) = (ledger_, receivers_, versions_);
        tokens = tokens_;
        for (uint256 o; o < OPERATORS; ++o) {
            _keys[o] = OPERATOR_KEY + o;
            _formerKeys[o] = HOT_KEY;
            theirs.push(IOperatorReceiver(receivers.create(vm.addr(OPERATOR_KEY + o))));
        }
        for (uint256 k; k < CHANNELS; ++k) {
            IBatchSettlement.ChannelConfig memory config;
            config.payer = vm.addr(PAYER_KEY + k % PAYERS);
            if (k % PAYERS != 2) config.payerAuthorizer = vm.addr(signerOf(k));
            config.receiver = config.receiverAuthorizer = address(theirs[operatorOf(k)]);
            config.token = address(tokens[k / PAYERS / OPERATORS]);
            config.withdrawDelay = uint40(15 minutes + k * 1 hours);
            config.salt = bytes32(k);
            _channels.push(config);
            ids.push(idOf(config));
        }
    }

    /* MONEY IN */

    function depositInto(uint256 seed, uint256 amount) external {
        uint256 k = touch(seed);
        amount = 1 + draw(amount) % 1_000_000;
        IBatchSettlement.ChannelConfig memory config = _channels[k];
        token = ITestUSD(config.token);
        if (k / PAYERS / OPERATORS == 0) {
            token.mint(config.payer, amount);
            bytes memory data = collectorDataOf(config, amount, PAYER_KEY + k % PAYERS);
            settlement.deposit(config, uint128(amount), COLLECTOR, data);
        } else {
            settlement.deposit(config, uint128(amount), _minting, "");
        }
        deposited[k] += amount;
        ++done["deposit"];
    }

    /* CLAIMS */

    function claimSome(uint256 seed, uint256 amount) external {
        seed = draw(seed);
        uint256 o = seed % OPERATORS;
        uint256 count = 1 + (seed >> 8) % 3;
        IBatchSettlement.VoucherClaim[] memory all = new IBatchSettlement.VoucherClaim[](count);
        uint256[] memory expected = new uint256[](count);
        for (uint256 i; i < count; ++i) {
            // Of this operator, each another.
            uint256 k = channelOf(o, (seed >> 16) + i);
            uint256 total = claimed(k) + draw(amount ^ i) % (balance(k) - claimed(k) + 1);
            all[i] = rowFor(k, total + (seed >> 32) % 1_000, total);
            expected[i] = total;
            last = k;
        }
        bytes memory signature = signDigest(_keys[o], settlement.getClaimBatchDigest(all));
        uint256 before = owedOf(o);
        uint256 sum;
        for (uint256 i; i < count; ++i) {
            sum += expected[i] - claimedOf(all[i].voucher.channel);
        }
        settlement.claimWithSignature(all, signature);
        for (uint256 i; i < count; ++i) {
            require(claimedOf(all[i].voucher.channel) == expected[i], "C4: claimed");
        }
        require(owedOf(o) == before + sum, "C4: the receiver's");
        if (sum != 0) ++done["claim"];
        // Once more, which moves nothing.
        settlement.claimWithSignature(all, signature);
        require(owedOf(o) == before + sum, "C6: a replay");
    }

    function claimWrongly(uint256 seed) external {
        seed = draw(seed);
        uint256 k = touch(seed);
        uint256 way = (seed >> 8) % 4;
        uint256 total = claimed(k) + 1;
        IBatchSettlement.VoucherClaim memory row = rowFor(k, total, total);
        if (way == 0) row = rowFor(k, total - 1, total);
        if (way == 1) row = rowFor(k, balance(k) + 1, balance(k) + 1);
        if (way == 2) row.signature = signDigest(SIGNER_KEY + 7, settlement.getVoucherDigest(ids[k], uint128(total)));
        uint256 key = way == 3 ? _formerKeys[operatorOf(k)] : _keys[operatorOf(k)];
        bytes memory signature = signDigest(key, settlement.getClaimBatchDigest(rows(row)));
        try settlement.claimWithSignature(rows(row), signature) {
            revert("C6: a wrong claim");
        } catch {
            ++done[["ceiling", "balance", "signer", "former key"][way]];
        }
    }

    function settleOne(uint256 seed) external {
        seed = draw(seed);
        (address to, address token_) = (address(theirs[seed % OPERATORS]), address(tokens[(seed >> 8) % TOKENS]));
        (uint256 total, uint256 before) = settlement.receivers(to, token_);
        uint256 held = ITestUSD(token_).balanceOf(to);
        settlement.settle(to, token_);
        require(ITestUSD(token_).balanceOf(to) - held == total - before, "C3: settled");
        settled[to][token_] += total - before;
        if (total != before) ++done["settle"];
    }

    /* WAYS BACK */

    function refundSome(uint256 seed, uint256 amount) external {
        seed = draw(seed);
        uint256 k = touch(seed);
        amount = 1 + draw(amount) % 300_000;
        uint256 nonce = settlement.refundNonce(ids[k]);
        bytes memory signature =
            signDigest(_keys[operatorOf(k)], settlement.getRefundDigest(ids[k], nonce, uint128(amount)));
        uint256 due = min(amount, balance(k) - claimed(k));
        uint256 before = heldByPayer(k);
        settlement.refundWithSignature(_channels[k], uint128(amount), nonce, signature);
        require(heldByPayer(k) - before == due, "C5: refund");
        givenBack[k] += due;
        if (due != 0) ++done["refund"];
    }

    function initiate(uint256 seed, uint256 amount) external {
        uint256 k = touch(seed);
        (, uint256 since) = settlement.pendingWithdrawals(ids[k]);
        uint256 unclaimed = balance(k) - claimed(k);
        if (since != 0 || unclaimed == 0) return;
        vm.prank(_channels[k].payer);
        settlement.initiateWithdraw(_channels[k], uint128(1 + draw(amount) % unclaimed));
        ++done["initiate"];
    }

    /// @dev Of a channel where one is pending, if there is any.
    function finalize(uint256 seed) external {
        uint256 k = draw(seed) % CHANNELS;
        for (uint256 i; i < CHANNELS; ++i) {
            (, uint256 since) = settlement.pendingWithdrawals(ids[(k + i) % CHANNELS]);
            if (since == 0) continue;
            last = (k + i) % CHANNELS;
            if (block.timestamp < since + _channels[last].withdrawDelay) {
                vm.warp(since + _channels[last].withdrawDelay);
            }
            return _finalize(last);
        }
    }

    function _finalize(uint256 k) internal {
        (uint256 amount,) = settlement.pendingWithdrawals(ids[k]);
        uint256 due = min(amount, balance(k) - claimed(k));
        uint256 before = heldByPayer(k);
        vm.prank(_channels[k].payer);
        settlement.finalizeWithdraw(_channels[k]);
        require(heldByPayer(k) - before == due, "C5: withdrawal");
        givenBack[k] += due;
        if (due != 0) ++done["finalize"];
    }

    /* RECEIVERS */

    function distributeSome(uint256 seed) external {
        seed = draw(seed);
        (uint256 o, uint256 t) = (seed % OPERATORS, (seed >> 8) % TOKENS);
        uint256 waiting = waitingIn(o, t);
        _stateWrongly(theirs[o], address(tokens[t]), waiting, seed >> 128);
        // Half of the times some of it waits on.
        _distribute(o, t, (seed >> 16) % 2 == 0 ? waiting : (seed >> 24) % (waiting + 1), seed);
    }

    /// @dev Settled, and not handed on.
    function waitingIn(uint256 o, uint256 t) internal view returns (uint256) {
        (IOperatorReceiver to, address token_) = (theirs[o], address(tokens[t]));
        return settled[address(to)][token_] - to.distributedOf(token_);
    }

    function _distribute(uint256 o, uint256 t, uint256 amount, uint256 seed) internal {
        if (amount == 0) return;
        (IOperatorReceiver to, address token_) = (theirs[o], address(tokens[t]));
        (uint256[] memory named, uint256[] memory parts) = _splitUp(amount, seed);
        bytes16 history = histories[address(to)][token_];
        _formerHistories[address(to)][token_] = history;
        vm.prank(to.authorizer());
        to.distribute(token_, history, named, parts, bytes32(seed));
        for (uint256 i; i < named.length; ++i) {
            stated[address(to)][token_][named[i]] += parts[i];
            history = bytes16(keccak256(abi.encode(history, named[i], parts[i])));
        }
        histories[address(to)][token_] = history;
        ++done["distribute"];
    }

    /// @dev An amount among versions, in any order and any of them twice, none for nothing.
    function _splitUp(uint256 amount, uint256 seed)
        internal
        view
        returns (uint256[] memory named, uint256[] memory parts)
    {
        uint256 count;
        (named, parts) = (new uint256[](VERSIONS + 1), new uint256[](VERSIONS + 1));
        for (uint256 i; amount != 0; ++i) {
            uint256 part = i == VERSIONS ? amount : (seed >> (16 * i)) % (amount + 1);
            if (part == 0) continue;
            (named[count], parts[count++]) = (versions[(seed >> (48 + 8 * i)) % VERSIONS], part);
            amount -= part;
        }
        assembly ("memory-safe") {
            mstore(named, count)
            mstore(parts, count)
        }
    }

    function _stateWrongly(IOperatorReceiver to, address token_, uint256 waiting, uint256 seed) internal {
        uint256 way = seed % 4;
        bytes16 history = histories[address(to)][token_];
        if (way == 1 && history == 0) return;
        if (way == 1) history = _formerHistories[address(to)][token_];
        (uint256[] memory named, uint256[] memory parts) = (new uint256[](1), new uint256[](1));
        (named[0], parts[0]) = (versions[(seed >> 8) % VERSIONS], way == 0 ? waiting + 1 : 0);
        bytes4[4] memory reasons = [
            IOperatorReceiver.OperatorReceiver_NotSettled.selector,
            IOperatorReceiver.OperatorReceiver_HistoryDiffers.selector,
            IRevenueLedger.RevenueLedger_AmountZero.selector,
            IOperatorReceiver.OperatorReceiver_NotStater.selector
        ];
        vm.prank(way == 3 ? vm.addr(PAYER_KEY) : to.authorizer());
        try to.distribute(token_, history, named, parts, 0) {
            revert("C7: a wrong statement");
        } catch (bytes memory reason) {
            require(bytes4(reason) == reasons[way], "C7: the reason");
            ++done[["too much", "again", "nothing", "a stranger"][way]];
        }
    }

    function rotate(uint256 seed) external {
        seed = draw(seed);
        uint256 o = seed % OPERATORS;
        (_formerKeys[o], _keys[o]) = (_keys[o], uint256(keccak256(abi.encode(seed))) >> 8);
        vm.prank(vm.addr(OPERATOR_KEY + o));
        theirs[o].setAuthorizer(vm.addr(_keys[o]));
        ++done["rotate"];
    }

    function donate(uint256 seed, uint32 amount) external {
        seed = draw(seed);
        address to = seed % 2 == 0 ? SETTLEMENT : address(theirs[(seed >> 8) % OPERATORS]);
        ITestUSD token_ = tokens[(seed >> 16) % TOKENS];
        token_.mint(to, amount);
        donated[to][address(token_)] += amount;
        if (amount != 0) ++done["donate"];
    }

    function rescue(uint256 seed) external {
        seed = draw(seed);
        (IOperatorReceiver to, address token_) = (theirs[seed % OPERATORS], address(tokens[(seed >> 8) % TOKENS]));
        uint256 gift = donated[address(to)][token_];
        if (gift == 0) return;
        uint256 before = ITestUSD(token_).balanceOf(operator);
        vm.prank(to.owner());
        to.rescueToken(token_, operator);
        require(ITestUSD(token_).balanceOf(operator) - before == gift, "C7: rescued");
        donated[address(to)][token_] = 0;
        ++done["rescue"];
    }

    function passTime(uint256 seed) external {
        vm.warp(block.timestamp + draw(seed) % 12 hours);
    }

    /// @notice Lets all time pass, and everybody take what is theirs. Not one of the fuzzed calls.
    function settleAll() external {
        for (uint256 k; k < CHANNELS; ++k) {
            (, uint256 since) = settlement.pendingWithdrawals(ids[k]);
            vm.warp(block.timestamp + 30 days);
            if (since != 0) _finalize(k);
            uint256 unclaimed = balance(k) - claimed(k);
            if (unclaimed == 0) continue;
            vm.prank(_channels[k].payer);
            settlement.initiateWithdraw(_channels[k], uint128(unclaimed));
            vm.warp(block.timestamp + 30 days);
            _finalize(k);
        }
        for (uint256 i; i < OPERATORS * TOKENS; ++i) {
            (address to, address token_) = (address(theirs[i % OPERATORS]), address(tokens[i / OPERATORS]));
            (uint256 total, uint256 before) = settlement.receivers(to, token_);
            settlement.settle(to, token_);
            settled[to][token_] += total - before;
            _distribute(i % OPERATORS, i / OPERATORS, waitingIn(i % OPERATORS, i / OPERATORS), draw(i));
        }
    }

    /* VIEWS */

    function channel(uint256 k) external view returns (IBatchSettlement.ChannelConfig memory) {
        return _channels[k];
    }

    function balance(uint256 k) public view returns (uint256 amount) {
        (amount,) = settlement.channels(ids[k]);
    }

    function claimed(uint256 k) public view returns (uint256 amount) {
        (, amount) = settlement.channels(ids[k]);
    }

    /* INTERNAL */

    /// @dev The fuzzer likes small numbers; here each part of a seed decides something.
    function draw(uint256 seed) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed)));
    }

    function touch(uint256 seed) internal returns (uint256) {
        last = draw(seed) % CHANNELS;
        return last;
    }

    function operatorOf(uint256 k) internal pure returns (uint256) {
        return k / PAYERS % OPERATORS;
    }

    function channelOf(uint256 o, uint256 place) internal pure returns (uint256) {
        uint256 among = place % (PAYERS * TOKENS);
        return among / PAYERS * PAYERS * OPERATORS + o * PAYERS + among % PAYERS;
    }

    function signerOf(uint256 k) internal pure returns (uint256) {
        return k % PAYERS == 1 ? SIGNER_KEY : PAYER_KEY + k % PAYERS;
    }

    function rowFor(uint256 k, uint256 most, uint256 total)
        internal
        view
        returns (IBatchSettlement.VoucherClaim memory)
    {
        return claimOf(_channels[k], uint128(most), uint128(total), signerOf(k));
    }

    /// @dev Claimed for an operator, in all tokens.
    function owedOf(uint256 o) internal view returns (uint256 sum) {
        for (uint256 t; t < TOKENS; ++t) {
            (uint256 total,) = settlement.receivers(address(theirs[o]), address(tokens[t]));
            sum += total;
        }
    }

    function heldByPayer(uint256 k) internal view returns (uint256) {
        return ITestUSD(_channels[k].token).balanceOf(_channels[k].payer);
    }

    function min(uint256 a, uint256 b) internal pure returns (uint256) {
        return a < b ? a : b;
    }
}
