// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAssetRegistry} from "../../src/assets/IAssetRegistry.sol";
import {IRevenueLedger} from "../../src/revenue/IRevenueLedger.sol";
import {HostileToken} from "../utils/HostileToken.sol";
import {SumTreeBuilder} from "../utils/SumTreeBuilder.sol";
import {RevenueTest} from "./RevenueTest.sol";

contract CollectTest is RevenueTest {
    /* collectMany */

    function test_CollectsNothingWithoutIncome() public {
        ledger.collectMany(address(token), list(0, model));
        assertEq(token.balanceOf(boole), 0, "owner");
    }

    function test_PaysOnceAndNamesThePayee() public {
        payAs(buyer, model, 10_000);
        expectEvent();
        emit IRevenueLedger.RevenueCollected(model, address(token), boole, 8_900);
        vm.prank(relayer);
        collect(model);
        collect(model);
        assertEq(token.balanceOf(boole), 8_900, "owner");
    }

    function test_RevertWhen_OwnerIsTheLedger() public {
        payAs(buyer, model, 10_000);
        vm.prank(boole);
        asset721().transferFrom(boole, address(ledger), model);
        vm.expectRevert(abi.encodeWithSelector(IRevenueLedger.RevenueLedger_BadPayee.selector, address(ledger)));
        collect(model);
    }

    function test_OneRefusedPayeeBlocksNobody() public {
        HostileToken hostile = new HostileToken();
        hostile.mint(buyer, 1e18);
        vm.prank(buyer);
        ledger.pay(model, address(hostile), 10_000_000);
        ledger.pullMany(address(hostile), list(model));

        hostile.blockPayee(boole);
        vm.expectRevert(bytes4(keccak256("TransferFailed()")));
        ledger.collectMany(address(hostile), list(model));
        ledger.collectMany(address(hostile), list(0, dataset));
        ledger.collectContributions(address(hostile), only(contributionOf(1)));
        assertEq(hostile.balanceOf(treasury), 100_000, "treasury");
        assertEq(hostile.balanceOf(ada), 400_000, "dataset owner");
        assertEq(hostile.balanceOf(beta), 180_000, "contributor");

        hostile.set(HostileToken.Behaviour.Plain);
        ledger.collectMany(address(hostile), list(model));
        assertEq(hostile.balanceOf(boole), 8_900_000, "the refused payee loses nothing");
    }

    function test_PaysWhoeverOwnsTheAssetNow() public {
        payAs(buyer, model, 10_000);
        collect(model);
        payAs(buyer, model, 10_000);
        vm.prank(boole);
        asset721().transferFrom(boole, relayer, model);
        collect(model);
        assertEq(token.balanceOf(boole), 8_900, "owner before");
        assertEq(token.balanceOf(relayer), 8_900, "owner now");
    }

    function test_PaysInADisallowedToken() public {
        payAs(buyer, model, 10_000);
        vm.prank(governor);
        ledger.setTokenAllowed(address(token), false);
        collect(model);
        assertEq(token.balanceOf(boole), 8_900, "owner");
    }

    /* collectContributions */

    function test_PaysEachContributorOnce() public {
        payAs(buyer, dataset, 1_000_000);
        // 99 % stays after the fee, 60 % of that is the contributors'.
        expectEvent();
        emit IRevenueLedger.ContributionCollected(dataset, address(token), beta, 4000, 2400, 178_200);
        collectContribution(contributionOf(1));
        collectContribution(contributionOf(1));
        assertEq(token.balanceOf(beta), 178_200, "beta");
        assertEq(ledger.contributionCollectedOf(dataset, 4000, address(token)), 178_200, "collected");
        assertEq(ledger.contributionCollectableOf(contributionOf(0), address(token)), 297_000, "alpha can collect");
        assertEq(collectableOf(dataset), 396_000, "owner can collect");
    }

    function publishRooted(bytes32 root_) internal returns (uint256) {
        return publishAs(ada, IAssetRegistry.Kind.Dataset, publication(list(), 0, root_, CONTRIBUTOR_BPS));
    }

    function expectInvalid(IRevenueLedger.Contribution memory contribution) internal {
        vm.expectRevert(
            abi.encodeWithSelector(
                IRevenueLedger.RevenueLedger_ContributionInvalid.selector, contribution.version, contribution.account
            )
        );
        collectContribution(contribution);
    }

    function test_RevertWhen_AnyPartOfTheProofIsAnother() public {
        payAs(buyer, dataset, 1_000_000);
        IRevenueLedger.Contribution memory changed = contributionOf(1);
        changed.weight += 1;
        expectInvalid(changed);
        changed = contributionOf(1);
        changed.account = relayer;
        expectInvalid(changed);
        changed = contributionOf(1);
        changed.path ^= 1;
        expectInvalid(changed);
        changed = contributionOf(1);
        changed.path |= 1 << 200;
        expectInvalid(changed);
        changed = contributionOf(1);
        changed.proof[0] = bytes32(uint256(changed.proof[0]) ^ 1 << 100);
        expectInvalid(changed);
        changed = contributionOf(1);
        changed.publisher = boole;
        expectInvalid(changed);
        changed = contributionOf(1);
        changed.manifestDigest = keccak256("another manifest");
        expectInvalid(changed);
        changed = contributionOf(1);
        changed.contributorRoot = bytes32(uint256(root) + 1);
        expectInvalid(changed);
        changed = contributionOf(1);
        changed.version = model;
        expectInvalid(changed);
    }

    /// @dev A malformed proof has no root, and neither has a version without contributors.
    function test_RevertWhen_ThereAreNoContributors() public {
        payAs(buyer, model, 1_000_000);
        IRevenueLedger.Contribution memory nobody = contributionOf(1);
        (nobody.version, nobody.publisher, nobody.contributorRoot) = (model, boole, 0);
        expectInvalid(nobody);
        nobody.proof = new bytes32[](65);
        expectInvalid(nobody);
    }

    /// @dev A sibling whose weight is moved within the pair keeps the sum but not the hash.
    function test_RevertWhen_WeightIsMovedBetweenNodes() public {
        IRevenueLedger.Contribution memory changed = contributionOf(1);
        changed.proof[0] = bytes32(uint256(changed.proof[0]) - 1);
        changed.weight += 1;
        expectInvalid(changed);
    }

    /// @dev A root whose sum wrapped around to 1 would give each of its leaves many times the pool.
    function test_RevertWhen_SumsOverflow() public {
        uint64 half = 1 << 63;
        bytes32 left = leafWord(alpha, half);
        bytes32 right = leafWord(beta, half + 1);
        bytes32 wrapped = nodeWord(left, right);
        assertEq(uint64(uint256(wrapped)), 1, "wraps");
        uint256 version = publishRooted(wrapped);
        payAs(buyer, version, 10_000);
        IRevenueLedger.Contribution memory part = contributionOf(0);
        (part.version, part.contributorRoot, part.account, part.weight, part.path) = (version, wrapped, alpha, half, 0);
        part.proof = new bytes32[](1);
        part.proof[0] = right;
        expectInvalid(part);
    }

    function leafWord(address account, uint64 weight) internal pure returns (bytes32) {
        bytes32 hash = keccak256(abi.encodePacked(uint8(0), account, weight));
        return bytes32(uint256(hash) >> 64 << 64 | weight);
    }

    /// @dev As a node would be if sums could wrap around.
    function nodeWord(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        bytes32 hash = keccak256(abi.encodePacked(uint8(1), left, right));
        unchecked {
            return bytes32(uint256(hash) >> 64 << 64 | uint64(uint256(left) + uint256(right)));
        }
    }

    /// @dev Every hash matches in both; only the number of steps differs.
    function test_RevertWhen_TheProofIsTooLong() public {
        IRevenueLedger.Contribution memory part = contributionOf(0);
        (part.weight, part.path) = (8000, 0);
        for (uint256 steps = 64; steps <= 65; ++steps) {
            part.contributorRoot = leafWord(alpha, 8000);
            for (uint256 i; i < steps; ++i) {
                part.contributorRoot = nodeWord(part.contributorRoot, 0);
            }
            part.proof = new bytes32[](steps);
            part.version = publishRooted(part.contributorRoot);
            payAs(buyer, part.version, 10_000);
            if (steps == 65) expectInvalid(part);
            else collectContribution(part);
        }
        assertEq(token.balanceOf(alpha), 5_940, "64 steps prove");
    }

    /// @dev The root and the node below it, claimed with their sums for an account out of what they were hashed from.
    function test_RevertWhen_ANodeIsPassedOffAsALeaf() public {
        payAs(buyer, dataset, 1_000_000);
        bytes32 left = nodeWord(leafWord(alpha, 4000), leafWord(beta, 2400));
        bytes32 right = leafWord(gamma, 1600);
        assertTrue(nodeWord(left, right) == root, "the tree");
        IRevenueLedger.Contribution memory node = contributionOf(0);
        (node.account, node.weight, node.path) = (address(bytes20(left)), 8000, 0);
        node.proof = new bytes32[](0);
        expectInvalid(node);
        (node.account, node.weight) = (address(bytes20(leafWord(alpha, 4000))), 6400);
        node.proof = new bytes32[](1);
        node.proof[0] = right;
        expectInvalid(node);
    }

    /// @dev A leaf without weight would share its interval's start with the leaf after it.
    function test_RevertWhen_TheWeightIsZero() public {
        SumTreeBuilder.Leaf[] memory bad = new SumTreeBuilder.Leaf[](2);
        bad[0] = SumTreeBuilder.Leaf(alpha, 0);
        bad[1] = SumTreeBuilder.Leaf(beta, 5);
        uint256 version = publishShared(IAssetRegistry.Kind.Dataset, bad);
        expectInvalid(contributionOf(version, bad, 0));
    }

    function test_ASingleLeafHasTheWholePool() public {
        SumTreeBuilder.Leaf[] memory heavy = new SumTreeBuilder.Leaf[](1);
        heavy[0] = SumTreeBuilder.Leaf(alpha, type(uint64).max);
        uint256 version = publishShared(IAssetRegistry.Kind.Dataset, heavy);
        payAs(buyer, version, 10_000);
        collectContribution(contributionOf(version, heavy, 0));
        assertEq(token.balanceOf(alpha), 5_940, "alpha");
    }

    function test_RevertWhen_ContributorIsZeroOrTheLedger() public {
        SumTreeBuilder.Leaf[] memory bad = new SumTreeBuilder.Leaf[](2);
        bad[0] = SumTreeBuilder.Leaf(address(0), 1);
        bad[1] = SumTreeBuilder.Leaf(address(ledger), 1);
        uint256 version = publishShared(IAssetRegistry.Kind.Dataset, bad);
        payAs(buyer, version, 10_000);
        for (uint256 i; i < 2; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IRevenueLedger.RevenueLedger_BadPayee.selector, bad[i].account));
            collectContribution(contributionOf(version, bad, i));
        }
    }

    /// @dev A publisher's word for the sum of the weights is checked by every proof.
    function test_RevertWhen_RootStatesAnotherSum() public {
        bytes32 wrong = bytes32(uint256(root) - 1);
        uint256 version = publishRooted(wrong);
        payAs(buyer, version, 10_000);
        IRevenueLedger.Contribution memory changed = contributionOf(0);
        (changed.version, changed.contributorRoot) = (version, wrong);
        expectInvalid(changed);
    }

    function testFuzz_LeavesShareThePool(uint256 seed, uint8 size, uint64 amount) public {
        uint256 count = bound(size, 1, 16);
        SumTreeBuilder.Leaf[] memory all = new SumTreeBuilder.Leaf[](count);
        for (uint256 i; i < count; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            all[i] = SumTreeBuilder.Leaf(address(uint160(seed >> 64) | 1), uint64(bound(seed, 1, 1e9)));
        }
        bytes32 allRoot = SumTreeBuilder.rootOf(all);
        uint256 version = publishShared(IAssetRegistry.Kind.Dataset, all);
        payAs(buyer, version, bound(amount, 1, type(uint64).max));
        uint256 pool = salesOf(version) * 9900 / 10_000 * 6000 / 10_000;
        uint256 paid;
        uint256 end;
        for (uint256 i; i < count; ++i) {
            SumTreeBuilder.Proof memory proof = SumTreeBuilder.proofOf(all, i);
            assertEq(proof.start, end, "intervals meet");
            end += all[i].weight;
            uint256 before = token.balanceOf(all[i].account);
            collectContribution(contributionOf(version, all, i));
            uint256 got = token.balanceOf(all[i].account) - before;
            assertEq(got, pool * all[i].weight / uint64(uint256(allRoot)), "a floor of the pool");
            paid += got;
        }
        assertEq(end, uint64(uint256(allRoot)), "the last interval ends at the sum");
        assertTrue(paid <= pool && pool - paid < count, "dust below the number of leaves");
    }
}
