// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAssetRegistry} from "../../src/assets/IAssetRegistry.sol";
import {IRevenueLedger} from "../../src/revenue/IRevenueLedger.sol";
import {SumTreeBuilder} from "../utils/SumTreeBuilder.sol";
import {RevenueTest} from "./RevenueTest.sol";

contract CollectionTest is RevenueTest {
    SumTreeBuilder.Leaf[] internal members;
    uint256 internal collection;

    /// @dev The dataset weighs three, the model one.
    function setUp() public override {
        super.setUp();
        members.push(memberOf(dataset, 3));
        members.push(memberOf(model, 1));
        collection = publishShared(IAssetRegistry.Kind.Collection, members);
    }

    function memberOf(uint256 version, uint64 weight) internal pure returns (SumTreeBuilder.Leaf memory) {
        return SumTreeBuilder.Leaf({account: address(uint160(version)), weight: weight});
    }

    function member(uint256 place) internal view returns (IRevenueLedger.Contribution memory) {
        return contributionOf(collection, members, place);
    }

    function test_CreditsAMemberOnceAndTakesNoSecondFee() public {
        payAs(buyer, collection, 10_000);
        assertEq(ledger.contributionCollectableOf(member(0), address(token)), 4_455, "three quarters of 60 % of 99 %");
        expectEvent();
        emit IRevenueLedger.MemberCredited(collection, dataset, address(token), 0, 3, 4_455);
        vm.prank(relayer);
        creditMember(member(0));
        creditMember(member(0));
        assertEq(royaltiesOf(dataset), 4_455, "royalties");
        assertEq(ledger.contributionCollectedOf(collection, 0, address(token)), 4_455, "collected");
        assertEq(pullableOf(dataset), 0, "owes nothing");
        assertEq(collectableOf(dataset), 1_782, "owner of the member");
        assertEq(ledger.contributionCollectableOf(contributionOf(0), address(token)), 1_336, "its contributors share");
        creditMember(member(1));
        assertEq(collectableOf(model), 1_485, "the other member");
        assertEq(collectableOf(collection), 3_960, "owner of the collection");
    }

    function test_DoesNothingWhenNothingIsDue() public {
        creditMember(member(0));
        assertEq(royaltiesOf(dataset), 0, "royalties");
    }

    function test_ACollectionOfCollections() public {
        SumTreeBuilder.Leaf[] memory outer = new SumTreeBuilder.Leaf[](1);
        outer[0] = memberOf(collection, 1);
        uint256 top = publishShared(IAssetRegistry.Kind.Collection, outer);
        payAs(buyer, top, 1_000_000);
        creditMember(contributionOf(top, outer, 0));
        assertEq(royaltiesOf(collection), 594_000, "the inner one");
        creditMember(member(0));
        creditMember(member(1));
        assertEq(royaltiesOf(dataset), 267_300, "its first member");
        assertEq(royaltiesOf(model), 89_100, "its second member");
        assertEq(collectableOf(collection), 237_600, "its owner");
    }

    function test_RevertWhen_TheVersionIsNoCollection() public {
        payAs(buyer, dataset, 10_000);
        vm.expectRevert(
            abi.encodeWithSelector(IRevenueLedger.RevenueLedger_MemberInvalid.selector, dataset, leaves[0].account)
        );
        creditMember(contributionOf(0));
    }

    function test_RevertWhen_ACollectionPaysContributors() public {
        payAs(buyer, collection, 10_000);
        vm.expectRevert(
            abi.encodeWithSelector(
                IRevenueLedger.RevenueLedger_ContributionInvalid.selector, collection, members[0].account
            )
        );
        collectContribution(member(0));
    }

    function test_RevertWhen_TheMemberIsNone() public {
        uint256 next = collection + 1;
        uint256[5] memory none = [uint256(0), next, next + 1, uint256(uint160(alpha)), uint256(type(uint160).max)];
        SumTreeBuilder.Leaf[] memory bad = new SumTreeBuilder.Leaf[](none.length + 1);
        for (uint256 i; i < none.length; ++i) {
            bad[i] = memberOf(none[i], 1);
        }
        bad[none.length] = memberOf(next - 1, 1);
        assertEq(publishShared(IAssetRegistry.Kind.Collection, bad), next, "its own id is known before");
        payAs(buyer, next, 1_000_000);
        for (uint256 i; i < none.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(IRevenueLedger.RevenueLedger_MemberInvalid.selector, next, bad[i].account)
            );
            creditMember(contributionOf(next, bad, i));
        }
        creditMember(contributionOf(next, bad, none.length));
        assertEq(royaltiesOf(next - 1), 99_000, "the one that is a version");
    }

    function test_RevertWhen_TheProofIsAnothers() public {
        payAs(buyer, collection, 10_000);
        IRevenueLedger.Contribution memory changed = member(1);
        changed.account = address(uint160(dataset));
        vm.expectRevert(
            abi.encodeWithSelector(
                IRevenueLedger.RevenueLedger_ContributionInvalid.selector, collection, changed.account
            )
        );
        creditMember(changed);
    }
}
