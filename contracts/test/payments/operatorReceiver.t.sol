// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IBatchSettlement} from "../../src/payments/IBatchSettlement.sol";
import {IOperatorReceiver} from "../../src/payments/IOperatorReceiver.sol";
import {IOperatorReceivers} from "../../src/payments/IOperatorReceivers.sol";
import {IRevenueLedger} from "../../src/revenue/IRevenueLedger.sol";
import {SmartAccount} from "../utils/Accounts.sol";
import {PaymentsTest} from "./PaymentsTest.sol";

/// @notice What operatorReceiver.tree says.
contract OperatorReceiverTest is PaymentsTest {
    bytes4 internal constant MAGIC = 0x1626ba7e;
    bytes4 internal constant REFUSED = 0xffffffff;
    bytes32 internal constant ANYTHING = keccak256("anything");

    IBatchSettlement.ChannelConfig internal channel;
    uint256 internal first;
    uint256 internal second;

    function setUp() public override {
        super.setUp();
        first = publishFrom(ada, list(), 0);
        second = publishFrom(boole, list(), 0);
        channel = openChannel();
    }

    /* WHERE IT IS */

    function test_RevertWhen_TheOperatorIsZero() public {
        vm.expectRevert(IOperatorReceivers.OperatorReceivers_OperatorZero.selector);
        receivers.create(address(0));
    }

    function test_AReceiverIsWhereItWasSaidToBe() public {
        address said = receivers.receiverOf(ada);
        assertEq(said.code.length, 0, "not there yet");
        vm.expectEmit(true, true, true, true, address(receivers));
        emit IOperatorReceivers.ReceiverCreated(ada, said);
        vm.prank(relayer);
        assertEq(receivers.create(ada), said, "there");
        assertEq(IOperatorReceiver(said).owner(), ada, "its owner");
        vm.recordLogs();
        assertEq(receivers.create(ada), said, "again");
        assertEq(countLogs(IOperatorReceivers.ReceiverCreated.selector), 0, "nothing is created twice");
        assertTrue(said != address(receiver), "each has its own");
    }

    /* SIGNATURES */

    function ask(address asker, bytes memory signature) internal returns (bytes4) {
        vm.prank(asker);
        return receiver.isValidSignature(ANYTHING, signature);
    }

    function test_OnlyTheChannelsContractIsAnswered() public {
        bytes memory signature = signDigest(OPERATOR_KEY, ANYTHING);
        assertTrue(ask(SETTLEMENT, signature) == MAGIC, "the channels' contract");
        address[5] memory others = [address(token), address(ledger), operator, relayer, COLLECTOR];
        for (uint256 i; i < others.length; ++i) {
            assertTrue(ask(others[i], signature) == REFUSED, "anybody else");
        }
    }

    function test_NoTokenIsTalkedOutOfIt() public {
        settleTotal(channel, 1_000);
        uint256 validBefore = block.timestamp + 1;
        bytes32 structHash = keccak256(
            abi.encode(RECEIVE_TYPEHASH, address(receiver), operator, uint256(1_000), uint256(0), validBefore, ANYTHING)
        );
        bytes memory signature = signDigest(OPERATOR_KEY, digestOf(structHash));
        vm.prank(operator);
        vm.expectRevert();
        token.receiveWithAuthorization(address(receiver), operator, 1_000, 0, validBefore, ANYTHING, signature);
    }

    function test_SignaturesAreStrict() public {
        bytes memory signature = signDigest(OPERATOR_KEY, ANYTHING);
        assertTrue(ask(SETTLEMENT, signDigest(HOT_KEY, ANYTHING)) == REFUSED, "of another");
        assertTrue(ask(SETTLEMENT, signDigest(OPERATOR_KEY, ROOT)) == REFUSED, "of something else");
        assertTrue(ask(SETTLEMENT, "") == REFUSED, "none");
        assertTrue(ask(SETTLEMENT, abi.encodePacked(signature, bytes1(0))) == REFUSED, "66 bytes");
        (bytes32 r, bytes32 s) = abi.decode(signature, (bytes32, bytes32));
        bytes32 high = bytes32(0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141 - uint256(s));
        uint8 other = uint8(signature[64]) == 27 ? 28 : 27;
        assertTrue(ask(SETTLEMENT, abi.encodePacked(r, high, other)) == REFUSED, "a high s");
    }

    function rotate(address authorizer) internal {
        vm.prank(operator);
        receiver.setAuthorizer(authorizer);
    }

    function test_ARotationCountsAtOnce() public {
        assertEq(receiver.authorizer(), operator, "the owner at first");
        vm.expectEmit(true, true, true, true, address(receiver));
        emit IOperatorReceiver.AuthorizerSet(hot);
        rotate(hot);
        assertEq(receiver.authorizer(), hot, "the new one");
        assertTrue(ask(SETTLEMENT, signDigest(OPERATOR_KEY, ANYTHING)) == REFUSED, "the old one's");
        assertTrue(ask(SETTLEMENT, signDigest(HOT_KEY, ANYTHING)) == MAGIC, "the new one's");

        IBatchSettlement.VoucherClaim[] memory all = rowOf(channel, 10);
        bytes32 digest = settlement.getClaimBatchDigest(all);
        vm.expectRevert(IBatchSettlement.InvalidSignature.selector);
        settlement.claimWithSignature(all, signDigest(OPERATOR_KEY, digest));
        settlement.claimWithSignature(all, signDigest(HOT_KEY, digest));
        assertEq(claimedOf(channel), 10, "claimed");

        rotate(address(0));
        assertEq(receiver.authorizer(), operator, "the owner again");
        assertTrue(ask(SETTLEMENT, signDigest(HOT_KEY, ANYTHING)) == REFUSED, "the former one's");
    }

    function test_AContractMayBeTheAuthorizer() public {
        rotate(address(new SmartAccount(hot)));
        assertTrue(ask(SETTLEMENT, signDigest(HOT_KEY, ANYTHING)) == MAGIC, "its key");
        assertTrue(ask(SETTLEMENT, signDigest(OPERATOR_KEY, ANYTHING)) == REFUSED, "not the owner's");
    }

    function test_RevertWhen_AnybodyElseOwns() public {
        rotate(hot);
        address[4] memory others = [hot, relayer, address(ledger), SETTLEMENT];
        for (uint256 i; i < others.length; ++i) {
            bytes memory refusal =
                abi.encodeWithSelector(IOperatorReceiver.OperatorReceiver_NotOwner.selector, others[i]);
            vm.prank(others[i]);
            vm.expectRevert(refusal);
            receiver.setAuthorizer(others[i]);
            vm.prank(others[i]);
            vm.expectRevert(refusal);
            receiver.rescueToken(address(token), others[i]);
        }
    }

    /* DISTRIBUTE */

    function expectRefusal(bytes memory reason) internal {
        vm.prank(operator);
        vm.expectRevert(reason);
    }

    /// @dev What the history is after one more payment, as its description says.
    function historyAfter(bytes16 history, uint256 version, uint256 amount) internal pure returns (bytes16) {
        return bytes16(keccak256(abi.encode(history, version, amount)));
    }

    function test_RevertWhen_AnybodyElseStates() public {
        settleTotal(channel, 100);
        rotate(hot);
        rotate(ada);
        address[4] memory others = [hot, relayer, buyer, SETTLEMENT];
        for (uint256 i; i < others.length; ++i) {
            vm.prank(others[i]);
            vm.expectRevert(abi.encodeWithSelector(IOperatorReceiver.OperatorReceiver_NotStater.selector, others[i]));
            receiver.distribute(address(token), 0, list(first), list(100), ROOT);
        }
        vm.prank(ada);
        receiver.distribute(address(token), 0, list(first), list(100), ROOT);
        assertEq(salesOf(first), 100, "the authorizer states");
    }

    function test_RevertWhen_TheListsDiffer() public {
        bytes4 reason = IOperatorReceiver.OperatorReceiver_LengthsDiffer.selector;
        expectRefusal(abi.encodeWithSelector(reason, 1, 2));
        receiver.distribute(address(token), 0, list(first), list(1, 2), ROOT);
        expectRefusal(abi.encodeWithSelector(reason, 2, 1));
        receiver.distribute(address(token), 0, list(first, second), list(1), ROOT);
    }

    function test_RevertWhen_SomethingWasHandedOnSince() public {
        settleTotal(channel, 1_000);
        distribute(list(first, second), list(60, 40));
        bytes16 known = receiver.historyOf(address(token));
        bytes4 reason = IOperatorReceiver.OperatorReceiver_HistoryDiffers.selector;
        // The same again, and another who did not know of it.
        expectRefusal(abi.encodeWithSelector(reason, bytes16(0), known));
        receiver.distribute(address(token), 0, list(first, second), list(60, 40), ROOT);
        distribute(list(first), list(100));
        expectRefusal(abi.encodeWithSelector(reason, known, receiver.historyOf(address(token))));
        receiver.distribute(address(token), known, list(second), list(100), ROOT);
        assertEq(salesOf(first), 160, "the first");
        assertEq(salesOf(second), 40, "the second");
    }

    function test_TheHistoryFollowsFromThePayments() public {
        settleTotal(channel, 100);
        assertTrue(receiver.historyOf(address(token)) == 0, "none at first");
        distribute(list(second, first), list(60, 30));
        bytes16 said = historyAfter(historyAfter(0, second, 60), first, 30);
        assertTrue(receiver.historyOf(address(token)) == said, "each, in their order");
        distribute(list(first, first), list(4, 6));
        said = historyAfter(historyAfter(said, first, 4), first, 6);
        assertTrue(receiver.historyOf(address(token)) == said, "and on");
        assertTrue(receiver.historyOf(address(ledger)) == 0, "a token's own");
    }

    function test_RevertWhen_MoreIsStatedThanWaits() public {
        settleTotal(channel, 100);
        bytes4 reason = IOperatorReceiver.OperatorReceiver_NotSettled.selector;
        expectRefusal(abi.encodeWithSelector(reason, 101, 100));
        receiver.distribute(address(token), 0, list(first, second), list(60, 41), ROOT);
        // What was claimed counts only once it was paid out, and what was given does not count at all.
        claimTotal(channel, 150);
        token.mint(address(receiver), 50);
        expectRefusal(abi.encodeWithSelector(reason, 150, 100));
        receiver.distribute(address(token), 0, list(first), list(150), ROOT);
        expectRefusal(abi.encodeWithSignature("Panic(uint256)", 0x11));
        receiver.distribute(address(token), 0, list(first, second), list(type(uint256).max, 2), ROOT);
        distribute(list(first), list(70));
        bytes16 history = receiver.historyOf(address(token));
        expectRefusal(abi.encodeWithSelector(reason, 31, 30));
        receiver.distribute(address(token), history, list(first), list(31), ROOT);
        assertEq(salesOf(first), 70, "what was refused was not paid");
        assertEq(token.balanceOf(address(receiver)), 80, "the rest is there");
    }

    function test_RevertWhen_TheLedgerRefusesAPart() public {
        settleTotal(channel, 100);
        expectRefusal(abi.encodeWithSelector(IRevenueLedger.RevenueLedger_VersionUnknown.selector, 99));
        receiver.distribute(address(token), 0, list(first, 99), list(60, 40), ROOT);
        expectRefusal(abi.encodeWithSelector(IRevenueLedger.RevenueLedger_AmountZero.selector));
        receiver.distribute(address(token), 0, list(first, second), list(100, 0), ROOT);
        assertEq(salesOf(first) + receiver.distributedOf(address(token)), 0, "nothing was paid");
        assertTrue(receiver.historyOf(address(token)) == 0, "nor written down");
    }

    function test_EachVersionIsPaidItsPart() public {
        settleTotal(channel, 100);
        vm.expectEmit(true, true, true, true, address(ledger));
        emit IRevenueLedger.RevenueReceived(first, address(token), address(receiver), 60);
        vm.expectEmit(true, true, true, true, address(ledger));
        emit IRevenueLedger.RevenueReceived(second, address(token), address(receiver), 30);
        vm.expectEmit(true, true, true, true, address(receiver));
        emit IOperatorReceiver.Distributed(address(token), 90, ROOT);
        distribute(list(first, second), list(60, 30));
        assertEq(receiver.distributedOf(address(token)), 90, "the rest waits");
        assertEq(token.balanceOf(address(receiver)), 10, "in the receiver");
        settleTotal(channel, 150);
        distribute(list(second), list(60));
        assertEq(salesOf(first), 60, "left out");
        assertEq(salesOf(second), 90, "paid the rest");
        assertEq(receiver.distributedOf(address(token)), 150, "in all");
        assertEq(token.allowance(address(receiver), address(ledger)), 0, "no allowance is left");
        assertEq(token.balanceOf(address(receiver)), 0, "nothing stays");
    }

    /* RESCUE */

    function test_TheOwnerRescuesWhatIsNotSettled() public {
        settleTotal(channel, 100);
        vm.prank(operator);
        vm.expectRevert(
            abi.encodeWithSelector(IOperatorReceiver.OperatorReceiver_NothingToRescue.selector, address(token))
        );
        receiver.rescueToken(address(token), operator);
        token.mint(address(receiver), 7);
        address[2] memory bad = [address(0), address(receiver)];
        for (uint256 i; i < 2; ++i) {
            vm.prank(operator);
            vm.expectRevert(abi.encodeWithSelector(IOperatorReceiver.OperatorReceiver_BadPayee.selector, bad[i]));
            receiver.rescueToken(address(token), bad[i]);
        }
        vm.expectEmit(true, true, true, true, address(receiver));
        emit IOperatorReceiver.Rescued(address(token), operator, 7);
        vm.prank(operator);
        receiver.rescueToken(address(token), operator);
        assertEq(token.balanceOf(operator), 7, "what was given");
        distribute(list(first), list(100));
        assertEq(salesOf(first), 100, "what was settled");
    }

    function test_EtherIsRefused() public {
        vm.deal(address(this), 1);
        (bool success,) = address(receiver).call{value: 1}("");
        assertTrue(!success, "ether");
    }
}
