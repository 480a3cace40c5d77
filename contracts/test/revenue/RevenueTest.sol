// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAssetRegistry} from "../../src/assets/IAssetRegistry.sol";
import {IRevenueLedger} from "../../src/revenue/IRevenueLedger.sol";
import {AgoraiTest} from "../utils/AgoraiTest.sol";
import {SumTreeBuilder} from "../utils/SumTreeBuilder.sol";

/// @notice A dataset by three contributors and a model that was built from it.
abstract contract RevenueTest is AgoraiTest {
    uint16 internal constant CONTRIBUTOR_BPS = 6000;
    uint16 internal constant ROYALTY_BPS = 1000;

    uint256 internal dataset;
    uint256 internal model;
    SumTreeBuilder.Leaf[] internal leaves;
    bytes32 internal root;

    function setUp() public virtual override {
        super.setUp();
        leaves.push(SumTreeBuilder.Leaf({account: alpha, weight: 4000}));
        leaves.push(SumTreeBuilder.Leaf({account: beta, weight: 2400}));
        leaves.push(SumTreeBuilder.Leaf({account: gamma, weight: 1600}));
        root = SumTreeBuilder.rootOf(leaves);
        vm.prank(ada);
        dataset = registry.publish(IAssetRegistry.Kind.Dataset, publication(list(), ROYALTY_BPS, root, CONTRIBUTOR_BPS));
        model = publishFrom(boole, list(dataset), 500);
    }

    /// @dev All versions with contributors are Ada's in these tests.
    function contributionOf(uint256 place) internal view returns (IRevenueLedger.Contribution memory) {
        return contributionOf(dataset, leaves, place);
    }

    function contributionOf(uint256 version, SumTreeBuilder.Leaf[] memory all, uint256 place)
        internal
        view
        returns (IRevenueLedger.Contribution memory)
    {
        SumTreeBuilder.Proof memory proof = SumTreeBuilder.proofOf(all, place);
        return IRevenueLedger.Contribution({
            version: version,
            publisher: ada,
            manifestDigest: DIGEST,
            contributorRoot: SumTreeBuilder.rootOf(all),
            account: all[place].account,
            weight: all[place].weight,
            path: proof.path,
            proof: proof.siblings
        });
    }

    function collectContribution(IRevenueLedger.Contribution memory contribution) internal {
        ledger.collectContributions(address(token), only(contribution));
    }

    function only(IRevenueLedger.Contribution memory contribution)
        internal
        pure
        returns (IRevenueLedger.Contribution[] memory contributions)
    {
        contributions = new IRevenueLedger.Contribution[](1);
        contributions[0] = contribution;
    }
}
