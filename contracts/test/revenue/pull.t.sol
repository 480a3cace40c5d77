// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAssetRegistry} from "../../src/assets/IAssetRegistry.sol";
import {IRevenueLedger} from "../../src/revenue/IRevenueLedger.sol";
import {HostileToken} from "../utils/HostileToken.sol";
import {Vm} from "../utils/Vm.sol";
import {RevenueTest} from "./RevenueTest.sol";

contract PullTest is RevenueTest {
    function test_MovesNothingWhenNothingIsDue() public {
        vm.recordLogs();
        ledger.pullMany(address(token), list(model, 0, 99));
        payAs(buyer, model, 10_000);
        pull(model);
        vm.getRecordedLogs();
        ledger.pullMany(address(token), list(model, model));
        assertEq(vm.getRecordedLogs().length, 0, "says nothing");
        assertEq(pullableOf(model), 0, "nothing is left");
    }

    function test_MovesAlongEveryEdge() public {
        payAs(buyer, service, 10_000);
        expectEvent();
        emit IRevenueLedger.RevenuePulled(service, 0, address(token), 40);
        expectEvent();
        emit IRevenueLedger.SupplyPulled(service, model, address(token), 6_000);
        assertEq(pullableOf(service), 6_040, "along all edges");
        pull(service);
        assertEq(salesOf(model), 6_000, "a supply is a sale");
        assertEq(royaltiesOf(model), 0, "and no royalty");
        assertEq(pulledSalesOf(service), 10_000, "mark");

        expectEvent();
        emit IRevenueLedger.RevenuePulled(model, dataset, address(token), 600);
        expectEvent();
        emit IRevenueLedger.RevenuePulled(model, 0, address(token), 60);
        pull(model);
        assertEq(royaltiesOf(dataset), 600, "of what the model sold");
        assertEq(royaltiesOf(0), 100, "one per cent in all");
    }

    /// @dev 9 units a time: each floors to nothing at 10 % and at 1 %.
    function test_TheMarkStaysWhileNothingMoves() public {
        payAs(buyer, model, 9);
        pull(model);
        assertEq(pulledSalesOf(model), 0, "mark");
        payAs(buyer, model, 9);
        pull(model);
        assertEq(royaltiesOf(dataset), 1, "18 units owe one");
        assertEq(pulledSalesOf(model), 18, "mark");
    }

    function test_TheTwoRemaindersTogetherMakeAUnit() public {
        payAs(buyer, model, 10_005);
        pull(model);
        assertEq(royaltiesOf(dataset), 1_000, "first");
        payAs(buyer, model, 5);
        pull(model);
        assertEq(royaltiesOf(dataset), 1_001, "second");
    }

    /// @dev Two copies of one graph: pulled after every sale, and once at the end.
    function testFuzz_ManySmallPullsAreOneBigOne(uint64[8] calldata amounts, uint256 when) public {
        uint256 twin = publishAs(boole, IAssetRegistry.Kind.Model, servedFrom(dataset));
        uint256 twinService = publishService(curie, list(twin), 0, 0);
        uint256 royaltiesBefore;
        for (uint256 i; i < amounts.length; ++i) {
            uint256 amount = bound(amounts[i], 1, i % 2 == 0 ? 300 : type(uint64).max);
            payAs(buyer, service, amount);
            payAs(buyer, twinService, amount);
            if (when >> i & 1 == 1) ledger.pullMany(address(token), list(service, model));
            if (when >> (i + 8) & 1 == 1) ledger.pullMany(address(token), list(model, service));
        }
        ledger.pullMany(address(token), list(service, model));
        royaltiesBefore = royaltiesOf(dataset);
        uint256 feeBefore = royaltiesOf(0);
        ledger.pullMany(address(token), list(twinService, twin));
        assertEq(royaltiesOf(dataset), 2 * royaltiesBefore, "royalties");
        assertEq(royaltiesOf(0), 2 * feeBefore, "fee");
        assertEq(salesOf(model), salesOf(twin), "sales of the supplier");
        assertEq(collectableOf(model), collectableOf(twin), "owner");
        assertEq(salesOf(service) * 6000 / 10_000, salesOf(model), "the floor of the total");
    }

    function servedFrom(uint256 parent) internal pure returns (IAssetRegistry.Publication memory stated) {
        stated = publication(list(parent), 500, 0, 0);
        stated.terms.serveBps = SERVE_BPS;
    }

    function test_RevertWhen_AnAncestorsTotalGrowsTooLarge() public {
        HostileToken hostile = new HostileToken();
        hostile.mint(buyer, type(uint128).max);
        uint256 most = type(uint128).max >> 2;
        uint256 root_ = publishFrom(ada, list(), 5000);
        uint256[3] memory children;
        for (uint256 i; i < 3; ++i) {
            children[i] = publishFrom(boole, list(root_), 0);
            vm.prank(buyer);
            ledger.pay(children[i], address(hostile), most);
        }
        ledger.pullMany(address(hostile), list(children[0], children[1]));
        vm.expectPartialRevert(IRevenueLedger.RevenueLedger_TotalTooLarge.selector);
        ledger.pullMany(address(hostile), list(children[2]));
        (,,, uint256 pulled) = ledger.accountOf(children[2], address(hostile));
        assertEq(pulled, 0, "nothing has moved");
        assertEq(ledger.collectableOf(children[2], address(hostile)), most * 4900 / 10_000, "its owner still collects");
    }

    function test_MovesAlongSixteenAncestorsAndFourSuppliers() public {
        uint256[] memory parents = new uint256[](16);
        for (uint256 i; i < 16; ++i) {
            parents[i] = publishFrom(ada, list(), uint16(100 + i));
        }
        uint256[] memory suppliers = new uint256[](4);
        for (uint256 i; i < 4; ++i) {
            suppliers[i] = publishServed(boole, 0, uint16(1000 + i));
        }
        IAssetRegistry.Publication memory stated = publication(parents, 0, 0, 0);
        stated.suppliers = suppliers;
        uint256 version = publishAs(curie, IAssetRegistry.Kind.Service, stated);
        payAs(buyer, version, 1_000_000);
        vm.recordLogs();
        pull(version);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 21, "one event an edge");
        uint256 moved;
        for (uint256 i; i < 16; ++i) {
            assertEq(royaltiesOf(parents[i]), 100 * (100 + i), "royalty");
            moved += royaltiesOf(parents[i]);
        }
        for (uint256 i; i < 4; ++i) {
            assertEq(salesOf(suppliers[i]), 100 * (1000 + i), "supply");
            moved += salesOf(suppliers[i]);
        }
        assertEq(royaltiesOf(0), 5_900, "the fee on what suppliers leave");
        assertEq(collectableOf(version), 1_000_000 - 5_900 - moved, "the rest is the owner's");
    }
}
