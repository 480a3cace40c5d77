// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAccessMarket} from "../../src/market/IAccessMarket.sol";
import {IAssetRegistry} from "../../src/assets/IAssetRegistry.sol";
import {AgoraiTest} from "../utils/AgoraiTest.sol";

/// @notice Short words for what is published, signed and owed.
abstract contract AssetsTest is AgoraiTest {
    bytes32 internal constant WEIGHTED_ROOT = bytes32(uint256(keccak256("a root")) << 64 | 8000);
    uint256 internal constant ADA_KEY = uint256(keccak256("ada, dataset owner"));
    bytes32 internal constant CONSENT_TYPEHASH =
        keccak256("Consent(uint256 version,address publisher,bytes32 manifestDigest,bytes32 nonce,uint256 expiry)");
    bytes32 internal constant PUBLISH_TYPEHASH = keccak256(
        "Publish(address publisher,uint8 kind,bytes32 manifestDigest,bytes32 terms,uint256 nonce,uint256 expiry)"
    );

    /* PUBLISHING */

    /// @dev A publication with other terms than the usual ones.
    function publicationOn(uint256[] memory parents, uint16 royaltyBps, uint16 serveBps, uint8 flags)
        internal
        pure
        returns (IAssetRegistry.Publication memory stated)
    {
        stated = publication(parents, royaltyBps, 0, 0);
        stated.terms = IAssetRegistry.Terms({royaltyBps: royaltyBps, serveBps: serveBps, flags: flags});
    }

    function publishOn(address owner, uint16 royaltyBps, uint16 serveBps, uint8 flags) internal returns (uint256) {
        return publishAs(owner, IAssetRegistry.Kind.Model, publicationOn(list(), royaltyBps, serveBps, flags));
    }

    function renew(address owner, uint256 asset, IAssetRegistry.Publication memory stated) internal returns (uint256) {
        vm.prank(owner);
        return registry.publishVersion(asset, stated);
    }

    function service(uint256[] memory suppliers) internal pure returns (IAssetRegistry.Publication memory stated) {
        stated = publication(list(), 0, 0, 0);
        stated.suppliers = suppliers;
    }

    function offersAt(uint256 price) internal view returns (IAccessMarket.OfferTerms[] memory offers) {
        offers = new IAccessMarket.OfferTerms[](1);
        (offers[0].token, offers[0].price) = (address(token), price);
        offers[0].usage = IAccessMarket.Usage.Internal;
    }

    /* SIGNING */

    function consentDigest(uint256 version, address publisher, bytes32 nonce, uint256 expiry)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(CONSENT_TYPEHASH, version, publisher, DIGEST, nonce, expiry));
    }

    /// @dev What Ada signs so that `publisher` may build from `version`, or sell its work, in the next hour.
    function consentOf(uint256 version, address publisher, bytes32 nonce)
        internal
        view
        returns (IAssetRegistry.Consent memory)
    {
        uint256 expiry = block.timestamp + 1 hours;
        return IAssetRegistry.Consent({
            version: version,
            nonce: nonce,
            expiry: expiry,
            signature: signFor(ADA_KEY, address(registry), consentDigest(version, publisher, nonce, expiry))
        });
    }

    function only(IAssetRegistry.Consent memory consent) internal pure returns (IAssetRegistry.Consent[] memory items) {
        items = new IAssetRegistry.Consent[](1);
        items[0] = consent;
    }

    /* SAYING WHAT MUST BE */

    function ratesOf(uint256 version) internal view returns (IAssetRegistry.Rates memory rates) {
        (, rates) = registry.ratesOf(version);
    }

    function assertEdges(IAssetRegistry.Edge[] memory edges, uint256[] memory versions, uint256[] memory bps)
        internal
        pure
    {
        assertEq(edges.length, versions.length, "number of edges");
        for (uint256 i; i < edges.length; ++i) {
            assertEq(edges[i].version, versions[i], "version that is owed");
            assertEq(edges[i].bps, bps[i], "rate");
        }
    }

    function sumOf(uint256[] memory items) internal pure returns (uint256 sum) {
        for (uint256 i; i < items.length; ++i) {
            sum += items[i];
        }
    }

    /// @dev What a version owes in all, and that its rates agree with it.
    function assertOwes(
        uint256 version,
        uint256[] memory ancestors,
        uint256[] memory royaltiesBps,
        uint256[] memory suppliers,
        uint256[] memory suppliesBps
    ) internal view {
        (uint256 feeBps, IAssetRegistry.Edge[] memory royalties, IAssetRegistry.Edge[] memory supplies) =
            registry.edgesOf(version);
        assertEdges(royalties, ancestors, royaltiesBps);
        assertEdges(supplies, suppliers, suppliesBps);
        assertEq(feeBps, uint256(FEE_BPS) * (10_000 - sumOf(suppliesBps)) / 10_000, "fee on value added");
        assertEq(ratesOf(version).feeBps, feeBps, "fee by rates");
        assertEq(ratesOf(version).owedBps, feeBps + sumOf(royaltiesBps) + sumOf(suppliesBps), "owed in all");
    }

    function assertRoyalties(uint256 version, uint256[] memory ancestors, uint256[] memory bps) internal view {
        assertOwes(version, ancestors, bps, list(), list());
    }

    function expectRefusal(bytes4 selector, uint256 value) internal {
        vm.expectRevert(abi.encodeWithSelector(selector, value));
    }
}
