// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueLedger} from "../../src/revenue/IRevenueLedger.sol";
import {Vm} from "../utils/Vm.sol";
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

    /* many at once */

    function test_PaysManyByOneTransfer() public {
        fund(buyer, 600);
        vm.recordLogs();
        vm.prank(buyer);
        ledger.payMany(address(token), list(model, dataset, model), list(100, 200, 300));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 4, "a transfer, and an event for each");
        assertTrue(logs[0].topics[0] == keccak256("Transfer(address,address,uint256)"), "the money first");
        for (uint256 i = 1; i < 4; ++i) {
            assertTrue(logs[i].topics[0] == IRevenueLedger.RevenueReceived.selector, "a sale");
            assertEq(uint256(logs[i].topics[1]), i == 2 ? dataset : model, "its version");
            assertTrue(logs[i].topics[2] == bytes32(uint256(uint160(address(token)))), "its token");
            assertTrue(logs[i].topics[3] == bytes32(uint256(uint160(buyer))), "its payer");
            assertEq(abi.decode(logs[i].data, (uint256)), i * 100, "its amount");
        }
        assertEq(salesOf(model), 400, "both parts");
        assertEq(salesOf(dataset), 200, "its own");
        assertEq(token.balanceOf(address(ledger)), 600, "the sum");
    }

    /// @dev Whatever the parts, accounts and balance are those of single payments.
    function testFuzz_PayingManyIsPayingEach(uint64[3] memory parts) public {
        uint256[] memory amounts = list(uint256(parts[0]) + 1, uint256(parts[1]) + 1, uint256(parts[2]) + 1);
        uint256[] memory versions = list(model, service, dataset);
        fund(buyer, type(uint72).max);
        uint256 snapshot = vm.snapshotState();
        vm.prank(buyer);
        ledger.payMany(address(token), versions, amounts);
        uint256[3] memory many = [salesOf(model), salesOf(service), salesOf(dataset)];
        uint256 held = token.balanceOf(address(ledger));
        vm.revertToState(snapshot);
        for (uint256 i; i < versions.length; ++i) {
            vm.prank(buyer);
            ledger.pay(versions[i], address(token), amounts[i]);
            assertEq(salesOf(versions[i]), many[i], "sales");
        }
        assertEq(token.balanceOf(address(ledger)), held, "balance");
    }

    function refuseMany(uint256[] memory versions, uint256[] memory amounts, bytes memory reason) internal {
        vm.expectRevert(reason);
        vm.prank(buyer);
        ledger.payMany(address(hostile), versions, amounts);
        assertEq(salesIn(address(hostile)), 0, "nothing credited");
    }

    function test_RevertWhen_OneOfManyIsRefused() public {
        bytes4 lengths = IRevenueLedger.RevenueLedger_LengthsDiffer.selector;
        refuseMany(list(model, dataset), list(1), abi.encodeWithSelector(lengths, 2, 1));
        refuseMany(list(model), list(1, 1), abi.encodeWithSelector(lengths, 1, 2));
        bytes memory zero = abi.encodeWithSelector(IRevenueLedger.RevenueLedger_AmountZero.selector);
        refuseMany(list(model, dataset), list(1, 0), zero);
        refuseMany(list(), list(), zero);
        bytes4 unknown = IRevenueLedger.RevenueLedger_VersionUnknown.selector;
        refuseMany(list(model, 0), list(1, 1), abi.encodeWithSelector(unknown, 0));
        refuseMany(list(model, service + 1), list(1, 1), abi.encodeWithSelector(unknown, service + 1));
        uint256 most = type(uint128).max >> 2;
        bytes4 large = IRevenueLedger.RevenueLedger_TotalTooLarge.selector;
        refuseMany(list(model, model), list(most, 1), abi.encodeWithSelector(large, model, 1));
        // A sum that would come round is no sum.
        refuseMany(list(model, model), list(type(uint256).max, 2), abi.encodeWithSignature("Panic(uint256)", 0x11));
    }

    function test_RevertWhen_TheSumOfManyDoesNotArrive() public {
        HostileToken.Behaviour[3] memory ways = [
            HostileToken.Behaviour.FeeOnTransfer,
            HostileToken.Behaviour.GivesTooMuch,
            HostileToken.Behaviour.ShrinksTheReceiver
        ];
        hostile.mint(address(ledger), 5);
        for (uint256 i; i < ways.length; ++i) {
            hostile.set(ways[i]);
            vm.expectPartialRevert(IRevenueLedger.RevenueLedger_TokenUnsupported.selector);
            vm.prank(buyer);
            ledger.payMany(address(hostile), list(model, dataset), list(10_000, 10_000));
        }
        assertEq(salesIn(address(hostile)), 0, "nothing credited");
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
