// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IBatchSettlement} from "../../src/payments/IBatchSettlement.sol";
import {PaymentsTest} from "./PaymentsTest.sol";

/// @notice What wayback.tree says.
contract WaybackTest is PaymentsTest {
    IBatchSettlement.ChannelConfig internal channel;

    function setUp() public override {
        super.setUp();
        channel = configOf();
        channel.payerAuthorizer = hot;
        deposit(channel, DEPOSIT);
    }

    function claimHot(uint128 total) internal {
        claimSigned(rows(claimOf(channel, total, total, HOT_KEY)));
    }

    function initiate(address caller, uint128 amount) internal {
        vm.prank(caller);
        settlement.initiateWithdraw(channel, amount);
    }

    function finalize(address caller) internal returns (uint256 gained) {
        uint256 before = token.balanceOf(buyer);
        vm.prank(caller);
        settlement.finalizeWithdraw(channel);
        return token.balanceOf(buyer) - before;
    }

    function pendingOf() internal view returns (uint256 amount, uint256 since) {
        (amount, since) = settlement.pendingWithdrawals(idOf(channel));
    }

    /* TIMED */

    function test_RevertWhen_AnybodyElseWithdraws() public {
        address[3] memory others = [relayer, operator, address(receiver)];
        for (uint256 i; i < others.length; ++i) {
            vm.expectRevert(IBatchSettlement.InvalidChannel.selector);
            initiate(others[i], 1);
        }
        initiate(buyer, 1);
        vm.warp(block.timestamp + DELAY);
        for (uint256 i; i < others.length; ++i) {
            vm.prank(others[i]);
            vm.expectRevert(IBatchSettlement.NotAuthorizedToFinalizeWithdraw.selector);
            settlement.finalizeWithdraw(channel);
        }
    }

    function test_RevertWhen_TheAmountIsNotThere() public {
        claimHot(400_000);
        vm.expectRevert(IBatchSettlement.NothingToWithdraw.selector);
        initiate(buyer, 0);
        vm.expectRevert(IBatchSettlement.WithdrawAmountExceedsAvailable.selector);
        initiate(buyer, 600_001);
        initiate(buyer, 600_000);
        vm.expectRevert(IBatchSettlement.WithdrawalAlreadyPending.selector);
        initiate(hot, 1);
    }

    function test_AWithdrawalIsTold() public {
        bytes32 id = idOf(channel);
        uint40 since = uint40(block.timestamp);
        vm.expectEmit(true, true, true, true, SETTLEMENT);
        emit IBatchSettlement.WithdrawInitiated(id, 500, since + DELAY);
        initiate(hot, 500);
        (uint256 amount, uint256 start) = pendingOf();
        assertEq(amount, 500, "amount");
        assertEq(start, since, "since");
        assertEq(balanceOf(channel), DEPOSIT, "nothing moved");
        claimHot(DEPOSIT);
        assertEq(claimedOf(channel), DEPOSIT, "claims go on");
    }

    function test_RevertWhen_ItIsNotTime() public {
        vm.prank(buyer);
        vm.expectRevert(IBatchSettlement.WithdrawalNotPending.selector);
        settlement.finalizeWithdraw(channel);
        initiate(buyer, 500);
        vm.warp(block.timestamp + DELAY - 1);
        vm.prank(buyer);
        vm.expectRevert(IBatchSettlement.WithdrawDelayNotElapsed.selector);
        settlement.finalizeWithdraw(channel);
        vm.warp(block.timestamp + 1);
        bytes32 id = idOf(channel);
        vm.expectEmit(true, true, true, true, SETTLEMENT);
        emit IBatchSettlement.WithdrawFinalized(id, hot, 500);
        assertEq(finalize(hot), 500, "the payer is paid, whoever of both calls");
        assertEq(balanceOf(channel), DEPOSIT - 500, "balance");
        vm.prank(buyer);
        vm.expectRevert(IBatchSettlement.WithdrawalNotPending.selector);
        settlement.finalizeWithdraw(channel);
    }

    function test_WhatWasClaimedMeanwhileStays() public {
        initiate(buyer, DEPOSIT);
        claimHot(999_000);
        vm.warp(block.timestamp + DELAY);
        assertEq(finalize(buyer), 1_000, "what is left");
        assertEq(balanceOf(channel), 999_000, "what was claimed");
        settlement.settle(address(receiver), address(token));
        assertEq(token.balanceOf(SETTLEMENT), 0, "all went somewhere");
    }

    function test_NothingMayBeLeft() public {
        initiate(buyer, 1);
        claimHot(DEPOSIT);
        vm.warp(block.timestamp + DELAY);
        assertEq(finalize(buyer), 0, "nothing");
    }

    function test_AnEmptiedChannelIsClosed() public {
        initiate(buyer, DEPOSIT);
        vm.warp(block.timestamp + DELAY);
        bytes32 id = idOf(channel);
        vm.expectEmit(true, true, true, true, SETTLEMENT);
        emit IBatchSettlement.ChannelClosed(id, channel);
        assertEq(finalize(buyer), DEPOSIT, "all of it");
        assertEq(balanceOf(channel), 0, "empty");
    }

    /* COOPERATIVE */

    function refund(uint128 amount) internal returns (uint256 gained) {
        uint256 before = token.balanceOf(buyer);
        vm.prank(address(receiver));
        settlement.refund(channel, amount);
        return token.balanceOf(buyer) - before;
    }

    function nonceOf() internal view returns (uint256) {
        return settlement.refundNonce(idOf(channel));
    }

    function test_RevertWhen_AnybodyElseRefunds() public {
        address[3] memory others = [relayer, operator, buyer];
        for (uint256 i; i < others.length; ++i) {
            vm.prank(others[i]);
            vm.expectRevert(IBatchSettlement.NotAuthorizedToRefund.selector);
            settlement.refund(channel, 1);
        }
    }

    function test_RevertWhen_TheRefundIsZero() public {
        vm.prank(address(receiver));
        vm.expectRevert(IBatchSettlement.ZeroRefund.selector);
        settlement.refund(channel, 0);
        assertEq(nonceOf(), 0, "not counted");
    }

    function test_RefundsWhatIsLeft() public {
        claimHot(900_000);
        bytes32 id = idOf(channel);
        vm.expectEmit(true, true, true, true, SETTLEMENT);
        emit IBatchSettlement.Refunded(id, address(receiver), 40_000);
        assertEq(refund(40_000), 40_000, "the amount");
        assertEq(refund(70_000), 60_000, "what is left");
        assertEq(nonceOf(), 2, "counted");
        vm.recordLogs();
        assertEq(refund(1), 0, "nothing is left");
        assertEq(countLogs(IBatchSettlement.Refunded.selector), 0, "nothing is told");
        assertEq(nonceOf(), 3, "counted all the same");
        assertEq(balanceOf(channel), 900_000, "what was claimed stays");
    }

    function test_AFullRefundClosesTheChannel() public {
        bytes32 id = idOf(channel);
        vm.expectEmit(true, true, true, true, SETTLEMENT);
        emit IBatchSettlement.ChannelClosed(id, channel);
        refund(DEPOSIT);
    }

    function test_APendingWithdrawalShrinks() public {
        initiate(buyer, 500_000);
        refund(200_000);
        (uint256 amount, uint256 since) = pendingOf();
        assertEq(amount, 300_000, "less");
        assertEq(since, block.timestamp, "still pending");
        refund(300_000);
        (amount, since) = pendingOf();
        assertEq(amount + since, 0, "ended");
        initiate(buyer, 500_000);
    }

    function signRefund(uint256 key, uint128 amount, uint256 nonce) internal view returns (bytes memory) {
        return signDigest(key, settlement.getRefundDigest(idOf(channel), nonce, amount));
    }

    function test_RevertWhen_TheRefundIsNotSigned() public {
        bytes memory signature = signRefund(OPERATOR_KEY, 100, 0);
        vm.expectRevert(IBatchSettlement.InvalidRefundNonce.selector);
        settlement.refundWithSignature(channel, 100, 1, signature);
        vm.expectRevert(IBatchSettlement.InvalidSignature.selector);
        settlement.refundWithSignature(channel, 101, 0, signature);
        bytes memory foreign = signRefund(BUYER_KEY, 100, 0);
        vm.expectRevert(IBatchSettlement.InvalidSignature.selector);
        settlement.refundWithSignature(channel, 100, 0, foreign);
        IBatchSettlement.ChannelConfig memory other = channel;
        other.salt = bytes32(uint256(9));
        vm.expectRevert(IBatchSettlement.InvalidSignature.selector);
        settlement.refundWithSignature(other, 100, 0, signature);
        // A direct refund ends it too.
        refund(1);
        vm.expectRevert(IBatchSettlement.InvalidRefundNonce.selector);
        settlement.refundWithSignature(channel, 100, 0, signature);
    }

    function test_AnybodyBringsASignedRefund() public {
        uint256 before = token.balanceOf(buyer);
        bytes memory signature = signRefund(OPERATOR_KEY, 100, 0);
        vm.prank(relayer);
        settlement.refundWithSignature(channel, 100, 0, signature);
        assertEq(token.balanceOf(buyer) - before, 100, "paid");
        vm.expectRevert(IBatchSettlement.InvalidRefundNonce.selector);
        settlement.refundWithSignature(channel, 100, 0, signature);
    }
}
