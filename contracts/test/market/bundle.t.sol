// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAccessMarket} from "../../src/market/IAccessMarket.sol";
import {IAssetRegistry} from "../../src/assets/IAssetRegistry.sol";
import {PlainToken} from "../utils/PlainToken.sol";
import {MarketTest} from "./MarketTest.sol";

contract BundleTest is MarketTest {
    uint16 internal constant DISCOUNT = 2_500;

    uint256 internal second;
    uint256[] internal members;

    function setUp() public override {
        super.setUp();
        second = publishFrom(boole, list(), 500);
        IAccessMarket.OfferTerms memory timed = timedTerms(333);
        timed.brackets = bracketsOf(2, 5_000);
        members.push(listNext(termsOf(1_001)));
        members.push(listFor(boole, second, timed));
        members.push(listFor(boole, second, heldTerms(7, 24)));
    }

    function listBundleAs(address owner, uint256[] memory offerIds, uint16 discountBps) internal returns (bytes32) {
        vm.prank(owner);
        return market.listBundle(offerIds, discountBps);
    }

    function listBundle() internal returns (bytes32) {
        return listBundleAs(boole, members, DISCOUNT);
    }

    function purchases(address holder) internal view returns (IAccessMarket.Purchase[] memory all) {
        all = new IAccessMarket.Purchase[](members.length);
        for (uint256 i; i < all.length; ++i) {
            all[i] = purchaseOf(members[i], holder);
        }
        all[1].quantity = 3;
    }

    function buyBundleAs(address payer, bytes32 bundleId, IAccessMarket.Purchase[] memory all, uint256 amountMax)
        internal
        returns (uint256)
    {
        vm.prank(payer);
        return market.buyBundle(bundleId, all, amountMax);
    }

    function expectInvalid() internal {
        vm.expectRevert(IAccessMarket.AccessMarket_BundleInvalid.selector);
    }

    /* listBundle */

    function test_ListsABundle() public {
        bytes32 expected = keccak256(abi.encode(boole, members, DISCOUNT));
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccessMarket.BundleListed(expected, boole, members, DISCOUNT);
        bytes32 bundleId = listBundle();
        assertTrue(bundleId == expected, "id");
        (address owner, uint16 discountBps) = market.bundleOf(bundleId);
        assertEq(owner, boole, "owner");
        assertEq(discountBps, DISCOUNT, "discount");
        (owner,) = market.bundleOf(keccak256("another"));
        assertEq(owner, address(0), "no other");
    }

    function test_RevertWhen_TheBundleMakesNoSense() public {
        listBundle();
        expectInvalid();
        listBundle();
        expectInvalid();
        listBundleAs(boole, list(), DISCOUNT);
        expectInvalid();
        listBundleAs(boole, list(members[0]), DISCOUNT);
        expectInvalid();
        listBundleAs(boole, list(members[0], members[0]), DISCOUNT);
        expectInvalid();
        listBundleAs(boole, list(members[0], members[1], members[0]), DISCOUNT);
        expectInvalid();
        listBundleAs(boole, members, 10_001);
        uint256 exclusive = listNext(exclusiveTerms(PRICE));
        expectInvalid();
        listBundleAs(boole, list(members[0], exclusive), DISCOUNT);
        expectInvalid();
        listBundleAs(boole, list(exclusive, members[0]), DISCOUNT);
    }

    function test_RevertWhen_TheMembersAskForSeveralTokens() public {
        IAccessMarket.OfferTerms memory terms = termsOf(PRICE);
        terms.token = address(new PlainToken());
        vm.prank(governor);
        ledger.setTokenAllowed(terms.token, true);
        uint256 other = listNext(terms);
        expectInvalid();
        listBundleAs(boole, list(members[0], other), DISCOUNT);
        // What is free asks for none.
        (terms.token, terms.price) = (address(0), 0);
        uint256 free = listNext(terms);
        listBundleAs(boole, list(free, members[0]), DISCOUNT);
        listBundleAs(boole, list(other, free), DISCOUNT);
        expectInvalid();
        listBundleAs(boole, list(other, free, members[0]), DISCOUNT);
    }

    function test_HasAtMostSixteenMembers() public {
        uint256[] memory many = new uint256[](17);
        for (uint256 i; i < 17; ++i) {
            many[i] = listNext(termsOf(1));
        }
        expectInvalid();
        listBundleAs(boole, many, DISCOUNT);
        assembly {
            mstore(many, 16)
        }
        listBundleAs(boole, many, DISCOUNT);
    }

    function test_RevertWhen_AMemberIsAnothersOrClosed() public {
        uint256 foreign = listFor(ada, publishFrom(ada, list(), 0), termsOf(1));
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_NotOwner.selector, boole, foreign >> 16));
        listBundleAs(boole, list(members[0], foreign), DISCOUNT);
        vm.prank(boole);
        market.closeOffer(members[0]);
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_OfferClosed.selector, members[0]));
        listBundle();
    }

    /* buyBundle */

    /// @dev Each member pays its own price less the discount, floored: nobody can shift money to another member.
    function test_EachMemberPaysItsShare() public {
        bytes32 bundleId = listBundle();
        uint256 days3 = uint256(333 * 25_000) / 10_000;
        uint256[3] memory shares =
            [uint256(1_001 * 7_500) / 10_000, days3 * 7_500 / 10_000, uint256(7 * 7_500) / 10_000];
        assertEq(shares[0], 750, "750.75");
        assertEq(shares[1], 624, "832 less a quarter");
        assertEq(shares[2], 5, "5.25");
        IAccessMarket.Purchase[] memory all = purchases(buyer);
        uint256 expiry = block.timestamp + 3 * DAY;
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccessMarket.PassGranted(members[0], model, buyer, buyer, 750, 0, uint40(PERPETUAL), 0);
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccessMarket.PassGranted(members[1], second, buyer, buyer, 624, 0, uint40(expiry), 0);
        assertEq(buyBundleAs(buyer, bundleId, all, 1_379), 1_379, "amount");
        assertEq(salesOf(model), 750, "the first is final");
        assertEq(heldByMarket(), 629, "the others wait");
        assertEq(refundAs(buyer, members[1]), 624, "what was paid for days");
        assertEq(refundAs(buyer, members[2]), 5, "what was paid for the last");
    }

    /// @dev A derivative owes its ancestors their share of what it costs in the bundle, whatever else is in it.
    function test_ABundleMovesNoMoneyAwayFromAncestors() public {
        uint256 dataset = publishFrom(ada, list(), 1_000);
        uint256 child = publishFrom(boole, list(dataset), 0);
        delete members;
        members.push(listFor(boole, child, termsOf(PRICE)));
        members.push(listNext(termsOf(1)));
        IAccessMarket.Purchase[] memory all = purchases(buyer);
        all[1].quantity = 1;
        bytes32 bundleId = listBundle();
        buyBundleAs(buyer, bundleId, all, PRICE);
        assertEq(salesOf(child), PRICE * 3 / 4, "its own price less the discount");
        pull(child);
        (, uint256 royalties,,) = ledger.accountOf(dataset, address(token));
        assertEq(royalties, PRICE * 3 / 40, "a tenth of it");
    }

    function test_AWholeDiscountIsAGift() public {
        bytes32 bundleId = listBundleAs(boole, members, 10_000);
        IAccessMarket.Purchase[] memory all = purchases(ada);
        assertEq(buyBundleAs(ada, bundleId, all, 0), 0, "amount");
        assertTrue(market.isEntitled(members[0], ada, model), "pass");
        assertEq(salesOf(model) + heldByMarket(), 0, "nothing was paid");
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_RefundClosed.selector, members[2], ada));
        refundAs(ada, members[2]);
    }

    /// @dev Days bought at a discount merge with those bought at the whole price.
    function test_ADiscountedRenewalLowersTheRate() public {
        uint256 paid = buyDays(buyer, members[1], 2);
        bytes32 bundleId = listBundleAs(boole, members, 10_000);
        IAccessMarket.Purchase[] memory all = purchases(buyer);
        all[1].quantity = 2;
        buyBundleAs(buyer, bundleId, all, 0);
        assertEq(market.passOf(members[1], buyer).amount, paid / 4, "over four days");
        vm.warp(block.timestamp + 10 * DAY);
        market.accrue(second, address(token), 64);
        assertEq(salesOf(second), paid, "all of it");
    }

    function test_MembersMayBeGivenToSeveral() public {
        bytes32 bundleId = listBundle();
        IAccessMarket.Purchase[] memory all = purchases(buyer);
        all[2].holder = ada;
        buyBundleAs(buyer, bundleId, all, type(uint256).max);
        assertTrue(market.isEntitled(members[2], ada, second), "ada");
        assertTrue(!market.isEntitled(members[2], buyer, second), "not the payer");
    }

    function test_RevertWhen_AllTogetherCostTooMuch() public {
        bytes32 bundleId = listBundle();
        IAccessMarket.Purchase[] memory all = purchases(buyer);
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_PriceAboveMax.selector, 1_379, 1_378));
        buyBundleAs(buyer, bundleId, all, 1_378);
        all[2].amountMax = 4;
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_PriceAboveMax.selector, 5, 4));
        buyBundleAs(buyer, bundleId, all, 1_379);
        assertEq(market.passOf(members[0], buyer).purchases, 0, "all or nothing");
    }

    function test_RevertWhen_APurchaseIsOfAnotherOffer() public {
        bytes32 bundleId = listBundle();
        IAccessMarket.Purchase[] memory all = purchases(buyer);
        (all[0], all[1]) = (all[1], all[0]);
        expectInvalid();
        buyBundleAs(buyer, bundleId, all, type(uint256).max);
        all = new IAccessMarket.Purchase[](2);
        (all[0], all[1]) = (purchaseOf(members[0], buyer), purchaseOf(members[1], buyer));
        expectInvalid();
        buyBundleAs(buyer, bundleId, all, type(uint256).max);
        expectInvalid();
        buyBundleAs(buyer, bundleId, new IAccessMarket.Purchase[](0), type(uint256).max);
    }

    function test_RevertWhen_AnAssetHasAnotherOwner() public {
        bytes32 bundleId = listBundle();
        IAccessMarket.Purchase[] memory all = purchases(buyer);
        vm.prank(boole);
        asset721().transferFrom(boole, ada, second);
        expectInvalid();
        buyBundleAs(buyer, bundleId, all, type(uint256).max);
        vm.prank(ada);
        asset721().transferFrom(ada, boole, second);
        buyBundleAs(buyer, bundleId, all, type(uint256).max);
    }

    function test_RevertWhen_AMemberIsClosedOrNotForSale() public {
        bytes32 bundleId = listBundle();
        IAccessMarket.Purchase[] memory all = purchases(buyer);
        vm.startPrank(boole);
        market.closeOffer(members[1]);
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_OfferClosed.selector, members[1]));
        buyBundleAs(buyer, bundleId, all, type(uint256).max);
        vm.prank(boole);
        registry.retire(model);
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.AssetRegistry_NotForSale.selector, model));
        buyBundleAs(buyer, bundleId, all, type(uint256).max);
    }

    function test_RevertWhen_APassIsHeldAlready() public {
        bytes32 bundleId = listBundle();
        buyAs(buyer, members[0]);
        IAccessMarket.Purchase[] memory all = purchases(buyer);
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_PassHeld.selector, members[0], buyer));
        buyBundleAs(buyer, bundleId, all, type(uint256).max);
    }

    /* closeBundle */

    function test_ClosesABundleForGoodOrUntilListedAgain() public {
        bytes32 bundleId = listBundle();
        bytes memory unknown = abi.encodeWithSelector(IAccessMarket.AccessMarket_BundleUnknown.selector, bundleId);
        vm.expectRevert(unknown);
        vm.prank(ada);
        market.closeBundle(bundleId);
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccessMarket.BundleClosed(bundleId);
        vm.prank(boole);
        market.closeBundle(bundleId);
        IAccessMarket.Purchase[] memory all = purchases(buyer);
        vm.expectRevert(unknown);
        buyBundleAs(buyer, bundleId, all, type(uint256).max);
        vm.expectRevert(unknown);
        vm.prank(boole);
        market.closeBundle(bundleId);
        assertTrue(listBundle() == bundleId, "listed again");
        buyBundleAs(buyer, bundleId, all, type(uint256).max);
    }
}
