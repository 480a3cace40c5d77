// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {IBatchSettlement} from "../../src/payments/IBatchSettlement.sol";
import {AnsweringAccount, SmartAccount} from "../utils/Accounts.sol";
import {PaymentsTest} from "./PaymentsTest.sol";

interface IMulticall {
    function multicall(bytes[] calldata data) external returns (bytes[] memory);
}

/// @notice What claim.tree says.
contract ClaimTest is PaymentsTest {
    uint256 internal constant ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    function test_RevertWhen_ThereIsNoRow() public {
        IBatchSettlement.VoucherClaim[] memory none = new IBatchSettlement.VoucherClaim[](0);
        vm.expectRevert(IBatchSettlement.EmptyBatch.selector);
        settlement.claim(none);
        vm.expectRevert(IBatchSettlement.EmptyBatch.selector);
        settlement.claimWithSignature(none, "");
    }

    function test_RevertWhen_TheCallerIsNotOfTheReceiversSide() public {
        IBatchSettlement.VoucherClaim[] memory all = rowOf(openChannel(), 1);
        address[3] memory others = [buyer, operator, relayer];
        for (uint256 i; i < others.length; ++i) {
            vm.prank(others[i]);
            vm.expectRevert(IBatchSettlement.NotAuthorizedToClaim.selector);
            settlement.claim(all);
        }
    }

    function test_ReceiverAndReceiverAuthorizerClaim() public {
        IBatchSettlement.ChannelConfig memory config = configOf();
        (config.receiver, config.receiverAuthorizer) = (ada, boole);
        deposit(config, DEPOSIT);
        IBatchSettlement.VoucherClaim[] memory all = rowOf(config, 10);
        vm.prank(ada);
        settlement.claim(all);
        all = rowOf(config, 25);
        vm.prank(boole);
        settlement.claim(all);
        assertEq(claimedOf(config), 25, "claimed");
    }

    function test_RevertWhen_TheBatchIsNotSigned() public {
        IBatchSettlement.ChannelConfig memory config = openChannel();
        IBatchSettlement.VoucherClaim[] memory all = rowOf(config, 10);
        bytes memory signature = signDigest(OPERATOR_KEY, settlement.getClaimBatchDigest(all));
        bytes memory foreign = signDigest(BUYER_KEY, settlement.getClaimBatchDigest(all));
        vm.expectRevert(IBatchSettlement.InvalidSignature.selector);
        settlement.claimWithSignature(all, foreign);
        vm.expectRevert(IBatchSettlement.InvalidSignature.selector);
        settlement.claimWithSignature(all, "");
        all[0].totalClaimed = 9;
        vm.expectRevert(IBatchSettlement.InvalidSignature.selector);
        settlement.claimWithSignature(all, signature);
        all = rowOf(config, 11);
        vm.expectRevert(IBatchSettlement.InvalidSignature.selector);
        settlement.claimWithSignature(all, signature);
    }

    function test_RevertWhen_ARowIsOfAnotherAuthorizer() public {
        IBatchSettlement.ChannelConfig memory config = openChannel();
        IBatchSettlement.ChannelConfig memory other = configOf();
        other.receiverAuthorizer = ada;
        deposit(other, DEPOSIT);
        IBatchSettlement.VoucherClaim[] memory all = new IBatchSettlement.VoucherClaim[](2);
        (all[0], all[1]) = (claimOf(config, 10, 10, BUYER_KEY), claimOf(other, 10, 10, BUYER_KEY));
        bytes memory signature = signDigest(OPERATOR_KEY, settlement.getClaimBatchDigest(all));
        vm.expectRevert(IBatchSettlement.NotReceiverAuthorizer.selector);
        settlement.claimWithSignature(all, signature);
    }

    function expectRefusal(IBatchSettlement.VoucherClaim memory row, bytes4 reason) internal {
        vm.prank(row.voucher.channel.receiver);
        vm.expectPartialRevert(reason);
        settlement.claim(rows(row));
    }

    function test_RevertWhen_MoreIsClaimedThanThereIs() public {
        IBatchSettlement.ChannelConfig memory config = openChannel();
        expectRefusal(claimOf(config, 10, 11, BUYER_KEY), IBatchSettlement.ClaimExceedsCeiling.selector);
        uint128 above = DEPOSIT + 1;
        expectRefusal(claimOf(config, above, above, BUYER_KEY), IBatchSettlement.ClaimExceedsBalance.selector);
        claimSigned(rows(claimOf(config, above, DEPOSIT, BUYER_KEY)));
        assertEq(claimedOf(config), DEPOSIT, "all of it");
    }

    function test_RevertWhen_SomethingElseWasSigned() public {
        IBatchSettlement.ChannelConfig memory config = openChannel();
        IBatchSettlement.ChannelConfig memory other = configOf();
        other.salt = bytes32(uint256(2));
        bytes4 invalid = IBatchSettlement.InvalidSignature.selector;
        IBatchSettlement.VoucherClaim memory row = claimOf(other, 10, 10, BUYER_KEY);
        row.voucher.channel = config;
        expectRefusal(row, invalid);
        row = claimOf(config, 10, 10, BUYER_KEY);
        row.voucher.maxClaimableAmount = 11;
        expectRefusal(row, invalid);
        expectRefusal(claimOf(config, 10, 10, OPERATOR_KEY), invalid);

        row = claimOf(config, 10, 10, BUYER_KEY);
        vm.chainId(1);
        // Another chain has another channel, which is empty.
        expectRefusal(row, IBatchSettlement.ClaimExceedsBalance.selector);
        row = claimOf(config, 10, 10, BUYER_KEY);
        vm.chainId(31337);
        expectRefusal(row, invalid);
        address copy = makeAddress("a copy of the contract");
        vm.etch(copy, SETTLEMENT.code);
        row.signature = signDigest(BUYER_KEY, IBatchSettlement(copy).getVoucherDigest(idOf(config), 10));
        expectRefusal(row, invalid);
    }

    function highS(bytes memory signature) internal pure returns (bytes memory) {
        (bytes32 r, bytes32 s) = abi.decode(signature, (bytes32, bytes32));
        uint8 v = uint8(signature[64]) == 27 ? 28 : 27;
        return abi.encodePacked(r, bytes32(ORDER - uint256(s)), v);
    }

    function test_RevertWhen_TheSignatureIsNotStrict() public {
        IBatchSettlement.ChannelConfig memory config = openChannel();
        IBatchSettlement.ChannelConfig memory own = configOf();
        own.payerAuthorizer = address(0);
        deposit(own, DEPOSIT);
        bytes4 invalid = IBatchSettlement.InvalidSignature.selector;
        bytes4[5] memory reasons = [
            ECDSA.ECDSAInvalidSignatureS.selector,
            ECDSA.ECDSAInvalidSignatureLength.selector,
            ECDSA.ECDSAInvalidSignatureLength.selector,
            ECDSA.ECDSAInvalidSignatureLength.selector,
            ECDSA.ECDSAInvalidSignature.selector
        ];
        for (uint256 i; i < 5; ++i) {
            IBatchSettlement.VoucherClaim memory row = claimOf(config, 10, 10, BUYER_KEY);
            row.signature = bend(row.signature, i);
            expectRefusal(row, reasons[i]);
            row = claimOf(own, 10, 10, BUYER_KEY);
            row.signature = bend(row.signature, i);
            expectRefusal(row, invalid);
        }
    }

    /// @dev High s; 64 bytes; 66; none; a v of 29.
    function bend(bytes memory signature, uint256 way) internal pure returns (bytes memory) {
        (bytes32 r, bytes32 s) = abi.decode(signature, (bytes32, bytes32));
        if (way == 0) return highS(signature);
        if (way == 1) return abi.encodePacked(r, s);
        if (way == 2) return abi.encodePacked(signature, bytes1(0));
        if (way == 3) return "";
        return abi.encodePacked(r, s, uint8(29));
    }

    function test_WhatWasClaimedIsPassedOver() public {
        IBatchSettlement.ChannelConfig memory config = openChannel();
        IBatchSettlement.ChannelConfig memory other = configOf();
        other.salt = bytes32(uint256(2));
        deposit(other, DEPOSIT);
        claimTotal(config, 100);
        IBatchSettlement.VoucherClaim[] memory all = new IBatchSettlement.VoucherClaim[](3);
        all[0] = claimOf(config, 100, 100, BUYER_KEY);
        // Whatever it says: it is not even looked at.
        all[1] = claimOf(config, 1, 99, OPERATOR_KEY);
        all[2] = claimOf(other, 7, 7, BUYER_KEY);
        vm.recordLogs();
        claimSigned(all);
        assertEq(countLogs(IBatchSettlement.Claimed.selector), 1, "one claim");
        assertEq(claimedOf(config), 100, "as before");
        assertEq(claimedOf(other), 7, "claimed");
    }

    function test_TotalsGrowByTheDifference() public {
        IBatchSettlement.ChannelConfig memory config = openChannel();
        claimSigned(rows(claimOf(config, 1_000, 300, BUYER_KEY)));
        bytes32 id = idOf(config);
        IBatchSettlement.VoucherClaim[] memory more = rows(claimOf(config, 1_000, 1_000, BUYER_KEY));
        vm.expectEmit(true, true, true, true, SETTLEMENT);
        emit IBatchSettlement.Claimed(id, relayer, 700, 1_000);
        claimSigned(more);
        (uint256 claimed, uint256 settled) = settlement.receivers(address(receiver), address(token));
        assertEq(claimed, 1_000, "of the receiver");
        assertEq(settled, 0, "nothing moved yet");
        assertEq(token.balanceOf(SETTLEMENT), DEPOSIT, "no token either");
    }

    function test_ThePayerAuthorizersSignatureCountsInsteadOfThePayers() public {
        IBatchSettlement.ChannelConfig memory config = configOf();
        config.payerAuthorizer = hot;
        deposit(config, DEPOSIT);
        expectRefusal(claimOf(config, 10, 10, BUYER_KEY), IBatchSettlement.InvalidSignature.selector);
        claimSigned(rows(claimOf(config, 10, 10, HOT_KEY)));
        assertEq(claimedOf(config), 10, "claimed");
    }

    function test_ASmartPayerIsAsked() public {
        IBatchSettlement.ChannelConfig memory config = configOf();
        SmartAccount account = new SmartAccount(hot);
        (config.payer, config.payerAuthorizer) = (address(account), address(0));
        token.mint(address(account), DEPOSIT);
        settlement.deposit(config, DEPOSIT, COLLECTOR, collectorDataFor(config));
        expectRefusal(claimOf(config, 10, 10, BUYER_KEY), IBatchSettlement.InvalidSignature.selector);
        claimSigned(rows(claimOf(config, 10, 10, HOT_KEY)));
        assertEq(claimedOf(config), 10, "claimed");
    }

    function test_RevertWhen_ASmartPayerAnswersWrongly() public {
        bytes[3] memory answers = [bytes(""), abi.encode(uint256(1)), abi.encodePacked(bytes4(0x1626ba7e))];
        for (uint256 i; i < answers.length; ++i) {
            IBatchSettlement.ChannelConfig memory config = openChannel();
            (config.payer, config.payerAuthorizer) = (buyer, address(0));
            deposit(config, DEPOSIT);
            IBatchSettlement.VoucherClaim memory row = claimOf(config, 10, 10, BUYER_KEY);
            vm.etch(buyer, address(new AnsweringAccount(answers[i])).code);
            expectRefusal(row, IBatchSettlement.InvalidSignature.selector);
            vm.etch(buyer, "");
        }
    }

    /// @dev Of a smart account that the hot key signs for.
    function collectorDataFor(IBatchSettlement.ChannelConfig memory config) internal view returns (bytes memory) {
        bytes32 nonce = keccak256(abi.encode(idOf(config), uint256(0)));
        uint256 validBefore = block.timestamp + 1;
        bytes32 structHash = keccak256(
            abi.encode(RECEIVE_TYPEHASH, config.payer, COLLECTOR, uint256(DEPOSIT), uint256(0), validBefore, nonce)
        );
        return abi.encode(uint256(0), validBefore, uint256(0), signDigest(HOT_KEY, digestOf(structHash)));
    }

    function test_SeveralCallsInOne() public {
        IBatchSettlement.ChannelConfig memory config = openChannel();
        IBatchSettlement.VoucherClaim[] memory all = rowOf(config, 100);
        bytes[] memory calls = new bytes[](2);
        bytes memory signature = signDigest(OPERATOR_KEY, settlement.getClaimBatchDigest(all));
        calls[0] = abi.encodeCall(settlement.claimWithSignature, (all, signature));
        calls[1] = abi.encodeCall(settlement.settle, (address(receiver), address(token)));
        IMulticall(SETTLEMENT).multicall(calls);
        assertEq(token.balanceOf(address(receiver)), 100, "claimed and paid out");
    }

    /* SETTLE */

    function test_SettlesOnceWhoeverCalls() public {
        IBatchSettlement.ChannelConfig memory config = openChannel();
        vm.recordLogs();
        settlement.settle(address(receiver), address(token));
        assertEq(countLogs(IBatchSettlement.Settled.selector), 0, "nothing is owed");
        claimTotal(config, 100);
        vm.expectEmit(true, true, true, true, SETTLEMENT);
        emit IBatchSettlement.Settled(address(receiver), address(token), relayer, 100);
        vm.prank(relayer);
        settlement.settle(address(receiver), address(token));
        settlement.settle(address(receiver), address(token));
        assertEq(token.balanceOf(address(receiver)), 100, "paid once");
        (uint256 claimed, uint256 settled) = settlement.receivers(address(receiver), address(token));
        assertEq(claimed, settled, "all is settled");
    }
}
