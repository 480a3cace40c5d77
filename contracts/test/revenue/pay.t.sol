// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueLedger} from "../../src/revenue/IRevenueLedger.sol";
import {HostileToken} from "../utils/HostileToken.sol";
import {RevenueTest} from "./RevenueTest.sol";

contract PayTest is RevenueTest {
    HostileToken internal hostile;

    function setUp() public override {
        super.setUp();
        hostile = new HostileToken();
        hostile.mint(buyer, type(uint128).max);
    }

    function payHostile(uint256 amount) internal {
        vm.prank(buyer);
        ledger.pay(model, address(hostile), amount);
    }

    function salesIn(address token_) internal view returns (uint256 sales) {
        (sales,,,) = ledger.accountOf(model, token_);
    }

    function test_CreditsSalesOnly() public {
        fund(buyer, 500);
        vm.expectEmit(true, true, true, true, address(ledger));
        emit IRevenueLedger.RevenueReceived(model, address(token), buyer, 500);
        vm.prank(buyer);
        ledger.pay(model, address(token), 500);

        (uint256 sales, uint256 royalties, uint256 collected, uint256 pulled) = ledger.accountOf(model, address(token));
        assertEq(sales, 500, "sales");
        assertEq(royalties, 0, "royalties");
        assertEq(collected, 0, "collected");
        assertEq(pulled, 0, "pulled");
        assertEq(token.balanceOf(address(ledger)), 500, "balance");
    }

    function test_RevertWhen_AmountIsZero() public {
        vm.expectRevert(IRevenueLedger.RevenueLedger_AmountZero.selector);
        ledger.pay(model, address(token), 0);
    }

    function test_RevertWhen_AmountIsHuge() public {
        fund(buyer, 1000);
        vm.startPrank(buyer);
        vm.expectRevert(bytes4(keccak256("TransferFromFailed()")));
        ledger.pay(model, address(token), type(uint256).max);
        vm.stopPrank();
        assertEq(salesIn(address(token)), 0, "nothing credited");
    }

    function test_RevertWhen_TotalGrowsTooLarge() public {
        uint256 most = type(uint128).max >> 2;
        payHostile(most);
        vm.expectRevert(abi.encodeWithSelector(IRevenueLedger.RevenueLedger_TotalTooLarge.selector, model, 1));
        payHostile(1);
        assertEq(ledger.collectableOf(model, address(hostile)), most * 8900 / 10_000, "still collectable");
    }

    function test_RevertWhen_VersionIsUnknown() public {
        fund(buyer, 1000);
        uint256[3] memory unknown = [uint256(0), service + 1, type(uint256).max];
        for (uint256 i; i < unknown.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IRevenueLedger.RevenueLedger_VersionUnknown.selector, unknown[i]));
            vm.prank(buyer);
            ledger.pay(unknown[i], address(token), 1000);
        }
    }

    /// @dev The treasury's account never has sales, even after it collected.
    function test_RevertWhen_TreasuryIsPaidAfterCollecting() public {
        payAs(buyer, model, 10_000_000);
        pull(model);
        collect(0);
        fund(buyer, 1000);
        vm.expectRevert(abi.encodeWithSelector(IRevenueLedger.RevenueLedger_VersionUnknown.selector, 0));
        vm.prank(buyer);
        ledger.pay(0, address(token), 1000);
    }

    function test_RevertWhen_TokenTakesAFee() public {
        hostile.set(HostileToken.Behaviour.FeeOnTransfer);
        vm.expectRevert(
            abi.encodeWithSelector(
                IRevenueLedger.RevenueLedger_TokenUnsupported.selector, address(hostile), 10_000, 9_900
            )
        );
        payHostile(10_000);
    }

    function test_RevertWhen_TokenGivesTooMuchOrShrinks() public {
        hostile.set(HostileToken.Behaviour.GivesTooMuch);
        vm.expectPartialRevert(IRevenueLedger.RevenueLedger_TokenUnsupported.selector);
        payHostile(10_000);
        hostile.mint(address(ledger), 5);
        hostile.set(HostileToken.Behaviour.ShrinksTheReceiver);
        vm.expectRevert(
            abi.encodeWithSelector(IRevenueLedger.RevenueLedger_TokenUnsupported.selector, address(hostile), 10_000, 0)
        );
        payHostile(10_000);
    }

    function test_RevertWhen_TokenRefuses() public {
        hostile.set(HostileToken.Behaviour.ReturnsFalse);
        vm.expectRevert(bytes4(keccak256("TransferFromFailed()")));
        payHostile(10_000);
        hostile.set(HostileToken.Behaviour.Reverts);
        vm.expectRevert(bytes4(keccak256("TransferFromFailed()")));
        payHostile(10_000);
        vm.expectRevert(bytes4(keccak256("TransferFromFailed()")));
        ledger.pay(model, address(0xdead), 10_000);
    }

    function test_AcceptsTokensThatAnswerNothingOrTooMuch() public {
        hostile.set(HostileToken.Behaviour.ReturnsNothing);
        payHostile(10_000);
        hostile.set(HostileToken.Behaviour.ReturnsBomb);
        payHostile(10_000);
        assertEq(salesIn(address(hostile)), 20_000, "sales");
    }

    function test_RevertWhen_OthersPayForAPayer() public {
        fund(buyer, 1000);
        expectSaid(IRevenueLedger.RevenueLedger_NotMarket.selector, relayer);
        vm.prank(relayer);
        ledger.payFrom(buyer, model, address(token), 1000);
        expectSaid(IRevenueLedger.RevenueLedger_NotMarket.selector, relayer);
        vm.prank(relayer);
        ledger.holdFrom(buyer, address(token), 1000);
    }

    function test_TheMarketPaysForAPayer() public {
        fund(buyer, 1000);
        expectEvent();
        emit IRevenueLedger.RevenueReceived(model, address(token), buyer, 400);
        vm.prank(address(market));
        ledger.payFrom(buyer, model, address(token), 400);
        vm.prank(address(market));
        ledger.holdFrom(buyer, address(token), 600);
        assertEq(salesOf(model), 400, "what is held enters no account");
        assertEq(token.balanceOf(address(ledger)), 400, "in the ledger");
        assertEq(token.balanceOf(address(market)), 600, "in the market");
        vm.expectRevert(IRevenueLedger.RevenueLedger_AmountZero.selector);
        vm.prank(address(market));
        ledger.holdFrom(buyer, address(token), 0);
    }

    function test_RevertWhen_WhatIsHeldShrinks() public {
        hostile.set(HostileToken.Behaviour.FeeOnTransfer);
        vm.expectRevert(
            abi.encodeWithSelector(IRevenueLedger.RevenueLedger_TokenUnsupported.selector, address(hostile), 1000, 990)
        );
        vm.prank(address(market));
        ledger.holdFrom(buyer, address(hostile), 1000);
    }

    /* authorizations */

    function test_PaysByAnAuthorizationOnce() public {
        token.mint(buyer, 1000);
        bytes32 nonce = keccak256(abi.encode(relayer, model, bytes32("context")));
        IRevenueLedger.Authorization memory signed = authorize(BUYER_KEY, 1000, nonce);
        expectEvent();
        emit IRevenueLedger.RevenueReceived(model, address(token), buyer, 1000);
        vm.prank(relayer);
        ledger.payWithAuthorization(model, address(token), signed, "context");
        assertEq(salesOf(model), 1000, "sales");
        vm.expectRevert(abi.encodeWithSignature("TestUSD_AuthorizationUsed(address,bytes32)", buyer, nonce));
        vm.prank(relayer);
        ledger.payWithAuthorization(model, address(token), signed, "context");
    }

    /// @dev The nonce names the caller, the version and the context, so a copy of the transaction is worth nothing.
    function test_RevertWhen_AnAuthorizationIsTakenElsewhere() public {
        token.mint(buyer, 1000);
        bytes32 nonce = keccak256(abi.encode(relayer, model, bytes32("context")));
        IRevenueLedger.Authorization memory signed = authorize(BUYER_KEY, 1000, nonce);
        bytes4 refused = bytes4(keccak256("TestUSD_BadSignature(address)"));
        expectSaid(refused, buyer);
        ledger.payWithAuthorization(model, address(token), signed, "context");
        vm.startPrank(relayer);
        expectSaid(refused, buyer);
        ledger.payWithAuthorization(dataset, address(token), signed, "context");
        expectSaid(refused, buyer);
        ledger.payWithAuthorization(model, address(token), signed, "another");
        signed.amount = 999;
        expectSaid(refused, buyer);
        ledger.payWithAuthorization(model, address(token), signed, "context");
        vm.stopPrank();
        assertEq(token.balanceOf(buyer), 1000, "nothing moved");
    }

    function test_RevertWhen_AnAuthorizedTokenTakesAFee() public {
        hostile.set(HostileToken.Behaviour.FeeOnTransfer);
        IRevenueLedger.Authorization memory unsigned;
        (unsigned.from, unsigned.amount) = (buyer, 1000);
        vm.expectRevert(
            abi.encodeWithSelector(IRevenueLedger.RevenueLedger_TokenUnsupported.selector, address(hostile), 1000, 990)
        );
        ledger.payWithAuthorization(model, address(hostile), unsigned, 0);
    }

    /* what stays out of the books */

    function test_DonationChangesNoAccount() public {
        payAs(buyer, model, 10_000);
        token.mint(address(ledger), 777);
        assertEq(collectableOf(model), 8_900, "owner");
        assertEq(pullableOf(model), 1_100, "edge and fee");
        payAs(buyer, model, 10_000);
        assertEq(salesOf(model), 20_000, "sales");
    }

    /// @dev One unit is owed to seven parties: all of them get a floor of it and the rest stays as dust.
    function test_OneUnitLeavesDust() public {
        payAs(buyer, model, 1);
        assertEq(pullableOf(model), 0, "royalty and fee");
        assertEq(collectableOf(model), 0, "owner");
        assertEq(token.balanceOf(address(ledger)), 1, "dust");
    }

    function testFuzz_SplitNeverExceedsSales(uint256 amount, uint256 again) public {
        amount = bound(amount, 1, type(uint64).max);
        again = bound(again, 1, type(uint64).max);
        payHostile(amount);
        uint256 total = amount;
        for (uint256 round; round < 2; ++round) {
            uint256 split = ledger.pullableOf(model, address(hostile)) + ledger.collectableOf(model, address(hostile));
            assertTrue(split <= total && total - split < 3, "split and dust");
            payHostile(again);
            total += again;
        }
    }
}
