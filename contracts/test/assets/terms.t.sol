// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAccessMarket} from "../../src/market/IAccessMarket.sol";
import {IAssetRegistry} from "../../src/assets/IAssetRegistry.sol";
import {AssetsTest} from "./AssetsTest.sol";

contract TermsTest is AssetsTest {
    function expectTermsRefuse(uint256 version) internal {
        expectRefusal(IAssetRegistry.AssetRegistry_TermsRefuse.selector, version);
    }

    function expectRetired(uint256 version) internal {
        expectRefusal(IAssetRegistry.AssetRegistry_VersionRetired.selector, version);
    }

    function test_RevertWhen_OthersMayNotBuild() public {
        uint256 closed = publishOn(ada, 100, 0, COMMERCIAL);
        uint256 second = renew(ada, closed, publicationOn(list(), 100, 0, CONSENT | ATTRIBUTION | COMMERCIAL));
        expectTermsRefuse(closed);
        publishFrom(boole, list(closed), 0);
        expectTermsRefuse(second);
        publishFrom(boole, list(second), 0);

        assertRoyalties(publishFrom(ada, list(closed), 0), list(closed), list(100));
        vm.prank(ada);
        asset721().transferFrom(ada, boole, closed);
        assertRoyalties(publishFrom(boole, list(second), 0), list(second), list(100));
        expectTermsRefuse(closed);
        publishFrom(ada, list(closed), 0);
    }

    /// @dev The terms are the version's, whatever its asset's others say.
    function test_EachVersionHasItsOwnTerms() public {
        uint256 open = publishFrom(ada, list(), 100);
        uint256 closed = renew(ada, open, publicationOn(list(), 100, 0, 0));
        publishFrom(boole, list(open), 0);
        expectTermsRefuse(closed);
        publishFrom(boole, list(closed), 0);
    }

    function test_RevertWhen_ItIsRetired() public {
        uint256 asset = publishFrom(ada, list(), 100);
        uint256 second = renew(ada, asset, publication(list(), 100, 0, 0));
        vm.prank(ada);
        registry.retire(asset);
        address[2] memory publishers = [ada, boole];
        for (uint256 i; i < 2; ++i) {
            expectRetired(asset);
            publishFrom(publishers[i], list(asset), 0);
            expectRetired(second);
            publishFrom(publishers[i], list(second), 0);
        }
    }

    function test_RevertWhen_ItIsErased() public {
        uint256 first = publishFrom(ada, list(), 100);
        uint256 second = renew(ada, first, publication(list(), 100, 0, 0));
        uint256 third = renew(ada, first, publication(list(), 100, 0, 0));
        vm.prank(ada);
        registry.erase(second);
        expectRetired(second);
        publishFrom(ada, list(second), 0);
        publishFrom(boole, list(third), 0);
        vm.prank(ada);
        registry.erase(first);
        expectRetired(first);
        publishFrom(boole, list(first), 0);
    }

    /* free only */

    function test_FreeOnlyIsInheritedByWhomever() public {
        uint256 source = publishOn(ada, 0, 500, DERIVATIVES);
        assertTrue(!registry.isFreeOnly(source), "its owner may sell the source itself");
        uint256 child = publishFrom(boole, list(source), 0);
        assertTrue(registry.isFreeOnly(child), "what another built");
        uint256 grandchild = publishFrom(relayer, list(child), 0);
        assertTrue(registry.isFreeOnly(grandchild), "two steps away");
        assertTrue(registry.isFreeOnly(publishFrom(boole, list(child), 0)), "from one's own free one");
        assertTrue(registry.isFreeOnly(publishFrom(ada, list(grandchild), 0)), "the first owner, from another's");
        assertTrue(!registry.isFreeOnly(publishFrom(ada, list(source), 0)), "the owner, from its own");
        uint256 sold = publishAs(boole, IAssetRegistry.Kind.Service, service(list(source)));
        assertTrue(registry.isFreeOnly(sold), "a service that sells its work");
        assertTrue(!registry.isFreeOnly(publishService(ada, list(source), 0, 0)), "its owner's service");
    }

    function test_AFreeAssetStaysFree() public {
        uint256 source = publishOn(ada, 0, 0, DERIVATIVES);
        uint256 child = publishFrom(boole, list(source), 0);
        uint256 second = renew(boole, child, publication(list(), 0, 0, 0));
        assertTrue(registry.isFreeOnly(second), "a later version");
        vm.prank(ada);
        registry.releaseEdge(child, source);
        uint256 third = renew(boole, child, publication(list(), 0, 0, 0));
        assertRoyalties(third, list(), list());
        assertTrue(registry.isFreeOnly(third), "released from the royalty alone");
        assertTrue(registry.isFreeOnly(publishFrom(relayer, list(third), 0)), "what is built from it");
    }

    /// @dev Else an offer with a price, listed before, would sell it.
    function test_RevertWhen_AnAssetThatMayBeSoldWouldBecomeFree() public {
        uint256 source = publishOn(ada, 0, 500, DERIVATIVES);
        uint256 model = publishFrom(boole, list(), 0);
        expectTermsRefuse(source);
        renew(boole, model, publication(list(source), 0, 0, 0));
        uint256 sold = publishService(boole, list(), 0, 0);
        expectTermsRefuse(source);
        renew(boole, sold, service(list(source)));
        uint256 child = publishFrom(boole, list(source), 0);
        expectTermsRefuse(child);
        renew(boole, model, publication(list(child), 0, 0, 0));
        renew(boole, child, publication(list(source), 0, 0, 0));
    }

    function test_RevertWhen_AFreeAssetIsOfferedAtAPrice() public {
        uint256 child = publishFrom(boole, list(publishOn(ada, 0, 0, DERIVATIVES)), 0);
        IAccessMarket.OfferTerms memory offer = offersAt(1)[0];
        expectRefusal(IAccessMarket.AccessMarket_CommercialUseRefused.selector, child);
        vm.prank(boole);
        market.listOffer(child, 0, offer);
        offer.price = 0;
        vm.prank(boole);
        market.listOffer(child, 0, offer);

        IAssetRegistry.Publication memory grandchild = publication(list(child), 0, 0, 0);
        IAccessMarket.OfferTerms[] memory priced = offersAt(1);
        expectRefusal(IAccessMarket.AccessMarket_CommercialUseRefused.selector, child + 1);
        registry.publishAndList(IAssetRegistry.Kind.Model, grandchild, priced);
    }

    function test_AttributionIsToldOnly() public {
        uint256 source = publishOn(ada, 100, 0, DERIVATIVES | ATTRIBUTION | COMMERCIAL);
        assertEq(registry.termsOf(source).flags, 13, "flags");
        assertTrue(!registry.isFreeOnly(publishFrom(boole, list(source), 0)), "may be sold");
    }
}
