// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAssetRegistry} from "../../src/assets/IAssetRegistry.sol";
import {AssetsTest} from "./AssetsTest.sol";

contract PublishVersionTest is AssetsTest {
    event MetadataUpdate(uint256 _tokenId);

    function test_RevertWhen_TheAssetIsUnknown() public {
        uint256 asset = publishFrom(ada, list(), 0);
        uint256 second = renew(ada, asset, publication(list(), 0, 0, 0));
        uint256[3] memory unknown = [uint256(0), second, 99];
        for (uint256 i; i < unknown.length; ++i) {
            expectRefusal(IAssetRegistry.AssetRegistry_VersionUnknown.selector, unknown[i]);
            renew(ada, unknown[i], publication(list(), 0, 0, 0));
        }
    }

    function test_RevertWhen_TheCallerIsNotTheOwner() public {
        uint256 asset = publishFrom(ada, list(), 0);
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.AssetRegistry_NotOwner.selector, boole, asset));
        renew(boole, asset, publication(list(), 0, 0, 0));
    }

    function test_BecomesCurrentAndKeepsWhatIsOwed() public {
        uint256 dataset = publishFrom(ada, list(), 1_000);
        uint256 other = publishFrom(ada, list(), 300);
        uint256 model = publishFrom(boole, list(dataset), 500);
        vm.expectEmit(true, true, true, true, address(registry));
        emit MetadataUpdate(model);
        uint256 second = renew(boole, model, publication(list(other), 700, WEIGHTED_ROOT, 1_000));
        assertRoyalties(second, list(dataset, other), list(1_000, 300));
        uint256 third = renew(boole, model, publication(list(), 0, WEIGHTED_ROOT, 1_000));
        assertRoyalties(third, list(dataset, other), list(1_000, 300));
        assertRoyalties(model, list(dataset), list(1_000));

        assertEq(registry.currentVersion(model), third, "current version");
        assertEq(registry.versionCount(), third, "count");
        assertEq(registry.assetOf(second), model, "asset of the second");
        assertEq(registry.termsOf(model).royaltyBps, 500, "the first version's terms stay");
        assertEq(registry.termsOf(second).royaltyBps, 700, "royalty of the second");
        assertEq(ratesOf(second).contributorBps, 1_000, "contributors of the second");
        assertEq(registry.termsOf(third).royaltyBps, 0, "royalty of the third");
        (address owner,) = registry.ratesOf(second);
        assertEq(owner, boole, "owner of a later version is the asset's");
        assertEq(uint256(registry.kindOf(model)), uint256(IAssetRegistry.Kind.Model), "kind");
    }

    /// @dev It tells what it owes even when it states nothing: those that only listen know as much.
    function test_TellsWhatItKeeps() public {
        uint256 dataset = publishFrom(ada, list(), 1_000);
        uint256 model = publishFrom(boole, list(dataset), 500);
        IAssetRegistry.Edge[] memory royalties = new IAssetRegistry.Edge[](1);
        royalties[0] = IAssetRegistry.Edge({version: dataset, bps: 1_000});
        vm.expectEmit(true, true, true, true, address(registry));
        emit IAssetRegistry.EdgesDrawn(model + 1, list(), list(), royalties, new IAssetRegistry.Edge[](0));
        renew(boole, model, publication(list(), 0, 0, 0));
    }

    function test_ACollectionOfLaterVersionsStaysOne() public {
        uint256 asset = publishAs(ada, IAssetRegistry.Kind.Collection, publication(list(), 0, WEIGHTED_ROOT, 1_000));
        uint256 second = renew(ada, asset, publication(list(), 0, WEIGHTED_ROOT, 1_000));
        (,, bool isCollection) = registry.contributionRatesOf(second);
        assertTrue(isCollection, "of a later version, too");
    }

    function test_NeverOwesItsOwnAsset() public {
        uint256 model = publishFrom(boole, list(), 500);
        uint256 fineTune = publishFrom(ada, list(model), 200);
        uint256 second = renew(boole, model, publication(list(model, fineTune), 500, 0, 0));
        assertRoyalties(second, list(fineTune), list(200));
    }

    /// @dev Naming a later, cheaper version of an ancestor does not lower what is owed.
    function test_ReplacesAnAncestorByItsLaterVersionAtTheLargerRate() public {
        uint256 dataset = publishFrom(ada, list(), 1_000);
        uint256 model = publishFrom(boole, list(dataset), 0);
        uint256 cheaper = renew(ada, dataset, publication(list(), 200, 0, 0));
        uint256 dearer = renew(ada, dataset, publication(list(), 1_500, 0, 0));
        uint256 second = renew(boole, model, publication(list(cheaper), 0, 0, 0));
        assertRoyalties(second, list(cheaper), list(1_000));
        uint256 third = renew(boole, model, publication(list(dearer), 0, 0, 0));
        assertRoyalties(third, list(dearer), list(1_500));
        uint256 fourth = renew(boole, model, publication(list(dataset), 0, 0, 0));
        assertRoyalties(fourth, list(dearer), list(1_500));
    }

    function test_RevertWhen_ContributorsShrink() public {
        vm.prank(ada);
        uint256 asset = registry.publish(IAssetRegistry.Kind.Dataset, publication(list(), 0, WEIGHTED_ROOT, 6_000));
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.AssetRegistry_ContributorsShrunk.selector, 5_999, 6_000));
        renew(ada, asset, publication(list(), 0, WEIGHTED_ROOT, 5_999));
        renew(ada, asset, publication(list(), 0, WEIGHTED_ROOT, 7_000));
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.AssetRegistry_ContributorsShrunk.selector, 6_000, 7_000));
        renew(ada, asset, publication(list(), 0, WEIGHTED_ROOT, 6_000));
        vm.prank(ada);
        asset721().transferFrom(ada, boole, asset);
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.AssetRegistry_ContributorsShrunk.selector, 0, 7_000));
        renew(boole, asset, publication(list(), 0, 0, 0));
    }

    function test_HasTheFeeOfItsTime() public {
        uint256 asset = publishFrom(ada, list(), 0);
        vm.prank(governor);
        registry.setFee(500);
        uint256 second = renew(ada, asset, publication(list(), 0, 0, 0));
        vm.prank(governor);
        registry.setFee(0);
        uint256 third = renew(ada, asset, publication(list(), 0, 0, 0));
        assertEq(ratesOf(asset).feeBps, 100, "first");
        assertEq(ratesOf(second).feeBps, 500, "second");
        assertEq(ratesOf(third).feeBps, 0, "third");
        assertEq(registry.versionCount(), third, "the count beside the fee");
        assertEq(registry.feeBps(), 0, "fee");
    }

    /* releaseEdge */

    function test_DropsWhatWasReleased() public {
        uint256 dataset = publishFrom(ada, list(), 1_000);
        uint256 other = publishFrom(relayer, list(), 300);
        uint256 model = publishFrom(boole, list(dataset, other), 0);
        uint256 sibling = publishFrom(boole, list(dataset), 0);
        vm.expectEmit(true, true, true, true, address(registry));
        emit IAssetRegistry.EdgeReleased(model, dataset);
        vm.prank(ada);
        registry.releaseEdge(model, dataset);
        assertTrue(registry.isReleased(model, dataset), "released");
        assertTrue(!registry.isReleased(model, other), "the other is not");

        assertRoyalties(model, list(dataset, other), list(1_000, 300));
        uint256 second = renew(boole, model, publication(list(), 0, 0, 0));
        assertRoyalties(second, list(other), list(300));
        uint256 third = renew(boole, model, publication(list(dataset), 0, 0, 0));
        assertRoyalties(third, list(dataset, other), list(1_000, 300));
        uint256 ofSibling = renew(boole, sibling, publication(list(), 0, 0, 0));
        assertRoyalties(ofSibling, list(dataset), list(1_000));
    }

    function test_RevertWhen_TheReleaserIsNotTheAncestorsOwner() public {
        uint256 dataset = publishFrom(ada, list(), 1_000);
        uint256 model = publishFrom(boole, list(dataset), 0);
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.AssetRegistry_NotOwner.selector, boole, dataset));
        vm.prank(boole);
        registry.releaseEdge(model, dataset);
        expectRefusal(IAssetRegistry.AssetRegistry_VersionUnknown.selector, 99);
        vm.prank(ada);
        registry.releaseEdge(99, dataset);
    }
}
