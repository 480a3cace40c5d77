// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAccessMarket} from "../../src/market/IAccessMarket.sol";
import {IAssetRegistry} from "../../src/assets/IAssetRegistry.sol";
import {AssetsTest} from "./AssetsTest.sol";

contract PublishTest is AssetsTest {
    function test_TellsEverything() public {
        uint256 parent = publishFrom(ada, list(), 1000);
        IAssetRegistry.Publication memory stated = publication(list(parent), 250, WEIGHTED_ROOT, 6000);
        stated.terms.serveBps = 3000;
        stated.terms.flags = 15;
        IAssetRegistry.Edge[] memory royalties = new IAssetRegistry.Edge[](1);
        royalties[0] = IAssetRegistry.Edge({version: parent, bps: 1000});
        vm.expectEmit(true, true, true, true, address(registry));
        emit IAssetRegistry.VersionPublished(
            2, 2, boole, IAssetRegistry.Kind.Dataset, DIGEST, stated.contributors, stated.terms, 100
        );
        vm.expectEmit(true, true, true, true, address(registry));
        emit IAssetRegistry.EdgesDrawn(2, list(parent), list(), royalties, new IAssetRegistry.Edge[](0));
        uint256 asset = publishAs(boole, IAssetRegistry.Kind.Dataset, stated);

        assertEq(asset, 2, "id");
        assertEq(registry.versionCount(), 2, "count");
        assertEq(registry.assetOf(asset), asset, "asset");
        assertEq(registry.currentVersion(asset), asset, "current version");
        assertEq(registry.versionForBuyer(asset), asset, "version for sale");
        assertEq(registry.versionForSweep(asset), asset, "version of the till");
        assertEq(asset721().ownerOf(asset), boole, "owner");
        (address owner, IAssetRegistry.Rates memory rates) = registry.ratesOf(asset);
        assertEq(owner, boole, "owner by rates");
        assertEq(rates.feeBps, 100, "fee");
        assertEq(rates.owedBps, 1100, "owed");
        assertEq(rates.contributorBps, 6000, "contributors");
        assertRoyalties(asset, list(parent), list(1000));
    }

    function test_KeepsKindAndTerms() public {
        for (uint256 kind = 1; kind <= uint256(type(IAssetRegistry.Kind).max); ++kind) {
            IAssetRegistry.Publication memory stated =
                publicationOn(list(), uint16(5_000 - kind), uint16(9_000 - kind), uint8(kind));
            uint256 asset = publishAs(ada, IAssetRegistry.Kind(kind), stated);
            assertEq(uint256(registry.kindOf(asset)), kind, "kind");
            IAssetRegistry.Terms memory terms = registry.termsOf(asset);
            assertEq(terms.royaltyBps, 5_000 - kind, "royalty");
            assertEq(terms.serveBps, 9_000 - kind, "serve");
            assertEq(terms.flags, kind, "flags");
            (bytes32 committed,, bool isCollection) = registry.contributionRatesOf(asset);
            assertTrue(isCollection == (kind == uint256(IAssetRegistry.Kind.Collection)), "collection");
            assertTrue(committed == registry.commitmentOf(asset), "commitment");
        }
    }

    function commitment(address publisher, bytes32 root) internal pure returns (bytes32) {
        return bytes32(uint256(keccak256(abi.encode(publisher, DIGEST, root))) >> 64 << 64);
    }

    /// @dev A copy of a publication is another commitment, and so is a later version by a new owner. The edge beside it
    /// in the slot does not show.
    function test_CommitsToThePublisher() public {
        uint256 original = publishFrom(ada, list(), 0);
        uint256 copy = publishAs(boole, IAssetRegistry.Kind.Model, publication(list(original), 0, WEIGHTED_ROOT, 6000));
        assertTrue(registry.commitmentOf(original) == commitment(ada, 0), "publisher, digest and root");
        assertTrue(registry.commitmentOf(copy) == commitment(boole, WEIGHTED_ROOT), "of a copy");
        assertRoyalties(copy, list(original), list(0));
        vm.prank(ada);
        asset721().transferFrom(ada, relayer, original);
        assertTrue(registry.commitmentOf(original) == commitment(ada, 0), "stays");
        uint256 second = renew(relayer, original, publication(list(), 0, 0, 0));
        assertTrue(registry.commitmentOf(second) == commitment(relayer, 0), "new owner");
        assertTrue(registry.commitmentOf(second + 1) == 0, "none");
    }

    function test_RevertWhen_KindIsNone() public {
        expectRefusal(IAssetRegistry.AssetRegistry_KindInvalid.selector, 0);
        registry.publish(IAssetRegistry.Kind.None, publication(list(), 0, 0, 0));
    }

    function test_RevertWhen_KindIsBeyondTheList() public {
        bytes memory call =
            abi.encodeCall(registry.publish, (IAssetRegistry.Kind.Machine, publication(list(), 0, 0, 0)));
        call[35] = 0x0a;
        (bool success,) = address(registry).call(call);
        assertTrue(!success, "refused");
    }

    function test_RevertWhen_DigestIsZero() public {
        IAssetRegistry.Publication memory bad = publication(list(), 0, 0, 0);
        bad.manifestDigest = 0;
        vm.expectRevert(IAssetRegistry.AssetRegistry_DigestZero.selector);
        registry.publish(IAssetRegistry.Kind.Model, bad);
    }

    function expectTermsInvalid(uint256 royaltyBps, uint256 serveBps, uint256 flags) internal {
        vm.expectRevert(
            abi.encodeWithSelector(IAssetRegistry.AssetRegistry_TermsInvalid.selector, royaltyBps, serveBps, flags)
        );
        publishOn(ada, uint16(royaltyBps), uint16(serveBps), uint8(flags));
    }

    function test_RevertWhen_TermsAreInvalid() public {
        expectTermsInvalid(5_001, 0, 0);
        expectTermsInvalid(0, 9_001, 0);
        expectTermsInvalid(0, 0, 16);
        expectTermsInvalid(type(uint16).max, type(uint16).max, type(uint8).max);
        publishOn(ada, 5_000, 9_000, 15);
    }

    /// @dev The terms are copied into the event as they came, so what is no uint16 or uint8 must not come through.
    function test_RevertWhen_TermsHaveOtherTypes() public {
        bytes memory call =
            abi.encodeCall(registry.publish, (IAssetRegistry.Kind.Model, publicationOn(list(), 7, 7, 7)));
        // After the selector: kind, offset, digest, two offsets; then royalty, serve, flags, root, share, fee.
        uint256[5] memory words = [uint256(5), 6, 7, 9, 10];
        for (uint256 i; i < words.length; ++i) {
            uint256 place = 4 + 32 * words[i];
            call[place] = 0x01;
            (bool success,) = address(registry).call(call);
            assertTrue(!success, "refused");
            call[place] = 0;
        }
        (bool asItWas,) = address(registry).call(call);
        assertTrue(asItWas, "accepted");
    }

    function expectRatesInvalid(uint256 contributorBps, uint256 royaltiesBps, uint256 weightSum) internal {
        vm.expectRevert(
            abi.encodeWithSelector(
                IAssetRegistry.AssetRegistry_RatesInvalid.selector, contributorBps, royaltiesBps, 0, weightSum
            )
        );
    }

    function test_RevertWhen_ContributorsShareIsInvalid() public {
        expectRatesInvalid(10_001, 0, 8000);
        registry.publish(IAssetRegistry.Kind.Model, publication(list(), 0, WEIGHTED_ROOT, 10_001));
        expectRatesInvalid(1, 0, 0);
        registry.publish(IAssetRegistry.Kind.Model, publication(list(), 0, 0, 1));
        expectRatesInvalid(1, 0, 0);
        registry.publish(IAssetRegistry.Kind.Model, publication(list(), 0, WEIGHTED_ROOT >> 64 << 64, 1));
        registry.publish(IAssetRegistry.Kind.Model, publication(list(), 5_000, WEIGHTED_ROOT, 10_000));
    }

    function test_RevertWhen_EdgesOweMoreThanHalf() public {
        uint256 first = publishFrom(ada, list(), 2_500);
        uint256 second = publishFrom(ada, list(), 2_500);
        uint256 third = publishFrom(ada, list(), 2_501);
        publishFrom(boole, list(first, second), 0);
        expectRatesInvalid(0, 5_001, 0);
        publishFrom(boole, list(second, third), 0);
    }

    /// @dev A sum that would fit again after losing its highest bit.
    function test_RevertWhen_EdgesOweMoreThanAWordHolds() public {
        uint256[] memory parents = new uint256[](14);
        for (uint256 i; i < 14; ++i) {
            parents[i] = publishFrom(ada, list(), 5_000);
        }
        expectRatesInvalid(0, 70_000, 0);
        publishFrom(boole, parents, 0);
    }

    function test_RevertWhen_TheFeeIsHigherThanAccepted() public {
        IAssetRegistry.Publication memory stated = publication(list(), 0, 0, 0);
        stated.feeBpsMax = 99;
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.AssetRegistry_FeeTooHigh.selector, 100, 99));
        registry.publish(IAssetRegistry.Kind.Model, stated);
        stated.feeBpsMax = 100;
        registry.publish(IAssetRegistry.Kind.Model, stated);
    }

    function test_RevertWhen_ParentsAreUnordered() public {
        uint256 first = publishFrom(ada, list(), 100);
        uint256 second = publishFrom(ada, list(), 100);
        expectRefusal(IAssetRegistry.AssetRegistry_VersionsUnordered.selector, first);
        publishFrom(boole, list(second, first), 0);
        expectRefusal(IAssetRegistry.AssetRegistry_VersionsUnordered.selector, first);
        publishFrom(boole, list(first, first), 0);
        expectRefusal(IAssetRegistry.AssetRegistry_VersionsUnordered.selector, 0);
        publishFrom(boole, list(0), 0);
    }

    function test_RevertWhen_AParentIsUnknown() public {
        uint256 first = publishFrom(ada, list(), 100);
        // The version that is being published is not its own parent either.
        for (uint256 unknown = first + 1; unknown < first + 3; ++unknown) {
            expectRefusal(IAssetRegistry.AssetRegistry_VersionUnknown.selector, unknown);
            publishFrom(boole, list(first, unknown), 0);
        }
        expectRefusal(IAssetRegistry.AssetRegistry_VersionUnknown.selector, first + 1);
        renew(ada, first, publication(list(first + 1), 0, 0, 0));
    }

    function test_RevertWhen_AncestorsAreMoreThanSixteen() public {
        uint256[] memory parents = new uint256[](16);
        for (uint256 i; i < 16; ++i) {
            parents[i] = publishFrom(ada, list(), 100);
        }
        uint256 full = publishFrom(boole, parents, 100);
        expectRefusal(IAssetRegistry.AssetRegistry_EdgesTooMany.selector, 17);
        publishFrom(relayer, list(full), 0);
        expectRefusal(IAssetRegistry.AssetRegistry_EdgesTooMany.selector, 400);
        publishFrom(relayer, new uint256[](400), 0);
    }

    function test_InheritsOneEdgeForEachAncestorAsset() public {
        uint256 grandparent = publishFrom(ada, list(), 1_000);
        uint256 left = publishFrom(boole, list(grandparent), 300);
        uint256 right = publishFrom(relayer, list(grandparent), 200);
        uint256 child = publishFrom(ada, list(left, right), 0);
        assertRoyalties(child, list(grandparent, left, right), list(1_000, 300, 200));
    }

    /// @dev A later version with a smaller rate does not lower what is owed.
    function test_KeepsTheLaterVersionAtTheLargerRate() public {
        uint256 dataset = publishFrom(ada, list(), 1_000);
        uint256 modelOfFirst = publishFrom(boole, list(dataset), 50);
        uint256 second = renew(ada, dataset, publication(list(), 200, 0, 0));
        uint256 child = publishFrom(relayer, list(modelOfFirst, second), 0);
        assertRoyalties(child, list(modelOfFirst, second), list(50, 1_000));
        uint256 other = publishFrom(relayer, list(dataset, second), 0);
        assertRoyalties(other, list(second), list(1_000));
        uint256 fresh = publishFrom(relayer, list(second), 0);
        assertRoyalties(fresh, list(second), list(200));
    }

    /// @dev One to sixteen edges: beside the commitment, and in each of the four words after it.
    function test_EdgesKeepTheirPlacesInEveryWord() public {
        uint256[] memory all = new uint256[](16);
        for (uint256 i; i < 16; ++i) {
            all[i] = publishFrom(ada, list(), uint16(10 * (i + 1)));
            uint256[] memory parents = new uint256[](i + 1);
            uint256[] memory bps = new uint256[](i + 1);
            for (uint256 j; j <= i; ++j) {
                (parents[j], bps[j]) = (all[j], 10 * (j + 1));
            }
            assertRoyalties(publishFrom(boole, parents, 0), parents, bps);
        }
    }

    /* publishAndList */

    function test_ListsTheFirstOffers() public {
        IAccessMarket.OfferTerms[] memory offers = new IAccessMarket.OfferTerms[](2);
        (offers[0], offers[1]) = (offersAt(7e6)[0], offersAt(0)[0]);
        vm.prank(ada);
        uint256 asset = registry.publishAndList(IAssetRegistry.Kind.Dataset, publication(list(), 0, 0, 0), offers);
        for (uint256 i; i < 2; ++i) {
            (IAccessMarket.OfferTerms memory terms, bool open,) = market.offerOf(asset << 16 | i);
            assertTrue(open, "open");
            assertEq(terms.price, offers[i].price, "price");
        }
        assertEq(asset721().ownerOf(asset), ada, "owner");
    }

    function test_RevertWhen_AnOfferIsRefused() public {
        IAccessMarket.OfferTerms[] memory offers = offersAt(7e6);
        offers[0].token = relayer;
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_TokenNotAllowed.selector, relayer));
        vm.prank(ada);
        registry.publishAndList(IAssetRegistry.Kind.Dataset, publication(list(), 0, 0, 0), offers);
        assertEq(registry.versionCount(), 0, "nothing was published");
    }

    /* an id that is not published */

    function test_RevertWhen_TheVersionIsUnknown() public {
        uint256 asset = publishFrom(ada, list(), 0);
        uint256 second = renew(ada, asset, publication(list(), 0, 0, 0));
        bytes4[5] memory ofAssets = [
            registry.currentVersion.selector,
            registry.versionForBuyer.selector,
            registry.versionForSweep.selector,
            registry.kindOf.selector,
            registry.isRetired.selector
        ];
        bytes4[7] memory ofVersions = [
            registry.assetOf.selector,
            registry.ratesOf.selector,
            registry.contributionRatesOf.selector,
            registry.edgesOf.selector,
            registry.termsOf.selector,
            registry.isFreeOnly.selector,
            registry.isErased.selector
        ];
        uint256[3] memory unknown = [uint256(0), second + 1, type(uint256).max];
        for (uint256 i; i < unknown.length; ++i) {
            for (uint256 j; j < ofVersions.length; ++j) {
                assertUnknown(ofVersions[j], unknown[i]);
            }
            for (uint256 j; j < ofAssets.length; ++j) {
                assertUnknown(ofAssets[j], unknown[i]);
            }
            assertUnknown(registry.isSoldExclusively.selector, unknown[i]);
        }
        // A later version is a version, and no asset.
        for (uint256 j; j < ofAssets.length; ++j) {
            assertUnknown(ofAssets[j], second);
        }
        assertUnknown(registry.isSoldExclusively.selector, second);
    }

    function assertUnknown(bytes4 selector, uint256 id) internal view {
        (bool success, bytes memory answer) = address(registry).staticcall(abi.encodeWithSelector(selector, id));
        bytes memory expected = abi.encodeWithSelector(IAssetRegistry.AssetRegistry_VersionUnknown.selector, id);
        assertTrue(!success && keccak256(answer) == keccak256(expected), "unknown");
    }
}
