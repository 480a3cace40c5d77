// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IBatchSettlement} from "../../src/payments/IBatchSettlement.sol";
import {HostileToken} from "../utils/HostileToken.sol";
import {PaymentsTest} from "./PaymentsTest.sol";

/// @notice The same, for whom an allowance is given.
contract ApprovableToken is HostileToken {
    function approve(address, uint256) external pure returns (bool) {
        return true;
    }
}

/// @notice What hostileChannels.tree says.
contract HostileChannelsTest is PaymentsTest {
    /// @notice Every call that moves a channel's token.
    enum Entry {
        Deposit,
        Settle,
        Refund,
        FinalizeWithdraw
    }

    uint256 internal constant ENTRIES = 4;
    uint256 internal constant BEHAVIOURS = 13;

    HostileToken internal hostile;
    IBatchSettlement.ChannelConfig internal honest;
    IBatchSettlement.ChannelConfig internal channel;

    function setUp() public override {
        super.setUp();
        honest = openChannel();
        settleTotal(honest, 300);
        claimTotal(honest, 500);
        hostile = new ApprovableToken();
        hostile.mint(buyer, 10 * DEPOSIT);
        // What takes twice, or calls back, is not to fail for want of money.
        hostile.mint(COLLECTOR, DEPOSIT);
        channel = configOf();
        channel.token = address(hostile);
        settlement.deposit(channel, DEPOSIT, COLLECTOR, anyData());
        claimTotal(channel, 1_000);
        vm.prank(buyer);
        settlement.initiateWithdraw(channel, 10_000);
        vm.warp(block.timestamp + DELAY);
    }

    /// @dev The token asks for no signature.
    function anyData() internal pure returns (bytes memory) {
        return abi.encode(uint256(0), uint256(0), uint256(0), bytes(""));
    }

    function callOf(Entry entry) internal view returns (address sender, bytes memory data) {
        if (entry == Entry.Deposit) {
            return (relayer, abi.encodeCall(settlement.deposit, (channel, DEPOSIT, COLLECTOR, anyData())));
        }
        if (entry == Entry.Settle) {
            return (relayer, abi.encodeCall(settlement.settle, (address(receiver), address(hostile))));
        }
        if (entry == Entry.Refund) return (address(receiver), abi.encodeCall(settlement.refund, (channel, 77)));
        return (buyer, abi.encodeCall(settlement.finalizeWithdraw, (channel)));
    }

    function run(Entry entry) internal returns (bool success) {
        (address sender, bytes memory data) = callOf(entry);
        vm.prank(sender);
        (success,) = SETTLEMENT.call(data);
    }

    function stateOf(IBatchSettlement.ChannelConfig memory config) internal view returns (bytes32) {
        (uint256 claimed, uint256 settled) = settlement.receivers(address(receiver), config.token);
        (uint256 amount, uint256 since) = settlement.pendingWithdrawals(idOf(config));
        return keccak256(
            abi.encode(
                balanceOf(config),
                claimedOf(config),
                claimed,
                settled,
                amount,
                since,
                settlement.refundNonce(idOf(config))
            )
        );
    }

    function test_WhateverItDoesNobodyElseNotices() public {
        bytes32 others = stateOf(honest);
        uint256 held = token.balanceOf(SETTLEMENT);
        uint256 refusals;
        for (uint256 b = 1; b < BEHAVIOURS; ++b) {
            for (uint256 e; e < ENTRIES; ++e) {
                uint256 snapshot = vm.snapshotState();
                bytes32 before = stateOf(channel);
                hostile.set(HostileToken.Behaviour(b));
                if (HostileToken.Behaviour(b) == HostileToken.Behaviour.BlocksPayee) hostile.blockPayee(payeeOf(e));
                if (!run(Entry(e))) {
                    ++refusals;
                    assertTrue(stateOf(channel) == before, "a refusal leaves all as it was");
                    hostile.set(HostileToken.Behaviour.Plain);
                    assertTrue(run(Entry(e)), "it goes through when the token behaves");
                }
                assertTrue(stateOf(honest) == others, "others' channels");
                assertEq(token.balanceOf(SETTLEMENT), held, "others' money");
                vm.revertToState(snapshot);
            }
        }
        assertTrue(refusals >= 20, "most are refused");
    }

    function payeeOf(uint256 entry) internal view returns (address) {
        return [COLLECTOR, address(receiver), buyer, buyer][entry];
    }

    function test_RevertWhen_AnotherAmountArrives() public {
        HostileToken.Behaviour[3] memory wrong = [
            HostileToken.Behaviour.FeeOnTransfer,
            HostileToken.Behaviour.GivesTooMuch,
            HostileToken.Behaviour.MovesNothing
        ];
        for (uint256 i; i < wrong.length; ++i) {
            hostile.set(wrong[i]);
            (, bytes memory data) = callOf(Entry.Deposit);
            (bool success, bytes memory reason) = SETTLEMENT.call(data);
            assertTrue(!success, "refused");
            assertTrue(bytes4(reason) == IBatchSettlement.DepositCollectionFailed.selector, "by its amount");
        }
    }

    function test_RevertWhen_ItCallsBack() public {
        bytes[] memory all = backCalls();
        for (uint256 e; e < ENTRIES; ++e) {
            for (uint256 i; i < all.length; ++i) {
                uint256 snapshot = vm.snapshotState();
                hostile.reenter(SETTLEMENT, all[i]);
                assertTrue(run(Entry(e)), "the call itself goes through");
                bytes memory answer = hostile.answer();
                assertTrue(bytes4(answer) == ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector, "refused");
                vm.revertToState(snapshot);
            }
        }
    }

    function backCalls() internal view returns (bytes[] memory all) {
        all = new bytes[](8);
        for (uint256 e; e < ENTRIES; ++e) {
            (, all[e]) = callOf(Entry(e));
        }
        IBatchSettlement.VoucherClaim[] memory more = rowOf(channel, 2_000);
        all[4] = abi.encodeCall(settlement.claim, (more));
        all[5] = abi.encodeCall(settlement.claimWithSignature, (more, ""));
        all[6] = abi.encodeCall(settlement.initiateWithdraw, (channel, 1));
        all[7] = abi.encodeCall(settlement.refundWithSignature, (channel, 1, 0, ""));
    }

    function test_AReceiverOfAHostileTokenHandsOnWhatTheLedgerTakes() public {
        uint256 model = publishFrom(ada, list(), 0);
        assertTrue(run(Entry.Settle), "settled");
        hostile.set(HostileToken.Behaviour.FeeOnTransfer);
        vm.prank(operator);
        vm.expectRevert();
        receiver.distribute(address(hostile), 0, list(model), list(1_000), ROOT);
        // It calls back what pays it, and gets nothing by that.
        hostile.reenter(
            address(receiver),
            abi.encodeCall(receiver.distribute, (address(hostile), 0, list(model), list(1_000), ROOT))
        );
        vm.prank(operator);
        receiver.setAuthorizer(address(hostile));
        vm.prank(operator);
        receiver.distribute(address(hostile), 0, list(model), list(1_000), ROOT);
        assertTrue(bytes4(hostile.answer()) == bytes4(keccak256("Reentrancy()")), "refused");
        assertEq(hostile.balanceOf(address(ledger)), 1_000, "handed on once");
    }
}
