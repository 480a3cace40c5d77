// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAccessMarket} from "../../src/market/IAccessMarket.sol";
import {IRevenueLedger} from "../../src/revenue/IRevenueLedger.sol";
import {MarketTest} from "./MarketTest.sol";

/// @notice Perpetual passes that may be given back, and passes that may be moved.
contract HoldTest is MarketTest {
    uint16 internal constant HOURS = 48;
    uint256 internal offerId;
    uint256 internal until;

    function setUp() public override {
        super.setUp();
        IAccessMarket.OfferTerms memory terms = heldTerms(PRICE, HOURS);
        terms.flags = TRANSFERABLE;
        offerId = listNext(terms);
        until = block.timestamp + 48 hours;
    }

    function transferAs(address from, uint256 id, address to) internal {
        vm.prank(from);
        market.transferPass(id, to);
    }

    function expectClosed(address holder) internal {
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_RefundClosed.selector, offerId, holder));
    }

    function expectMissing(address holder) internal {
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_PassMissing.selector, offerId, holder));
    }

    /* buy */

    function test_ThePriceWaitsInTheMarket() public {
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccessMarket.PassGranted(offerId, model, buyer, buyer, PRICE, 0, uint40(PERPETUAL), uint40(until));
        buyAs(buyer, offerId);
        IAccessMarket.Pass memory pass = market.passOf(offerId, buyer);
        assertEq(pass.refundUntil, until, "until");
        assertEq(pass.amount, PRICE, "waits");
        assertEq(heldByMarket(), PRICE, "in the market");
        assertEq(salesOf(model), 0, "not in the ledger");
        assertTrue(market.isEntitled(offerId, buyer, model), "opens");
        IAccessMarket.Purchase memory again = purchaseOf(offerId, buyer);
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_PassHeld.selector, offerId, buyer));
        buyAs(buyer, again);
    }

    /* refund */

    function test_RefundsInTheLastSecondOfTheWindow() public {
        buyAs(buyer, offerId);
        uint256 before = token.balanceOf(buyer);
        vm.warp(until - 1);
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccessMarket.PassRefunded(offerId, buyer, PRICE);
        assertEq(refundAs(buyer, offerId), PRICE, "amount");
        assertEq(token.balanceOf(buyer) - before, PRICE, "paid back");
        assertTrue(!market.isEntitled(offerId, buyer, model), "no pass");
        IAccessMarket.Pass memory pass = market.passOf(offerId, buyer);
        assertEq(pass.purchases, 1, "the purchase is remembered");
        assertEq(pass.expiry + pass.refundUntil + pass.amount, 0, "nothing else is");

        expectMissing(buyer);
        refundAs(buyer, offerId);
        vm.warp(until);
        release(offerId, buyer);
        assertEq(salesOf(model) + heldByMarket(), 0, "nothing was left to release");
    }

    function test_RevertWhen_TheWindowHasEnded() public {
        buyAs(buyer, offerId);
        vm.warp(until);
        expectClosed(buyer);
        refundAs(buyer, offerId);
        release(offerId, buyer);
        expectClosed(buyer);
        refundAs(buyer, offerId);
    }

    function test_RevertWhen_ASaleWasFinalOrFree() public {
        offerId = listNext(termsOf(PRICE));
        buyAs(buyer, offerId);
        expectClosed(buyer);
        refundAs(buyer, offerId);
        offerId = listNext(heldTerms(0, HOURS));
        buyAs(buyer, offerId);
        expectClosed(buyer);
        refundAs(buyer, offerId);
    }

    function test_RevertWhen_ThereIsNoPass() public {
        expectMissing(ada);
        refundAs(ada, offerId);
        expectMissing(ada);
        transferAs(ada, offerId, buyer);
    }

    function test_ARefundedPassIsBoughtAgain() public {
        buyAs(buyer, offerId);
        refundAs(buyer, offerId);
        IAccessMarket.Purchase memory old = purchaseOf(offerId, buyer);
        old.nonce = 0;
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_NonceInvalid.selector, 1, 0));
        buyAs(buyer, old);
        buyAs(buyer, offerId);
        assertEq(market.passOf(offerId, buyer).purchases, 2, "purchases");
        assertEq(heldByMarket(), PRICE, "paid once more");
    }

    /// @dev The payer of a gift gave it away: what is refunded is the holder's.
    function test_AGiftIsRefundedToItsHolder() public {
        IAccessMarket.Purchase memory gift = purchaseOf(offerId, ada);
        gift.holder = ada;
        buyAs(buyer, gift);
        expectMissing(buyer);
        refundAs(buyer, offerId);
        assertEq(refundAs(ada, offerId), PRICE, "amount");
        assertEq(token.balanceOf(ada), PRICE, "holder");
    }

    /// @dev Nothing of a price that may go back can be collected, so nothing has to be taken back from anybody.
    function test_WhatMayGoBackIsNoRevenueYet() public {
        buyAs(buyer, offerId);
        pull(model);
        collect(model);
        assertEq(token.balanceOf(boole), 0, "owner");
        assertEq(refundAs(buyer, offerId), PRICE, "whole");
    }

    /* release */

    function test_AnyoneReleasesWhatBecameFinal() public {
        buyAs(buyer, offerId);
        vm.warp(until);
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccessMarket.PassReleased(offerId, buyer, model, PRICE);
        vm.expectEmit(true, true, true, true, address(ledger));
        emit IRevenueLedger.RevenueReceived(model, address(token), address(market), PRICE);
        vm.prank(relayer);
        release(offerId, buyer);
        assertEq(salesOf(model), PRICE, "sales");
        assertEq(heldByMarket(), 0, "market");
        IAccessMarket.Pass memory pass = market.passOf(offerId, buyer);
        assertEq(pass.refundUntil + pass.amount, 0, "final");
        assertEq(pass.expiry, PERPETUAL, "the pass stays");
        release(offerId, buyer);
        assertEq(salesOf(model), PRICE, "a retry moves nothing");
    }

    function test_RevertWhen_TheWindowIsOpen() public {
        buyAs(buyer, offerId);
        vm.warp(until - 1);
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_RefundOpen.selector, offerId, buyer));
        release(offerId, buyer);
    }

    /// @dev Whoever gave a pass back meanwhile does not stop the release of all others.
    function test_ReleasesManyAndSkipsWhatDoesNotWait() public {
        buyAs(buyer, offerId);
        buyAs(reader, offerId);
        buyAs(reader, listNext(termsOf(PRICE)));
        refundAs(buyer, offerId);
        address[] memory holders = new address[](4);
        (holders[0], holders[1], holders[2], holders[3]) = (buyer, reader, ada, reader);
        vm.warp(until);
        market.release(offerId, holders);
        assertEq(salesOf(model), 2 * PRICE, "one released, one final");
        assertEq(heldByMarket(), 0, "market");
        market.release(offerId, new address[](0));
    }

    /// @dev Money enters the ledger for the version that is current then.
    function test_TheMoneyGoesToTheVersionOfThatMoment() public {
        buyAs(buyer, offerId);
        vm.prank(boole);
        uint256 second = registry.publishVersion(model, publication(list(), 500, 0, 0));
        vm.warp(until);
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccessMarket.PassReleased(offerId, buyer, second, PRICE);
        release(offerId, buyer);
        assertEq(salesOf(model), 0, "first");
        assertEq(salesOf(second), PRICE, "second");
    }

    function test_ReleasesAfterTheAssetWasRetiredAndTheTokenStopped() public {
        buyAs(buyer, offerId);
        vm.prank(boole);
        registry.retire(model);
        vm.prank(governor);
        ledger.setTokenAllowed(address(token), false);
        vm.warp(until);
        release(offerId, buyer);
        assertEq(salesOf(model), PRICE, "sales");
    }

    /* transferPass */

    function test_MovesAPassWithWhatMayBeRefunded() public {
        buyAs(buyer, offerId);
        IAccessMarket.Pass memory before = market.passOf(offerId, buyer);
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccessMarket.PassTransferred(offerId, buyer, ada);
        transferAs(buyer, offerId, ada);
        IAccessMarket.Pass memory pass = market.passOf(offerId, ada);
        assertEq(pass.purchases, 0, "made no purchase");
        assertEq(pass.grantedAt, before.grantedAt, "granted at");
        assertEq(pass.expiry, before.expiry, "expiry");
        assertEq(pass.refundUntil, before.refundUntil, "until");
        assertEq(pass.amount, before.amount, "amount");
        assertTrue(!market.isEntitled(offerId, buyer, model), "from");
        assertTrue(market.isEntitled(offerId, ada, model), "to");
        expectMissing(buyer);
        refundAs(buyer, offerId);
        assertEq(refundAs(ada, offerId), PRICE, "to the holder");
    }

    /// @dev An account's own purchases are counted where they were made, so no signature of either is used twice.
    function test_AMovedPassLeavesTheCountsWhereTheyAre() public {
        buyAs(buyer, offerId);
        buyAs(reader, offerId);
        refundAs(reader, offerId);
        transferAs(buyer, offerId, reader);
        assertEq(market.passOf(offerId, buyer).purchases, 1, "from");
        assertEq(market.passOf(offerId, reader).purchases, 1, "to");
        buyAs(buyer, offerId);
        assertEq(market.passOf(offerId, buyer).purchases, 2, "again");
    }

    function test_AReleasedPassIsMovedToo() public {
        buyAs(buyer, offerId);
        vm.warp(until);
        release(offerId, buyer);
        transferAs(buyer, offerId, ada);
        expectClosed(ada);
        refundAs(ada, offerId);
        assertEq(salesOf(model), PRICE, "sales");
    }

    function test_RevertWhen_ThePassCannotBeMoved() public {
        buyAs(buyer, offerId);
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_BadPayee.selector, address(0)));
        transferAs(buyer, offerId, address(0));
        bytes memory held = abi.encodeWithSelector(IAccessMarket.AccessMarket_PassHeld.selector, offerId, buyer);
        vm.expectRevert(held);
        transferAs(buyer, offerId, buyer);
        buyAs(reader, offerId);
        vm.expectRevert(held);
        transferAs(reader, offerId, buyer);

        uint256 soulbound = listNext(heldTerms(PRICE, HOURS));
        buyAs(buyer, soulbound);
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_PassSoulbound.selector, soulbound));
        transferAs(buyer, soulbound, ada);
    }
}
