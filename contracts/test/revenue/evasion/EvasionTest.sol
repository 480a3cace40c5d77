// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAssetRegistry} from "../../../src/assets/IAssetRegistry.sol";
import {IAccessMarket} from "../../../src/market/IAccessMarket.sol";
import {AgoraiTest} from "../../utils/AgoraiTest.sol";

/// @notice Ada's ancestor asks 10 %, Boole's model is built from it, and Boole would rather keep it all.
abstract contract EvasionTest is AgoraiTest {
    uint256 internal constant SALE = 1_000_000;
    uint16 internal constant RATE = 1000;
    uint256 internal constant DUE = 100_000;

    uint256 internal ancestor;
    uint256 internal model;

    function setUp() public virtual override {
        super.setUp();
        ancestor = publishFrom(ada, list(), RATE);
        model = publishFrom(boole, list(ancestor), 0);
    }

    /// @dev Whatever happened before: one sale of a version brings the ancestor its due.
    function assertOwed(uint256 version) internal {
        uint256 before = royaltiesOf(ancestor);
        payAs(buyer, version, SALE);
        pull(version);
        assertEq(royaltiesOf(ancestor) - before, DUE, "the ancestor's due");
    }

    function royaltiesOf(uint256 version) internal view returns (uint256 royalties) {
        (, royalties,,) = ledger.accountOf(version, address(token));
    }

    function salesOf(uint256 version) internal view returns (uint256 sales) {
        (sales,,,) = ledger.accountOf(version, address(token));
    }

    function drawn(uint256[] memory parents, uint256[] memory suppliers, uint16 serveBps)
        internal
        pure
        returns (IAssetRegistry.Publication memory stated)
    {
        stated = publication(parents, 0, 0, 0);
        stated.suppliers = suppliers;
        stated.terms.serveBps = serveBps;
    }

    /* THE MARKET */

    function listOf(uint256 asset, uint16 index, uint256 price, uint16 refundHours) internal returns (uint256) {
        IAccessMarket.OfferTerms memory terms;
        (terms.token, terms.price, terms.refundHours) = (address(token), price, refundHours);
        terms.usage = IAccessMarket.Usage.Train;
        vm.prank(asset721().ownerOf(asset));
        return market.listOffer(asset, index, terms);
    }

    function purchaseOf(uint256 offerId) internal view returns (IAccessMarket.Purchase memory purchase) {
        purchase.offerId = offerId;
        purchase.version = registry.currentVersion(offerId >> 16);
        purchase.holder = buyer;
        purchase.quantity = 1;
        purchase.amountMax = type(uint256).max;
    }

    function buy(uint256 offerId) internal {
        IAccessMarket.Purchase memory purchase = purchaseOf(offerId);
        fund(buyer, market.priceOf(offerId, 1));
        vm.prank(buyer);
        market.buy(purchase);
    }
}
