// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAccessMarket} from "../../src/market/IAccessMarket.sol";
import {IAssetRegistry} from "../../src/assets/IAssetRegistry.sol";
import {ITestUSD} from "../utils/ITestUSD.sol";
import {PlainToken} from "../utils/PlainToken.sol";
import {MarketTest} from "./MarketTest.sol";

contract OffersTest is MarketTest {
    /* listOffer */

    function brackets3() internal pure returns (IAccessMarket.Bracket[] memory brackets) {
        brackets = new IAccessMarket.Bracket[](3);
        brackets[0] = IAccessMarket.Bracket({fromDay: 1, bps: 9_999});
        brackets[1] = IAccessMarket.Bracket({fromDay: 30, bps: 5_000});
        brackets[2] = IAccessMarket.Bracket({fromDay: 65_535, bps: 0});
    }

    function requireSame(uint256 offerId, IAccessMarket.OfferTerms memory expected, uint256 listedAt) internal view {
        (IAccessMarket.OfferTerms memory terms, bool open, uint256 since) = market.offerOf(offerId);
        assertTrue(keccak256(abi.encode(terms)) == keccak256(abi.encode(expected)), "terms");
        assertTrue(open, "open");
        assertEq(since, listedAt, "listed at");
    }

    function test_ListsEveryKindOfOfferExactly() public {
        IAccessMarket.OfferTerms[5] memory all =
            [termsOf(5), heldTerms(PRICE, 65_535), timedTerms(PRICE), exclusiveTerms(PRICE), termsOf(0)];
        all[0].flags = TRANSFERABLE;
        all[1].usage = IAccessMarket.Usage.Redistribute;
        all[1].gate = keccak256("a root");
        (all[2].flags, all[2].brackets) = (TIMED + TRANSFERABLE, brackets3());
        all[4].token = address(0);
        for (uint256 i; i < all.length; ++i) {
            uint256 id = model << 16 | i;
            vm.expectEmit(true, true, true, true, address(market));
            emit IAccessMarket.OfferListed(id, model, all[i].token, all[i]);
            assertEq(listNext(all[i]), id, "id");
            requireSame(id, all[i], i == 3 ? block.timestamp : 0);
        }
        (, bool open,) = market.offerOf(model << 16 | all.length);
        assertTrue(!open, "no other is open");
    }

    function testFuzz_KeepsThePriceExactly(uint40 mantissa, uint8 exponent) public {
        uint256 price = mantissa * 10 ** bound(exponent, 0, 21);
        uint256 id = listNext(termsOf(price));
        requireSame(id, termsOf(price), 0);
        assertEq(market.priceOf(id, 1), price, "price");
    }

    function test_RevertWhen_ListedByAnotherOrForALaterVersion() public {
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_NotOwner.selector, ada, model));
        listFor(ada, model, termsOf(5));
        vm.prank(boole);
        uint256 second = registry.publishVersion(model, publication(list(), 0, 0, 0));
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.AssetRegistry_VersionUnknown.selector, second));
        listFor(boole, second, termsOf(5));
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.AssetRegistry_VersionUnknown.selector, 99));
        listFor(boole, 99, termsOf(5));
        listNext(termsOf(5));
    }

    function test_RevertWhen_TheAssetIsNotForSale() public {
        vm.startPrank(boole);
        registry.retire(model);
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.AssetRegistry_NotForSale.selector, model));
        market.listOffer(model, 0, termsOf(5));
        vm.stopPrank();
    }

    function test_RevertWhen_TheIndexWasUsed() public {
        uint256 offerId = listNext(termsOf(5));
        bytes memory exists = abi.encodeWithSelector(IAccessMarket.AccessMarket_OfferExists.selector, offerId);
        vm.startPrank(boole);
        vm.expectRevert(exists);
        market.listOffer(model, 0, termsOf(5));
        market.closeOffer(offerId);
        vm.expectRevert(exists);
        market.listOffer(model, 0, termsOf(5));
        vm.stopPrank();
    }

    function test_RevertWhen_TheTermsContradictOneAnother() public {
        IAccessMarket.OfferTerms[13] memory bad;
        for (uint256 i; i < bad.length; ++i) {
            bad[i] = i < 6 ? timedTerms(PRICE) : i < 9 ? termsOf(PRICE) : exclusiveTerms(PRICE);
        }
        bad[0].refundHours = 1;
        bad[1].brackets = bracketsOf(0, 5_000);
        bad[2].brackets = bracketsOf(1, 10_000);
        bad[3].brackets = brackets3();
        bad[3].brackets[1].fromDay = 1;
        bad[4].brackets = brackets3();
        bad[4].brackets[1].bps = 9_999;
        bad[5].brackets = new IAccessMarket.Bracket[](4);
        for (uint16 i; i < 4; ++i) {
            bad[5].brackets[i] = IAccessMarket.Bracket({fromDay: i + 1, bps: 4 - i});
        }
        bad[6].brackets = bracketsOf(1, 5_000);
        bad[7].flags = 4;
        (bad[8].flags, bad[8].gate) = (TRANSFERABLE, bytes32(uint256(1)));
        bad[9].flags = TIMED;
        bad[10].refundHours = 1;
        bad[11].price = 0;
        bad[12].brackets = bracketsOf(1, 5_000);
        for (uint256 i; i < bad.length; ++i) {
            vm.expectRevert(IAccessMarket.AccessMarket_TermsInvalid.selector);
            listNext(bad[i]);
        }
    }

    function test_RevertWhen_TheUsageIsUnknown() public {
        bytes memory call = abi.encodeCall(market.listOffer, (model, 0, termsOf(5)));
        // The usage is the third word of the terms, which follow four words and a selector.
        call[4 + 32 * 6 - 1] = bytes1(uint8(7));
        vm.prank(boole);
        (bool success,) = address(market).call(call);
        assertTrue(!success, "usage 7");
    }

    function test_RevertWhen_TheTokenIsNotAllowed() public {
        IAccessMarket.OfferTerms memory terms = termsOf(5);
        address[2] memory tokens = [address(0xbad), address(0)];
        for (uint256 i; i < tokens.length; ++i) {
            terms.token = tokens[i];
            vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_TokenNotAllowed.selector, tokens[i]));
            listNext(terms);
        }
        // Nor for nothing: a buyer would see a price in a token that nobody knows.
        (terms.token, terms.price) = (address(0xbad), 0);
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_TokenNotAllowed.selector, address(0xbad)));
        listNext(terms);
    }

    /// @dev What was listed while a token was allowed is sold on.
    function test_ATokenThatIsStoppedIsNotListedAgain() public {
        uint256 offerId = listNext(termsOf(PRICE));
        vm.prank(governor);
        ledger.setTokenAllowed(address(token), false);
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_TokenNotAllowed.selector, address(token)));
        listNext(termsOf(PRICE));
        assertEq(buyAs(buyer, offerId), PRICE, "amount");
    }

    function test_RevertWhen_ThePriceHasTooManyDigits() public {
        uint256[2] memory prices = [uint256(1 << 40) + 1, 1_000_000_000_000_1];
        for (uint256 i; i < prices.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_PriceInexact.selector, prices[i]));
            listNext(termsOf(prices[i]));
        }
    }

    function test_RevertWhen_ThePriceIsTooLarge() public {
        uint256[2] memory prices = [uint256(1 << 112), type(uint256).max];
        for (uint256 i; i < prices.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_PriceTooLarge.selector, prices[i]));
            listNext(termsOf(prices[i]));
        }
    }

    /// @dev A price of 0 is a gift, with or without a refund window; it asks for no allowance.
    function test_OnlyWhatMayGoBackNeedsAnAllowance() public {
        token = ITestUSD(address(new PlainToken()));
        vm.prank(governor);
        ledger.setTokenAllowed(address(token), true);
        listNext(termsOf(PRICE));
        listNext(heldTerms(0, 24));
        listNext(timedTerms(0));
        assertEq(token.allowance(address(market), address(ledger)), 0, "not yet");
        listNext(timedTerms(PRICE));
        assertEq(token.allowance(address(market), address(ledger)), type(uint256).max, "for ever");
        vm.prank(address(market));
        token.approve(address(ledger), type(uint112).max);
        listNext(heldTerms(PRICE, 1));
        assertEq(token.allowance(address(market), address(ledger)), type(uint256).max, "renewed");
    }

    /* what others' terms allow */

    function closedParent() internal returns (uint256) {
        IAssetRegistry.Publication memory stated = publication(list(), 1_000, 0, 0);
        stated.terms.flags = DERIVATIVES;
        return publishAs(ada, IAssetRegistry.Kind.Dataset, stated);
    }

    function test_RevertWhen_TheTermsOfAParentRefuseASale() public {
        uint256 child = publishFrom(boole, list(closedParent()), 500);
        uint256 grandchild = publishFrom(boole, list(child), 500);
        for (uint256 asset = child; asset <= grandchild; ++asset) {
            vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_CommercialUseRefused.selector, asset));
            listFor(boole, asset, termsOf(1));
            uint256 free = listFor(boole, asset, termsOf(0));
            assertEq(buyAs(buyer, free), 0, "free");
        }
        // Its owner may sell what is built from it.
        uint256 own = publishFrom(ada, list(child - 1), 0);
        listFor(ada, own, termsOf(1));
    }

    function test_RevertWhen_AFirstOfferIsRefusedByAParentsTerms() public {
        uint256 parent = closedParent();
        IAccessMarket.OfferTerms[] memory offers = new IAccessMarket.OfferTerms[](1);
        offers[0] = termsOf(1);
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_CommercialUseRefused.selector, parent + 1));
        vm.prank(boole);
        registry.publishAndList(IAssetRegistry.Kind.Model, publication(list(parent), 0, 0, 0), offers);
    }

    /// @dev An asset with priced offers never turns into one that may only be given away.
    function test_RevertWhen_APricedAssetIsBuiltFromAClosedParentLater() public {
        uint256 offerId = listNext(termsOf(PRICE));
        uint256 parent = closedParent();
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.AssetRegistry_TermsRefuse.selector, parent));
        vm.prank(boole);
        registry.publishVersion(model, publication(list(parent), 500, 0, 0));
        buyAs(buyer, offerId);
    }

    /* listFirstOffers */

    function test_ListsTheFirstOffersOfAnAsset() public {
        IAccessMarket.OfferTerms[] memory offers = new IAccessMarket.OfferTerms[](3);
        (offers[0], offers[1], offers[2]) = (termsOf(PRICE), timedTerms(5), exclusiveTerms(7));
        offers[1].brackets = brackets3();
        vm.prank(ada);
        uint256 asset = registry.publishAndList(IAssetRegistry.Kind.Model, publication(list(), 0, 0, 0), offers);
        for (uint256 i; i < offers.length; ++i) {
            requireSame(asset << 16 | i, offers[i], i == 2 ? block.timestamp : 0);
        }
        assertEq(buyAs(buyer, asset << 16), PRICE, "sells");
    }

    function test_RevertWhen_FirstOffersAreListedByAnother() public {
        IAccessMarket.OfferTerms[] memory offers = new IAccessMarket.OfferTerms[](1);
        offers[0] = termsOf(PRICE);
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_NotRegistry.selector, boole));
        vm.prank(boole);
        market.listFirstOffers(model, offers);
    }

    /* closeOffer */

    function test_ClosesAnOfferAndKeepsPasses() public {
        uint256 offerId = listNext(timedTerms(PRICE));
        buyDays(buyer, offerId, 10);
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccessMarket.OfferClosed(offerId, model);
        vm.prank(boole);
        market.closeOffer(offerId);
        (, bool open,) = market.offerOf(offerId);
        assertTrue(!open, "closed");
        assertTrue(market.isEntitled(offerId, buyer, model), "the pass stays");
        bytes memory closed = abi.encodeWithSelector(IAccessMarket.AccessMarket_OfferClosed.selector, offerId);
        IAccessMarket.Purchase memory renewal = purchaseOf(offerId, buyer);
        vm.expectRevert(closed);
        buyAs(buyer, renewal);
        vm.expectRevert(closed);
        vm.prank(boole);
        market.closeOffer(offerId);
        vm.expectRevert(closed);
        market.priceOf(offerId, 1);
        assertEq(refundAs(buyer, offerId), 10 * PRICE, "refunds go on");
    }

    function test_RevertWhen_ClosedByAnotherOrNeverListed() public {
        uint256 offerId = listNext(termsOf(5));
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_NotOwner.selector, ada, model));
        vm.prank(ada);
        market.closeOffer(offerId);
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_OfferClosed.selector, offerId + 1));
        vm.prank(boole);
        market.closeOffer(offerId + 1);
    }

    /// @dev Who owns the asset now decides what is offered.
    function test_TheNextOwnerClosesWhatTheLastOneListed() public {
        uint256 offerId = listNext(termsOf(5));
        vm.prank(boole);
        asset721().transferFrom(boole, ada, model);
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_NotOwner.selector, boole, model));
        vm.prank(boole);
        market.closeOffer(offerId);
        vm.prank(ada);
        market.closeOffer(offerId);
    }
}
