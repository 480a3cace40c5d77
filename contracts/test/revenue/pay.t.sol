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

    function salesOf(address token_) internal view returns (uint256 sales) {
        (sales,,) = ledger.accountOf(model, token_);
    }

    function test_CreditsSalesOnly() public {
        fund(buyer, 500);
        vm.expectEmit(true, true, true, true, address(ledger));
        emit IRevenueLedger.RevenueReceived(model, address(token), buyer, 500);
        vm.prank(buyer);
        ledger.pay(model, address(token), 500);

        (uint256 sales, uint256 royalties, uint256 collected) = ledger.accountOf(model, address(token));
        assertEq(sales, 500, "sales");
        assertEq(royalties, 0, "royalties");
        assertEq(collected, 0, "collected");
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
        assertEq(salesOf(address(token)), 0, "nothing credited");
    }

    function test_RevertWhen_TotalGrowsTooLarge() public {
        uint256 most = type(uint128).max / 2;
        payHostile(most);
        vm.expectRevert(abi.encodeWithSelector(IRevenueLedger.RevenueLedger_TotalTooLarge.selector, model, 1));
        payHostile(1);
        assertEq(ledger.collectableOf(model, address(hostile)), most * 8900 / 10_000, "still collectable");
    }

    function test_RevertWhen_VersionIsUnknown() public {
        fund(buyer, 1000);
        uint256[3] memory unknown = [uint256(0), model + 1, type(uint256).max];
        for (uint256 i; i < unknown.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IRevenueLedger.RevenueLedger_VersionUnknown.selector, unknown[i]));
            vm.prank(buyer);
            ledger.pay(unknown[i], address(token), 1000);
        }
    }

    /// @dev The treasury's account never has sales, even after it collected.
    function test_RevertWhen_TreasuryIsPaidAfterCollecting() public {
        payAs(buyer, model, 10_000_000);
        pull(model, FEE_INDEX);
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
        assertEq(salesOf(address(hostile)), 20_000, "sales");
    }

    function test_RevertWhen_TokenReenters() public {
        uint256[] memory versions = list(model);
        IRevenueLedger.EdgeRef[] memory edges = new IRevenueLedger.EdgeRef[](1);
        edges[0] = IRevenueLedger.EdgeRef(model, 0);
        IRevenueLedger.Authorization memory authorization;
        bytes[7] memory calls = [
            abi.encodeCall(ledger.pay, (model, address(hostile), 1)),
            abi.encodeCall(ledger.payFrom, (buyer, model, address(hostile), 1)),
            abi.encodeCall(ledger.payWithAuthorization, (model, address(hostile), authorization, 0)),
            abi.encodeCall(ledger.sweep, (model, address(hostile))),
            abi.encodeCall(ledger.pull, (address(hostile), edges)),
            abi.encodeCall(ledger.collect, (address(hostile), versions)),
            abi.encodeCall(ledger.collectContributions, (address(hostile), only(contributionOf(0))))
        ];
        for (uint256 i; i < calls.length; ++i) {
            hostile.reenter(address(ledger), calls[i]);
            payHostile(10_000);
            assertTrue(bytes4(hostile.answer()) == bytes4(keccak256("Reentrancy()")), "refuses the inner call");
        }
        assertEq(salesOf(address(hostile)), 10_000 * calls.length, "each outer sale counted once");
    }

    function test_RevertWhen_OthersPayForAPayer() public {
        fund(buyer, 1000);
        vm.expectRevert(abi.encodeWithSelector(IRevenueLedger.RevenueLedger_NotMarket.selector, relayer));
        vm.prank(relayer);
        ledger.payFrom(buyer, model, address(token), 1000);
    }

    function test_DonationChangesNoAccount() public {
        payAs(buyer, model, 10_000);
        token.mint(address(ledger), 777);
        assertEq(ledger.collectableOf(model, address(token)), 8_900, "owner");
        assertEq(ledger.pullableOf(model, 0, address(token)), 1_000, "edge");
        payAs(buyer, model, 10_000);
        assertEq(salesOf(address(token)), 20_000, "sales");
    }

    /// @dev One unit is owed to seven parties: all of them get a floor of it and the rest stays as dust.
    function test_OneUnitLeavesDust() public {
        payAs(buyer, model, 1);
        assertEq(ledger.pullableOf(model, 0, address(token)), 0, "royalty");
        assertEq(ledger.pullableOf(model, FEE_INDEX, address(token)), 0, "fee");
        assertEq(ledger.collectableOf(model, address(token)), 0, "owner");
        assertEq(token.balanceOf(address(ledger)), 1, "dust");
    }

    function testFuzz_SplitNeverExceedsSales(uint256 amount, uint256 again) public {
        amount = bound(amount, 1, type(uint64).max);
        again = bound(again, 1, type(uint64).max);
        payHostile(amount);
        uint256 total = amount;
        for (uint256 round; round < 2; ++round) {
            uint256 split = ledger.pullableOf(model, 0, address(hostile))
                + ledger.pullableOf(model, FEE_INDEX, address(hostile)) + ledger.collectableOf(model, address(hostile));
            assertTrue(split <= total && total - split < 3, "split and dust");
            payHostile(again);
            total += again;
        }
    }
}
