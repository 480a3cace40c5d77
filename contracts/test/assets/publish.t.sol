// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAssetRegistry} from "../../src/assets/IAssetRegistry.sol";
import {AgoraiTest} from "../utils/AgoraiTest.sol";

contract PublishTest is AgoraiTest {
    bytes32 internal constant WEIGHTED_ROOT = bytes32(uint256(keccak256("a root")) << 64 | 8000);

    function ratesOf(uint256 version) internal view returns (IAssetRegistry.Rates memory rates) {
        (, rates) = registry.ratesOf(version);
    }

    function assertEdges(uint256 version, uint256[] memory ancestors, uint256[] memory bps) internal view {
        IAssetRegistry.Edge[] memory edges = registry.edgesOf(version);
        assertEq(edges.length, ancestors.length, "number of edges");
        uint256 sum;
        for (uint256 i; i < edges.length; ++i) {
            assertEq(edges[i].ancestor, ancestors[i], "ancestor");
            assertEq(edges[i].bps, bps[i], "rate");
            sum += bps[i];
        }
        assertEq(ratesOf(version).edgesBps, sum, "sum of the rates");
        (uint256 none,) = registry.edgeAt(version, edges.length);
        assertEq(none, 0, "no edge beyond the last");
    }

    /* publish */

    function test_TellsEverythingInOneEvent() public {
        uint256 parent = publishFrom(ada, list(), 1000);
        IAssetRegistry.Edge[] memory edges = new IAssetRegistry.Edge[](1);
        edges[0] = IAssetRegistry.Edge({ancestor: parent, bps: 1000});
        vm.expectEmit(true, true, true, true, address(registry));
        emit IAssetRegistry.VersionPublished(
            2,
            2,
            boole,
            IAssetRegistry.Kind.Dataset,
            DIGEST,
            IAssetRegistry.Contributors(WEIGHTED_ROOT, 6000),
            IAssetRegistry.Rates({royaltyBps: 250, edgesBps: 1000, feeBps: 100, contributorBps: 6000}),
            list(parent),
            edges
        );
        vm.prank(boole);
        uint256 asset =
            registry.publish(IAssetRegistry.Kind.Dataset, publication(list(parent), 250, WEIGHTED_ROOT, 6000));

        assertEq(asset, 2, "id");
        assertEq(registry.versionCount(), 2, "count");
        assertEq(registry.assetOf(asset), asset, "asset");
        assertEq(registry.currentVersion(asset), asset, "current version");
        assertEq(uint256(registry.kindOf(asset)), uint256(IAssetRegistry.Kind.Dataset), "kind");
        assertEq(asset721().ownerOf(asset), boole, "owner");
        (address owner, IAssetRegistry.Rates memory rates) = registry.ratesOf(asset);
        assertEq(owner, boole, "owner by rates");
        assertEq(rates.royaltyBps, 250, "royalty");
        assertEq(rates.feeBps, 100, "fee");
        assertEq(rates.contributorBps, 6000, "contributors");
        assertTrue(
            registry.commitmentOf(asset) == keccak256(abi.encode(boole, DIGEST, WEIGHTED_ROOT)),
            "commitment to publisher, digest and root"
        );
    }

    /// @dev A copy of a publication is another commitment, and so is a later version by a new owner.
    function test_CommitsToThePublisher() public {
        uint256 original = publishFrom(ada, list(), 0);
        uint256 copy = publishFrom(boole, list(), 0);
        assertTrue(registry.commitmentOf(original) != registry.commitmentOf(copy), "differs");
        vm.prank(ada);
        asset721().transferFrom(ada, relayer, original);
        assertTrue(registry.commitmentOf(original) == keccak256(abi.encode(ada, DIGEST, bytes32(0))), "stays");
        vm.prank(relayer);
        uint256 second = registry.publishVersion(original, publication(list(), 0, 0, 0));
        assertTrue(registry.commitmentOf(second) == keccak256(abi.encode(relayer, DIGEST, bytes32(0))), "new owner");
    }

    function test_RevertWhen_KindIsNone() public {
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.AssetRegistry_KindInvalid.selector, 0));
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

    function expectRatesInvalid(uint256 contributorBps, uint256 edgesBps, uint256 royaltyBps, uint256 weightSum)
        internal
    {
        vm.expectRevert(
            abi.encodeWithSelector(
                IAssetRegistry.AssetRegistry_RatesInvalid.selector, contributorBps, edgesBps, royaltyBps, weightSum
            )
        );
    }

    function test_RevertWhen_ARateIsAboveItsCap() public {
        expectRatesInvalid(10_001, 0, 0, 8000);
        registry.publish(IAssetRegistry.Kind.Model, publication(list(), 0, WEIGHTED_ROOT, 10_001));
        expectRatesInvalid(0, 0, 5_001, 0);
        registry.publish(IAssetRegistry.Kind.Model, publication(list(), 5_001, 0, 0));
        expectRatesInvalid(1, 0, 0, 0);
        registry.publish(IAssetRegistry.Kind.Model, publication(list(), 0, 0, 1));
        registry.publish(IAssetRegistry.Kind.Model, publication(list(), 5_000, WEIGHTED_ROOT, 10_000));
    }

    function test_RevertWhen_TheFeeIsAboveItsCap() public {
        bytes memory code = vm.getCode("contracts/out/AssetRegistry.sol/AssetRegistry.json");
        (bool success,) = DEPLOYER.call(abi.encodePacked(bytes32(0), code, abi.encode(501)));
        assertTrue(!success, "refused");
        deploy("AssetRegistry", abi.encode(500), 0);
    }

    function test_RevertWhen_EdgesOweMoreThanHalf() public {
        uint256 first = publishFrom(ada, list(), 2_500);
        uint256 second = publishFrom(ada, list(), 2_500);
        uint256 third = publishFrom(ada, list(), 2_501);
        publishFrom(boole, list(first, second), 0);
        expectRatesInvalid(0, 5_001, 0, 0);
        publishFrom(boole, list(second, third), 0);
    }

    /// @dev A sum that would fit again after losing its highest bit.
    function test_RevertWhen_EdgesOweMoreThanAWordHolds() public {
        uint256[] memory parents = new uint256[](14);
        for (uint256 i; i < 14; ++i) {
            parents[i] = publishFrom(ada, list(), 5_000);
        }
        expectRatesInvalid(0, 70_000, 0, 0);
        publishFrom(boole, parents, 0);
    }

    function test_RevertWhen_ParentsAreUnordered() public {
        uint256 first = publishFrom(ada, list(), 100);
        uint256 second = publishFrom(ada, list(), 100);
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.AssetRegistry_ParentsUnordered.selector, first));
        publishFrom(boole, list(second, first), 0);
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.AssetRegistry_ParentsUnordered.selector, first));
        publishFrom(boole, list(first, first), 0);
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.AssetRegistry_ParentsUnordered.selector, 0));
        publishFrom(boole, list(0), 0);
    }

    function test_RevertWhen_AParentIsUnknown() public {
        uint256 first = publishFrom(ada, list(), 100);
        // The version that is being published is not its own parent either.
        for (uint256 unknown = first + 1; unknown < first + 3; ++unknown) {
            vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.AssetRegistry_VersionUnknown.selector, unknown));
            publishFrom(boole, list(first, unknown), 0);
        }
    }

    function test_RevertWhen_AncestorsAreMoreThanSixteen() public {
        uint256[] memory parents = new uint256[](16);
        for (uint256 i; i < 16; ++i) {
            parents[i] = publishFrom(ada, list(), 100);
        }
        uint256 full = publishFrom(boole, parents, 100);
        assertEq(registry.edgesOf(full).length, 16, "sixteen are allowed");
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.AssetRegistry_EdgesTooMany.selector, 17));
        publishFrom(relayer, list(full), 0);
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.AssetRegistry_EdgesTooMany.selector, 400));
        publishFrom(relayer, new uint256[](400), 0);
    }

    function test_InheritsOneEdgeForEachAncestorAsset() public {
        uint256 grandparent = publishFrom(ada, list(), 1_000);
        uint256 left = publishFrom(boole, list(grandparent), 300);
        uint256 right = publishFrom(relayer, list(grandparent), 200);
        uint256 child = publishFrom(ada, list(left, right), 0);
        uint256[] memory ancestors = new uint256[](3);
        uint256[] memory bps = new uint256[](3);
        (ancestors[0], ancestors[1], ancestors[2]) = (grandparent, left, right);
        (bps[0], bps[1], bps[2]) = (1_000, 300, 200);
        assertEdges(child, ancestors, bps);
    }

    /// @dev A later version with a smaller rate does not lower what is owed.
    function test_KeepsTheLaterVersionAtTheLargerRate() public {
        uint256 dataset = publishFrom(ada, list(), 1_000);
        uint256 modelOfFirst = publishFrom(boole, list(dataset), 50);
        vm.prank(ada);
        uint256 second = registry.publishVersion(dataset, publication(list(), 200, 0, 0));
        uint256 child = publishFrom(relayer, list(modelOfFirst, second), 0);
        assertEdges(child, list(modelOfFirst, second), list(50, 1_000));
        uint256 other = publishFrom(relayer, list(dataset, second), 0);
        assertEdges(other, list(second), list(1_000));
        uint256 fresh = publishFrom(relayer, list(second), 0);
        assertEdges(fresh, list(second), list(200));
    }

    function test_EdgesKeepTheirPlacesInEveryWord() public {
        uint256[] memory parents = new uint256[](16);
        uint256[] memory bps = new uint256[](16);
        for (uint256 i; i < 16; ++i) {
            bps[i] = 10 * (i + 1);
            parents[i] = publishFrom(ada, list(), uint16(bps[i]));
        }
        uint256 child = publishFrom(boole, parents, 0);
        assertEdges(child, parents, bps);
        (uint256 none,) = registry.edgeAt(child, 16);
        assertEq(none, 0, "no seventeenth");
    }

    /* publishVersion */

    function test_RevertWhen_TheAssetIsUnknown() public {
        uint256 asset = publishFrom(ada, list(), 0);
        vm.prank(ada);
        uint256 second = registry.publishVersion(asset, publication(list(), 0, 0, 0));
        uint256[3] memory unknown = [uint256(0), second, 99];
        for (uint256 i; i < unknown.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.AssetRegistry_VersionUnknown.selector, unknown[i]));
            vm.prank(ada);
            registry.publishVersion(unknown[i], publication(list(), 0, 0, 0));
        }
    }

    function test_RevertWhen_TheCallerIsNotTheOwner() public {
        uint256 asset = publishFrom(ada, list(), 0);
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.AssetRegistry_NotOwner.selector, boole, asset));
        vm.prank(boole);
        registry.publishVersion(asset, publication(list(), 0, 0, 0));
    }

    function test_ALaterVersionBecomesCurrentAndKeepsWhatIsOwed() public {
        uint256 dataset = publishFrom(ada, list(), 1_000);
        uint256 other = publishFrom(ada, list(), 300);
        uint256 model = publishFrom(boole, list(dataset), 500);
        vm.prank(boole);
        uint256 second = registry.publishVersion(model, publication(list(other), 700, WEIGHTED_ROOT, 1_000));
        assertEdges(second, list(dataset, other), list(1_000, 300));
        vm.prank(boole);
        uint256 third = registry.publishVersion(model, publication(list(), 0, 0, 0));
        assertEdges(third, list(dataset, other), list(1_000, 300));
        assertEdges(model, list(dataset), list(1_000));

        assertEq(registry.currentVersion(model), third, "current version");
        assertEq(registry.assetOf(second), model, "asset of the second");
        assertEq(ratesOf(model).royaltyBps, 500, "the first version's rate stays");
        assertEq(ratesOf(second).royaltyBps, 700, "royalty of the second");
        assertEq(ratesOf(second).contributorBps, 1_000, "contributors of the second");
        assertEq(ratesOf(third).royaltyBps, 0, "royalty of the third");
        (address owner,) = registry.ratesOf(second);
        assertEq(owner, boole, "owner of a later version is the asset's");
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.AssetRegistry_VersionUnknown.selector, second));
        registry.currentVersion(second);
    }

    function test_AVersionNeverOwesItsOwnAsset() public {
        uint256 model = publishFrom(boole, list(), 500);
        uint256 fineTune = publishFrom(ada, list(model), 200);
        vm.prank(boole);
        uint256 second = registry.publishVersion(model, publication(list(model, fineTune), 500, 0, 0));
        assertEdges(second, list(fineTune), list(200));
    }

    /* transferFrom */

    function testFuzz_ATransferKeepsEverything(uint256 seed) public {
        uint16 royalty = uint16(bound(seed, 0, 5_000));
        uint256 parent = publishFrom(ada, list(), uint16(bound(seed >> 16, 0, 5_000)));
        vm.prank(boole);
        uint256 asset = registry.publish(
            IAssetRegistry.Kind(bound(seed >> 32, 1, 9)),
            publication(list(parent), royalty, WEIGHTED_ROOT, uint16(bound(seed >> 48, 0, 10_000)))
        );
        if (seed % 2 == 0) {
            vm.prank(boole);
            registry.publishVersion(asset, publication(list(), 1, 0, 0));
        }
        bytes memory before = stateOf(asset);
        vm.prank(boole);
        asset721().transferFrom(boole, relayer, asset);
        assertTrue(keccak256(stateOf(asset)) == keccak256(before), "state");
        assertEq(asset721().ownerOf(asset), relayer, "owner");
    }

    function stateOf(uint256 asset) internal view returns (bytes memory) {
        return abi.encode(
            ratesOf(asset),
            registry.kindOf(asset),
            registry.currentVersion(asset),
            registry.edgesOf(asset),
            registry.commitmentOf(asset)
        );
    }

    function test_SpeaksErc721() public {
        uint256 asset = publishFrom(boole, list(), 0);
        assertTrue(asset721().supportsInterface(0x80ac58cd), "ERC-721");
        assertTrue(keccak256(bytes(asset721().name())) == keccak256("Agorai Assets"), "name");
        assertTrue(
            keccak256(bytes(asset721().tokenURI(asset)))
                == keccak256('data:application/json,{"name":"Agorai asset 1"}'),
            "metadata"
        );
        vm.expectRevert(bytes4(keccak256("TokenDoesNotExist()")));
        asset721().tokenURI(asset + 1);
    }
}
