// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAssetRegistry} from "../../src/assets/IAssetRegistry.sol";
import {IRevenueLedger} from "../../src/revenue/IRevenueLedger.sol";
import {AgoraiTest} from "../utils/AgoraiTest.sol";
import {SumTreeBuilder} from "../utils/SumTreeBuilder.sol";

/// @notice A dataset by three contributors, a model that was built from it, and a service that sells the model's work.
abstract contract RevenueTest is AgoraiTest {
    uint16 internal constant CONTRIBUTOR_BPS = 6000;
    uint16 internal constant ROYALTY_BPS = 1000;
    uint16 internal constant SERVE_BPS = 6000;

    address internal curie = makeAddress("curie, service owner");
    address internal judge = makeAddress("judge, arbiter");

    uint256 internal dataset;
    uint256 internal model;
    uint256 internal service;
    SumTreeBuilder.Leaf[] internal leaves;
    bytes32 internal root;

    function setUp() public virtual override {
        super.setUp();
        leaves.push(SumTreeBuilder.Leaf({account: alpha, weight: 4000}));
        leaves.push(SumTreeBuilder.Leaf({account: beta, weight: 2400}));
        leaves.push(SumTreeBuilder.Leaf({account: gamma, weight: 1600}));
        root = SumTreeBuilder.rootOf(leaves);
        dataset = publishAs(ada, IAssetRegistry.Kind.Dataset, publication(list(), ROYALTY_BPS, root, CONTRIBUTOR_BPS));
        IAssetRegistry.Publication memory stated = publication(list(dataset), 500, 0, 0);
        stated.terms.serveBps = SERVE_BPS;
        model = publishAs(boole, IAssetRegistry.Kind.Model, stated);
        service = publishService(curie, list(model), 0, 0);
    }

    /* CONTRIBUTIONS: all versions with contributors are Ada's in these tests */

    /// @dev Of the dataset.
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

    function publishShared(IAssetRegistry.Kind kind, SumTreeBuilder.Leaf[] memory all) internal returns (uint256) {
        return publishAs(ada, kind, publication(list(), 0, SumTreeBuilder.rootOf(all), CONTRIBUTOR_BPS));
    }

    function collectContribution(IRevenueLedger.Contribution memory contribution) internal {
        ledger.collectContributions(address(token), only(contribution));
    }

    function creditMember(IRevenueLedger.Contribution memory contribution) internal {
        ledger.creditMembers(address(token), only(contribution));
    }

    function only(IRevenueLedger.Contribution memory contribution)
        internal
        pure
        returns (IRevenueLedger.Contribution[] memory contributions)
    {
        contributions = new IRevenueLedger.Contribution[](1);
        contributions[0] = contribution;
    }

    /* ACCOUNTS */

    function salesOf(uint256 version) internal view returns (uint256 sales) {
        (sales,,,) = ledger.accountOf(version, address(token));
    }

    function royaltiesOf(uint256 version) internal view returns (uint256 royalties) {
        (, royalties,,) = ledger.accountOf(version, address(token));
    }

    function pulledSalesOf(uint256 version) internal view returns (uint256 pulled) {
        (,,, pulled) = ledger.accountOf(version, address(token));
    }

    function collectableOf(uint256 version) internal view returns (uint256) {
        return ledger.collectableOf(version, address(token));
    }

    function pullableOf(uint256 version) internal view returns (uint256) {
        return ledger.pullableOf(version, address(token));
    }

    /* LIENS */

    /// @dev The judge is the arbiter from then on.
    function setLien(uint256 version, uint256 creditor, uint16 bps, uint128 cap) internal {
        if (ledger.arbiter() != judge) {
            vm.prank(governor);
            ledger.setArbiter(judge);
        }
        vm.prank(judge);
        ledger.setLien(version, address(token), creditor, bps, cap);
    }

    /* EXPECTING */

    function expectSaid(bytes4 selector, uint256 a) internal {
        vm.expectRevert(abi.encodeWithSelector(selector, a));
    }

    function expectSaid(bytes4 selector, address a) internal {
        vm.expectRevert(abi.encodeWithSelector(selector, a));
    }

    function expectSaid(bytes4 selector, address a, uint256 b) internal {
        vm.expectRevert(abi.encodeWithSelector(selector, a, b));
    }

    function expectEvent() internal {
        vm.expectEmit(true, true, true, true, address(ledger));
    }
}
