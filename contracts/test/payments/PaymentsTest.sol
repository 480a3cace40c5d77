// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IBatchSettlement} from "../../src/payments/IBatchSettlement.sol";
import {IOperatorReceiver} from "../../src/payments/IOperatorReceiver.sol";
import {IOperatorReceivers} from "../../src/payments/IOperatorReceivers.sol";
import {AgoraiTest} from "../utils/AgoraiTest.sol";
import {Vm} from "../utils/Vm.sol";

/// @notice The stand-ins at x402's addresses, an operator with its receiver, and a payer with a channel to it.
abstract contract PaymentsTest is AgoraiTest {
    address internal constant SETTLEMENT = 0x4020074e9dF2ce1deE5A9C1b5c3f541D02a10003;
    address internal constant COLLECTOR = 0x4020806089470a89826cB9fB1f4059150b550004;
    uint256 internal constant OPERATOR_KEY = 0x09E4A704;
    uint256 internal constant HOT_KEY = 0x407;
    uint40 internal constant DELAY = 1 days;
    uint128 internal constant DEPOSIT = 1_000_000;
    bytes32 internal constant ROOT = keccak256("the receipts");

    IBatchSettlement internal constant settlement = IBatchSettlement(SETTLEMENT);
    IOperatorReceivers internal receivers;
    IOperatorReceiver internal receiver;
    address internal operator = vm.addr(OPERATOR_KEY);
    address internal hot = vm.addr(HOT_KEY);
    uint256 internal salts;

    function setUp() public virtual override {
        super.setUp();
        vm.etch(SETTLEMENT, runtimeOf("BatchSettlement"));
        vm.etch(COLLECTOR, runtimeOf("DepositCollector"));
        receivers = IOperatorReceivers(create2("OperatorReceivers", abi.encode(ledger)));
        receiver = IOperatorReceiver(receivers.create(operator));
        token.mint(buyer, 1e15);
    }

    function runtimeOf(string memory name) internal view returns (bytes memory) {
        return vm.getDeployedCode(string.concat("contracts/out/", name, ".sol/", name, ".json"));
    }

    /* CHANNELS */

    /// @dev Of the buyer, who signs itself, with the operator.
    function configOf() internal view returns (IBatchSettlement.ChannelConfig memory config) {
        config.payer = buyer;
        config.payerAuthorizer = buyer;
        config.receiver = address(receiver);
        config.receiverAuthorizer = address(receiver);
        config.token = address(token);
        config.withdrawDelay = DELAY;
        config.salt = bytes32(uint256(1));
    }

    function idOf(IBatchSettlement.ChannelConfig memory config) internal view returns (bytes32) {
        return settlement.getChannelId(config);
    }

    /// @dev What `DepositCollector` takes, signed by the holder of a key.
    function collectorDataOf(IBatchSettlement.ChannelConfig memory config, uint256 amount, uint256 key)
        internal
        returns (bytes memory)
    {
        uint256 salt = ++salts;
        bytes32 nonce = keccak256(abi.encode(idOf(config), salt));
        uint256 validBefore = block.timestamp + 1 hours;
        Signed memory signed = signReceive(key, COLLECTOR, amount, validBefore, nonce);
        return abi.encode(uint256(0), validBefore, salt, abi.encodePacked(signed.r, signed.s, signed.v));
    }

    function deposit(IBatchSettlement.ChannelConfig memory config, uint128 amount) internal {
        settlement.deposit(config, amount, COLLECTOR, collectorDataOf(config, amount, BUYER_KEY));
    }

    /// @dev A channel with money in it.
    function openChannel() internal returns (IBatchSettlement.ChannelConfig memory config) {
        config = configOf();
        deposit(config, DEPOSIT);
    }

    function balanceOf(IBatchSettlement.ChannelConfig memory config) internal view returns (uint256 balance) {
        (balance,) = settlement.channels(idOf(config));
    }

    function claimedOf(IBatchSettlement.ChannelConfig memory config) internal view returns (uint256 claimed) {
        (, claimed) = settlement.channels(idOf(config));
    }

    /* VOUCHERS */

    function signDigest(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function claimOf(IBatchSettlement.ChannelConfig memory config, uint128 most, uint128 total, uint256 key)
        internal
        view
        returns (IBatchSettlement.VoucherClaim memory row)
    {
        row.voucher.channel = config;
        row.voucher.maxClaimableAmount = most;
        row.totalClaimed = total;
        row.signature = signDigest(key, settlement.getVoucherDigest(idOf(config), most));
    }

    function rows(IBatchSettlement.VoucherClaim memory row)
        internal
        pure
        returns (IBatchSettlement.VoucherClaim[] memory all)
    {
        all = new IBatchSettlement.VoucherClaim[](1);
        all[0] = row;
    }

    function rowOf(IBatchSettlement.ChannelConfig memory config, uint128 total)
        internal
        view
        returns (IBatchSettlement.VoucherClaim[] memory)
    {
        return rows(claimOf(config, total, total, BUYER_KEY));
    }

    /// @dev By anybody, with the operator's signature.
    function claimSigned(IBatchSettlement.VoucherClaim[] memory all) internal {
        bytes memory signature = signDigest(OPERATOR_KEY, settlement.getClaimBatchDigest(all));
        vm.prank(relayer);
        settlement.claimWithSignature(all, signature);
    }

    function claimTotal(IBatchSettlement.ChannelConfig memory config, uint128 total) internal {
        claimSigned(rowOf(config, total));
    }

    /// @dev Claims and pays out to the receiver so much that `amount` more was settled.
    function settleTotal(IBatchSettlement.ChannelConfig memory config, uint128 total) internal {
        claimTotal(config, total);
        settlement.settle(address(receiver), address(token));
    }

    /// @dev Hands on by the operator, who knows all that was handed on before.
    function distribute(uint256[] memory versions, uint256[] memory amounts) internal {
        bytes16 history = receiver.historyOf(address(token));
        vm.prank(operator);
        receiver.distribute(address(token), history, versions, amounts, ROOT);
    }

    /// @dev How many of the events since `vm.recordLogs` are of one kind.
    function countLogs(bytes32 kind) internal returns (uint256 count) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] == kind) ++count;
        }
    }

    function salesOf(uint256 version) internal view returns (uint256 sales) {
        (sales,,,) = ledger.accountOf(version, address(token));
    }
}
