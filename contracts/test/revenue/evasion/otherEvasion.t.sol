// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAssetRegistry} from "../../../src/assets/IAssetRegistry.sol";
import {IRevenueLedger} from "../../../src/revenue/IRevenueLedger.sol";
import {SumTreeBuilder} from "../../utils/SumTreeBuilder.sol";
import {EvasionTest} from "./EvasionTest.sol";

/// @notice Ways to shed what contributors and creditors are owed. See evasion.tree.
contract OtherEvasionTest is EvasionTest {
    function rootOf(address account) internal pure returns (bytes32) {
        SumTreeBuilder.Leaf[] memory one = new SumTreeBuilder.Leaf[](1);
        one[0] = SumTreeBuilder.Leaf(account, 1);
        return SumTreeBuilder.rootOf(one);
    }

    /* by naming others */

    /// @dev A referral, a sister company, a second name: whatever is given away comes out of what edges leave.
    function test_AContributorForAllOfIt() public {
        uint256 version =
            publishAs(boole, IAssetRegistry.Kind.Model, publication(list(ancestor), 0, rootOf(relayer), 10_000));
        assertOwed(version);
        assertEq(ledger.collectableOf(version, address(token)), 0, "nothing is left to the owner");
    }

    function test_ALaterVersionWithLessForContributors() public {
        uint256 asset = publishAs(boole, IAssetRegistry.Kind.Dataset, publication(list(), 0, rootOf(alpha), 6000));
        vm.expectRevert(
            abi.encodeWithSelector(
                IAssetRegistry.AssetRegistry_ContributorsShrunk.selector, uint256(5999), uint256(6000)
            )
        );
        vm.prank(boole);
        registry.publishVersion(asset, publication(list(), 0, rootOf(alpha), 5999));
        vm.expectPartialRevert(IAssetRegistry.AssetRegistry_ContributorsShrunk.selector);
        vm.prank(boole);
        registry.publishVersion(asset, publication(list(), 0, 0, 0));
    }

    /// @dev Out of reach: a version's contributors are its publisher's word. What earlier versions sold stays theirs, and
    /// so does what earlier versions sell.
    function test_OutOfReach_OtherContributorsInTheNextVersion() public {
        uint256 asset = publishAs(boole, IAssetRegistry.Kind.Dataset, publication(list(), 0, rootOf(alpha), 6000));
        payAs(buyer, asset, SALE);
        vm.prank(boole);
        uint256 next = registry.publishVersion(asset, publication(list(), 0, rootOf(relayer), 6000));
        payAs(buyer, next, SALE);
        IRevenueLedger.Contribution[] memory parts = new IRevenueLedger.Contribution[](1);
        parts[0] = IRevenueLedger.Contribution({
            version: asset,
            publisher: boole,
            manifestDigest: DIGEST,
            contributorRoot: rootOf(alpha),
            account: alpha,
            weight: 1,
            path: 0,
            proof: new bytes32[](0)
        });
        ledger.collectContributions(address(token), parts);
        assertEq(token.balanceOf(alpha), 594_000, "of the version it contributed to");
        parts[0].version = next;
        vm.expectPartialRevert(IRevenueLedger.RevenueLedger_ContributionInvalid.selector);
        ledger.collectContributions(address(token), parts);
    }

    /* by dodging a ruling */

    function rule(uint256 version, uint16 bps, uint256 cap) internal {
        vm.prank(governor);
        ledger.setArbiter(guardian);
        vm.prank(guardian);
        ledger.setLien(version, address(token), ancestor, bps, uint128(cap));
    }

    function test_CollectingBeforeTheRuling() public {
        uint256 copy = publishFrom(boole, list(), 0);
        payAs(buyer, copy, SALE);
        collect(copy);
        rule(copy, 10_000, DUE);
        payAs(buyer, copy, SALE);
        collect(copy);
        assertEq(royaltiesOf(ancestor), DUE, "of what came after");
        assertEq(token.balanceOf(boole), 2 * 990_000 - DUE, "the rest");
    }

    function test_SellingTheAssetAfterTheRuling() public {
        uint256 copy = publishFrom(boole, list(), 0);
        rule(copy, 10_000, DUE);
        vm.prank(boole);
        asset721().transferFrom(boole, relayer, copy);
        payAs(buyer, copy, SALE);
        collect(copy);
        assertEq(royaltiesOf(ancestor), DUE, "the creditor's");
        assertEq(token.balanceOf(relayer), 990_000 - DUE, "whoever owns it");
    }

    /// @dev Out of reach: a ruling is on a version. Sales of the next one are free of it until the arbiter rules again.
    function test_OutOfReach_AnotherVersionAfterTheRuling() public {
        uint256 copy = publishFrom(boole, list(), 0);
        rule(copy, 10_000, DUE);
        vm.prank(boole);
        uint256 next = registry.publishVersion(copy, publication(list(), 0, 0, 0));
        payAs(buyer, next, SALE);
        collect(next);
        assertEq(royaltiesOf(ancestor), 0, "not of the next version");
        rule(next, 10_000, DUE);
        payAs(buyer, next, SALE);
        collect(next);
        assertEq(royaltiesOf(ancestor), DUE, "until it is ruled on");
    }
}
