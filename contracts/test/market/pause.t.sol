// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAccessMarket} from "../../src/market/IAccessMarket.sol";
import {IRevenueLedger} from "../../src/revenue/IRevenueLedger.sol";
import {MarketTest} from "./MarketTest.sol";

contract PauseTest is MarketTest {
    uint256 internal constant PAUSE_MAX = 14 days;

    uint256 internal offerId;

    function setUp() public override {
        super.setUp();
        offerId = listNext(termsOf(PRICE));
    }

    function pauseFor(uint256 seconds_) internal {
        vm.prank(guardian);
        market.pause(seconds_);
    }

    function expectPaused(uint256 until) internal {
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_Paused.selector, until));
    }

    function test_StopsEveryKindOfPurchaseUntilItsEnd() public {
        uint256 until = block.timestamp + PAUSE_MAX;
        IAccessMarket.Purchase memory purchase = purchaseOf(offerId, buyer);
        IRevenueLedger.Authorization memory signed;
        signed.from = buyer;
        IAccessMarket.Permit memory none;
        uint256[] memory members = list(offerId, listNext(termsOf(PRICE)));
        IAccessMarket.Purchase[] memory both = new IAccessMarket.Purchase[](2);
        (both[0], both[1]) = (purchase, purchaseOf(members[1], buyer));
        vm.prank(boole);
        bytes32 bundleId = market.listBundle(members, 0);
        bytes memory signature = signPurchase(purchase, until);

        vm.expectEmit(true, true, true, true, address(market));
        emit IAccessMarket.Paused(until);
        pauseFor(PAUSE_MAX);
        assertEq(market.pausedUntil(), until, "until");
        vm.warp(until - 1);
        expectPaused(until);
        buyAs(buyer, purchase);
        expectPaused(until);
        vm.prank(buyer);
        market.buyWithPermit(purchase, none);
        expectPaused(until);
        market.buyWithAuthorization(purchase, signed);
        expectPaused(until);
        market.buyFor(buyer, purchase, until, signature, none);
        expectPaused(until);
        vm.prank(buyer);
        market.buyBundle(bundleId, both, type(uint256).max);
        // It ends by itself.
        vm.warp(until);
        market.buyFor(buyer, purchase, until, signature, none);
    }

    function test_StopsNothingElse() public {
        uint256 held = listNext(heldTerms(PRICE, 24));
        IAccessMarket.OfferTerms memory terms = timedTerms(PRICE);
        terms.flags = TIMED + TRANSFERABLE;
        uint256 timed = listNext(terms);
        buyAs(buyer, offerId);
        buyAs(buyer, held);
        buyAs(reader, held);
        buyDays(buyer, timed, 10);
        pauseFor(PAUSE_MAX);

        assertEq(refundAs(buyer, held), PRICE, "refund");
        vm.warp(block.timestamp + 3 days);
        release(held, reader);
        assertEq(accrue(3), 3 * PRICE, "accrue");
        vm.prank(buyer);
        market.transferPass(timed, ada);
        assertEq(refundAs(ada, timed), 7 * PRICE, "refund of days");
        pull(model);
        collect(model);
        collect(0);
        assertEq(token.balanceOf(boole) + token.balanceOf(treasury), 5 * PRICE, "collected");
        assertTrue(market.isEntitled(offerId, buyer, model), "passes open");
        uint256 other = listNext(termsOf(1));
        vm.prank(boole);
        market.closeOffer(other);
    }

    function test_TheGovernorEndsIt() public {
        pauseFor(1 days);
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_NotGovernor.selector, guardian));
        vm.prank(guardian);
        market.unpause();
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccessMarket.Paused(0);
        vm.prank(governor);
        market.unpause();
        assertEq(market.pausedUntil(), 0, "not paused");
        buyAs(buyer, offerId);
    }

    /// @dev Two weeks from now at most, however often; the governor can name another guardian within them.
    function test_RevertWhen_ItIsTooLongOrByAnother() public {
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_QuantityInvalid.selector, PAUSE_MAX + 1));
        pauseFor(PAUSE_MAX + 1);
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_QuantityInvalid.selector, type(uint256).max));
        pauseFor(type(uint256).max);
        address[2] memory others = [governor, boole];
        for (uint256 i; i < others.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_NotGuardian.selector, others[i]));
            vm.prank(others[i]);
            market.pause(1);
        }
        pauseFor(PAUSE_MAX);
        pauseFor(PAUSE_MAX);
        assertEq(market.pausedUntil(), block.timestamp + PAUSE_MAX, "no longer than that");
    }

    function test_TheGovernorNamesTheGuardian() public {
        assertEq(market.guardian(), guardian, "the first");
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_NotGovernor.selector, guardian));
        vm.prank(guardian);
        market.setGuardian(ada);
        pauseFor(1 days);
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccessMarket.GuardianSet(ada);
        vm.prank(governor);
        market.setGuardian(ada);
        assertEq(market.guardian(), ada, "the second");
        assertEq(market.pausedUntil(), block.timestamp + 1 days, "a pause stays");
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_NotGuardian.selector, guardian));
        pauseFor(1);
        vm.prank(ada);
        market.pause(0);
        assertEq(market.pausedUntil(), block.timestamp, "ended by the guardian");
        buyAs(buyer, offerId);
    }
}
