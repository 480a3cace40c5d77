// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAccessMarket} from "../../src/market/IAccessMarket.sol";
import {IRevenueLedger} from "../../src/revenue/IRevenueLedger.sol";
import {MarketTest} from "./MarketTest.sol";
import {StreamBooks} from "./StreamBooks.sol";

/// @notice Passes for days: what they pay and when, what goes back, how they are renewed.
contract TimedTest is MarketTest {
    uint256 internal constant QUANTITY_MAX = 3_650;

    StreamBooks internal books = new StreamBooks();
    uint256 internal offerId;
    uint256 internal bracketed;
    uint256 internal begin;

    function setUp() public override {
        super.setUp();
        IAccessMarket.OfferTerms memory terms = timedTerms(PRICE);
        terms.flags = TIMED + TRANSFERABLE;
        offerId = listNext(terms);
        terms.brackets = bracketsOf(1, 3_333);
        bracketed = listNext(terms);
        // Half past seven in the morning.
        begin = (block.timestamp / DAY + 1) * DAY + 27_000;
        vm.warp(begin);
    }

    function requireHead(uint256 day, uint256 rate, uint256 earned) internal view {
        IAccessMarket.Stream memory stream = market.streamOf(model, address(token));
        assertEq(stream.day, day, "day");
        assertEq(stream.rate, rate, "rate");
        assertEq(stream.earned, earned, "earned");
    }

    function changeOn(uint256 day) internal view returns (int256) {
        return market.rateChangeOf(model, address(token), day);
    }

    /* BUYING */

    function test_DaysArePaidInTheMarket() public {
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccessMarket.PassGranted(offerId, model, buyer, buyer, 30 * PRICE, 0, uint40(begin + 30 * DAY), 0);
        assertEq(buyDays(buyer, offerId, 30), 30 * PRICE, "amount");
        IAccessMarket.Pass memory pass = market.passOf(offerId, buyer);
        assertEq(pass.expiry, begin + 30 * DAY, "expiry");
        assertEq(pass.amount, PRICE, "a day's price");
        assertEq(heldByMarket(), 30 * PRICE, "market");
        assertEq(salesOf(model), 0, "nothing is earned yet");
        requireHead(today(), PRICE, 0);
        assertTrue(changeOn(today() + 30) == -int256(PRICE), "it ends");
        assertTrue(changeOn(today() + 29) == 0 && changeOn(today() + 31) == 0, "on that day");
    }

    function test_APassOpensUntilItsExpiry() public {
        buyDays(buyer, offerId, 2);
        vm.prank(boole);
        uint256 second = registry.publishVersion(model, publication(list(), 500, 0, 0));
        vm.warp(begin + 2 * DAY - 1);
        assertTrue(market.isEntitled(offerId, buyer, model), "the last second");
        assertTrue(market.isEntitled(offerId, buyer, second), "a later version");
        vm.warp(begin + 2 * DAY);
        assertTrue(!market.isEntitled(offerId, buyer, model), "not beyond");
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_PassMissing.selector, offerId, buyer));
        refundAs(buyer, offerId);
    }

    function test_AFreeTimedPassNeedsNoStream() public {
        uint256 free = listNext(timedTerms(0));
        assertEq(buyDays(ada, free, 5), 0, "amount");
        buyDays(ada, free, 5);
        assertEq(expiryOf(free, ada), begin + 10 * DAY, "renewed");
        requireHead(0, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_RefundClosed.selector, free, ada));
        refundAs(ada, free);
        assertEq(accrue(100), 0, "nothing flows");
    }

    /* ACCRUAL */

    /// @dev Day by day, and the same on every hour of a day: a day is earned once it has ended.
    function test_AccruesStraightLine() public {
        buyDays(buyer, offerId, 5);
        for (uint256 day; day < 8; ++day) {
            uint256 expected = (day < 5 ? day : 5) * PRICE;
            vm.warp((begin / DAY + day) * DAY + 23 hours + 59 minutes);
            accrue(64);
            assertEq(salesOf(model), expected, "at the end of the day");
            if (day == 0) continue;
            vm.warp((begin / DAY + day) * DAY);
            accrue(64);
            assertEq(salesOf(model), expected, "and at its start");
        }
        assertEq(heldByMarket(), 0, "nothing stays");
        assertTrue(changeOn(begin / DAY + 5) == 0, "deltas are deleted");
    }

    function test_TellsWhatItAccrues() public {
        buyDays(buyer, offerId, 5);
        vm.warp(begin + 2 * DAY);
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccessMarket.RevenueAccrued(model, address(token), model, today(), 2 * PRICE);
        vm.expectEmit(true, true, true, true, address(ledger));
        emit IRevenueLedger.RevenueReceived(model, address(token), address(market), 2 * PRICE);
        vm.prank(relayer);
        assertEq(accrue(64), 2 * PRICE, "amount");
        vm.recordLogs();
        assertEq(accrue(64), 0, "nothing more today");
        assertEq(market.accrue(model, address(0xbad), 64), 0, "no such stream");
        assertEq(market.accrue(999, address(token), 64), 0, "no such asset");
        assertEq(vm.getRecordedLogs().length, 0, "no event");
    }

    function test_AccruesNoMoreDaysThanAsked() public {
        buyDays(buyer, offerId, 10);
        vm.warp(begin + 7 * DAY);
        assertEq(accrue(0), 0, "none");
        assertEq(accrue(3), 3 * PRICE, "three");
        requireHead(begin / DAY + 3, PRICE, 0);
        assertEq(accrue(1), PRICE, "one");
        assertEq(accrue(type(uint256).max), 3 * PRICE, "the rest");
        assertEq(salesOf(model), 7 * PRICE, "sales");
    }

    /// @dev Many passes of many lengths, bought on many days, accrued late and in pieces.
    function test_ManyPassesAccrueTheirSum() public {
        for (uint256 i; i < 12; ++i) {
            address holder = vm.addr(1_000 + i);
            fund(holder, 1e12);
            uint256 quantity = 1 + (i * i * 7) % 61;
            uint256 amount = buyDays(holder, i % 3 == 0 ? bracketed : offerId, quantity);
            books.buy(holder, quantity, amount);
            vm.warp(block.timestamp + (i % 4) * DAY + 5 hours);
        }
        uint256 end = today() + 70;
        while (today() < end) {
            vm.warp(block.timestamp + 9 * DAY);
            accrue(7);
            uint256 day = market.streamOf(model, address(token)).day;
            assertEq(salesOf(model), books.earnedBefore(day), "the closed form");
            assertEq(market.streamOf(model, address(token)).rate, books.rateOn(day), "rate");
        }
        accrue(64);
        assertEq(heldByMarket(), 0, "nothing stays");
    }

    /// @dev Two days share a word: what happens to one leaves the other as it is.
    function test_DaysBesideOneAnotherKeepTheirChanges() public {
        for (uint256 i; i < 2; ++i) {
            uint256 start = today();
            buyDays(buyer, offerId, 10);
            buyDays(reader, bracketed, 11);
            int256 rate = int256(uint256(market.passOf(bracketed, reader).amount));
            assertTrue(changeOn(start + 10) == -int256(PRICE) && changeOn(start + 11) == -rate, "both end");
            vm.warp(block.timestamp + 10 * DAY);
            accrue(64);
            assertTrue(changeOn(start + 10) == 0 && changeOn(start + 11) == -rate, "one has ended");
            vm.warp(block.timestamp + DAY);
            accrue(64);
            requireHead(today(), 0, 0);
            assertEq(heldByMarket(), 0, "nothing stays");
        }
    }

    function test_TheMoneyGoesToTheVersionOfThatMoment() public {
        buyDays(buyer, offerId, 10);
        vm.warp(begin + 3 * DAY);
        accrue(64);
        vm.prank(boole);
        uint256 second = registry.publishVersion(model, publication(list(), 500, 0, 0));
        vm.warp(begin + 5 * DAY);
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccessMarket.RevenueAccrued(model, address(token), second, today(), 2 * PRICE);
        accrue(64);
        assertEq(salesOf(model), 3 * PRICE, "first");
        assertEq(salesOf(second), 2 * PRICE, "second");
    }

    function test_AccruesAfterTheAssetWasRetiredAndTheTokenStopped() public {
        buyDays(buyer, offerId, 3);
        vm.prank(boole);
        registry.retire(model);
        vm.prank(governor);
        ledger.setTokenAllowed(address(token), false);
        vm.warp(begin + 2 * DAY);
        assertEq(accrue(64), 2 * PRICE, "accrued");
        assertEq(refundAs(buyer, offerId), PRICE, "refunded");
    }

    /// @dev 10,000,000 and six days at 3,333,000 do not divide by seven: the rest is earned at once.
    function test_NoRemainderIsLost() public {
        uint256 amount = PRICE + 6 * 3_333_000;
        assertEq(buyDays(buyer, bracketed, 7), amount, "amount");
        uint256 rate = amount / 7;
        assertEq(amount - 7 * rate, 4, "a remainder");
        requireHead(today(), rate, 4);
        assertEq(accrue(0), 4, "at once");
        vm.warp(begin + 3 * DAY);
        assertEq(accrue(64), 3 * rate, "three days");
        assertEq(refundAs(buyer, bracketed), 4 * rate, "four days");
        assertEq(heldByMarket(), 0, "nothing stays");
        assertEq(salesOf(model), 4 + 3 * rate, "sales");
    }

    /// @dev Less than a unit a day: all of it is earned at once, and there is nothing to give back.
    function test_ATinyPriceIsEarnedAtOnce() public {
        IAccessMarket.OfferTerms memory terms = timedTerms(1);
        terms.brackets = bracketsOf(1, 0);
        uint256 tiny = listNext(terms);
        assertEq(buyDays(buyer, tiny, 10), 1, "amount");
        requireHead(today(), 0, 1);
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_RefundClosed.selector, tiny, buyer));
        refundAs(buyer, tiny);
        // Renewed for a single day it has a rate again, from the day after this one.
        vm.warp(begin + 9 * DAY);
        buyDays(buyer, tiny, 1);
        requireHead(today(), 0, 2);
        assertEq(accrue(64), 2, "all");
    }

    /* FAR BEHIND */

    function test_RevertWhen_APurchaseWouldAccrueTooManyDays() public {
        buyDays(buyer, offerId, 100);
        vm.warp(begin + 65 * DAY);
        IAccessMarket.Purchase memory late = purchaseOf(offerId, reader);
        bytes memory behind =
            abi.encodeWithSelector(IAccessMarket.AccessMarket_AccrualBehind.selector, model, address(token));
        vm.expectRevert(behind);
        buyAs(reader, late);
        assertEq(accrue(1), PRICE, "one day");
        buyAs(reader, late);
        requireHead(today(), 2 * PRICE, 64 * PRICE);
        assertEq(accrue(0), 64 * PRICE, "all of them");
    }

    /// @dev A refund changes later days only, so it is never too late for one.
    function test_ARefundWaitsForNoAccrual() public {
        buyDays(buyer, offerId, 1_000);
        vm.warp(begin + 500 * DAY);
        assertEq(refundAs(buyer, offerId), 500 * PRICE, "amount");
        assertEq(accrue(1_000), 500 * PRICE, "accrued");
        assertEq(heldByMarket(), 0, "nothing stays");
    }

    /// @dev Once nothing flows, years pass in one step.
    function test_ALongRestIsNoDaysToAccrue() public {
        buyDays(buyer, offerId, 3);
        vm.warp(begin + 3 * 365 * DAY);
        buyDays(reader, offerId, 2);
        requireHead(today(), PRICE, 3 * PRICE);
        assertEq(accrue(0), 3 * PRICE, "the first pass");
        refundAs(reader, offerId);
        vm.warp(block.timestamp + 400 * DAY);
        assertEq(accrue(2), 0, "nothing flowed");
        requireHead(today(), 0, 0);
    }

    /// @dev Nothing flows on the day of this renewal, but something does from the next day on: that is no rest.
    function test_ARateThatBeginsTomorrowIsNoRest() public {
        IAccessMarket.OfferTerms memory terms = timedTerms(100);
        terms.brackets = bracketsOf(1, 1);
        uint256 cheap = listNext(terms);
        buyDays(buyer, cheap, 1_000);
        requireHead(today(), 0, 109);
        vm.warp(begin + 998 * DAY + 10 hours);
        buyDays(buyer, cheap, 1);
        requireHead(today(), 0, 109);
        assertTrue(changeOn(today() + 1) == 50, "from tomorrow on");
        vm.warp(begin + 1_300 * DAY);
        accrue(64);
        assertEq(salesOf(model), 209, "all of it");
    }

    /* REFUND */

    /// @dev On every hour of a pass, a second before it and a second after it.
    function test_RefundsTheDaysThatHaveNotBegun() public {
        uint256 refunded;
        uint256 paid;
        for (uint256 hour; hour <= 74; ++hour) {
            for (uint256 second; second < 3; ++second) {
                if (hour == 0 && second == 0) continue;
                uint256 start = block.timestamp;
                paid += buyDays(buyer, bracketed, 3);
                uint256 rate = market.passOf(bracketed, buyer).amount;
                uint256 elapsed = hour * 1 hours + second - 1;
                vm.warp(start + elapsed);
                uint256 amount = elapsed >= 3 * DAY ? 0 : (3 * DAY - elapsed) / DAY * rate;
                if (elapsed >= 3 * DAY) {
                    vm.expectRevert(
                        abi.encodeWithSelector(IAccessMarket.AccessMarket_PassMissing.selector, bracketed, buyer)
                    );
                } else if (amount == 0) {
                    vm.expectRevert(
                        abi.encodeWithSelector(IAccessMarket.AccessMarket_RefundClosed.selector, bracketed, buyer)
                    );
                }
                vm.prank(buyer);
                uint256 returned = market.refund(bracketed);
                if (amount != 0) {
                    assertEq(returned, amount, "amount");
                    refunded += amount;
                }
                vm.warp(start + 5 * DAY);
                accrue(64);
                assertEq(salesOf(model) + refunded, paid, "all that was paid");
                assertEq(heldByMarket(), 0, "nothing stays");
            }
        }
    }

    function test_ARefundStopsTheStream() public {
        buyDays(buyer, offerId, 10);
        buyDays(reader, offerId, 10);
        vm.warp(begin + 4 * DAY + 1);
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccessMarket.PassRefunded(offerId, buyer, 5 * PRICE);
        refundAs(buyer, offerId);
        assertTrue(!market.isEntitled(offerId, buyer, model), "the pass ended");
        assertTrue(changeOn(today() + 1) == -int256(PRICE), "from tomorrow on");
        vm.warp(begin + 20 * DAY);
        assertEq(accrue(64), 15 * PRICE, "five days and ten");
    }

    function test_RefundedAtOnceItReturnsAll() public {
        buyDays(buyer, offerId, 10);
        assertEq(refundAs(buyer, offerId), 10 * PRICE, "all");
        requireHead(today(), 0, 0);
        assertTrue(changeOn(today() + 10) == 0, "no end");
        assertEq(heldByMarket(), 0, "nothing stays");
    }

    /* RENEWALS */

    function test_RenewsWhileRunningAtTheSameRate() public {
        buyDays(buyer, offerId, 10);
        vm.warp(begin + 4 * DAY + 1 hours);
        vm.expectEmit(true, true, true, true, address(market));
        emit IAccessMarket.PassGranted(offerId, model, buyer, buyer, 5 * PRICE, 1, uint40(begin + 15 * DAY), 0);
        buyDays(buyer, offerId, 5);
        assertEq(market.passOf(offerId, buyer).amount, PRICE, "rate");
        requireHead(today(), PRICE, 4 * PRICE);
        assertTrue(changeOn(begin / DAY + 10) == 0, "does not end then");
        assertTrue(changeOn(begin / DAY + 15) == -int256(PRICE), "but then");
        assertEq(refundAs(buyer, offerId), 10 * PRICE, "ten days have not begun");
    }

    /// @dev 5 days at the old rate and 4 new ones at another merge into one rate for 9 days, from tomorrow on.
    function test_RenewsWhileRunningAtAnotherRate() public {
        uint256 first = buyDays(buyer, bracketed, 10);
        uint256 rate = market.passOf(bracketed, buyer).amount;
        accrue(0);
        vm.warp(begin + 4 * DAY + 1 hours);
        uint256 second = buyDays(buyer, bracketed, 4);
        uint256 merged = (5 * rate + second) / 9;
        assertTrue(merged > rate, "another rate");
        assertEq(market.passOf(bracketed, buyer).amount, merged, "merged");
        assertEq(expiryOf(bracketed, buyer), begin + 14 * DAY, "expiry");
        requireHead(today(), rate, 4 * rate + 5 * rate + second - 9 * merged);
        assertTrue(changeOn(today() + 1) == int256(merged) - int256(rate), "from tomorrow on");
        vm.warp(begin + 30 * DAY);
        accrue(64);
        assertEq(salesOf(model), first + second, "all of it");
        assertEq(heldByMarket(), 0, "nothing stays");
    }

    function test_RenewsAfterTheEndAndAfterARefund() public {
        buyDays(buyer, offerId, 2);
        vm.warp(begin + 2 * DAY);
        buyDays(buyer, offerId, 3);
        assertEq(expiryOf(offerId, buyer), begin + 5 * DAY, "from now on");
        refundAs(buyer, offerId);
        buyDays(buyer, offerId, 1);
        assertEq(expiryOf(offerId, buyer), begin + 3 * DAY, "from now on again");
        assertEq(market.passOf(offerId, buyer).purchases, 3, "purchases");
        vm.warp(begin + 9 * DAY);
        assertEq(accrue(64), 3 * PRICE, "three days in all");
    }

    /// @dev In the last day nothing of the pass is left to merge: the new days begin where it ends.
    function test_RenewsInTheLastDay() public {
        buyDays(buyer, bracketed, 2);
        vm.warp(begin + DAY + 1);
        uint256 amount = buyDays(buyer, bracketed, 3);
        assertEq(market.passOf(bracketed, buyer).amount, amount / 3, "a rate of its own");
        assertEq(expiryOf(bracketed, buyer), begin + 5 * DAY, "expiry");
        assertEq(refundAs(buyer, bracketed), amount / 3 * 3, "the new days");
    }

    function test_RevertWhen_ARenewalExceedsTenYears() public {
        buyDays(buyer, offerId, QUANTITY_MAX);
        IAccessMarket.Purchase memory more = purchaseOf(offerId, buyer);
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_QuantityInvalid.selector, 1));
        buyAs(buyer, more);
        vm.warp(begin + 1);
        buyAs(buyer, more);
        more.nonce = 2;
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_QuantityInvalid.selector, 1));
        buyAs(buyer, more);
    }

    function test_ARetriedRenewalMovesNoMoney() public {
        IAccessMarket.Purchase memory first = purchaseOf(offerId, buyer);
        buyAs(buyer, first);
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_NonceInvalid.selector, 1, 0));
        buyAs(buyer, first);
        assertEq(heldByMarket(), PRICE, "paid once");
    }

    function test_AnotherMayGiveDays() public {
        buyDays(buyer, offerId, 5);
        IAccessMarket.Purchase memory gift = purchaseOf(offerId, buyer);
        (gift.holder, gift.quantity) = (buyer, 2);
        buyAs(reader, gift);
        assertEq(expiryOf(offerId, buyer), begin + 7 * DAY, "expiry");
        assertEq(refundAs(buyer, offerId), 7 * PRICE, "the holder's");
    }

    /* TRANSFER */

    function test_AMovedPassFlowsOn() public {
        buyDays(buyer, offerId, 10);
        vm.warp(begin + 3 * DAY);
        vm.prank(buyer);
        market.transferPass(offerId, ada);
        assertEq(expiryOf(offerId, ada), begin + 10 * DAY, "expiry");
        assertEq(refundAs(ada, offerId), 7 * PRICE, "seven days");
        assertEq(token.balanceOf(ada), 7 * PRICE, "to the holder");
        assertEq(accrue(64), 3 * PRICE, "three days");
    }

    function test_APassThatEndedIsNoPassToMoveOnto() public {
        buyDays(buyer, offerId, 10);
        buyDays(reader, offerId, 1);
        bytes memory held = abi.encodeWithSelector(IAccessMarket.AccessMarket_PassHeld.selector, offerId, reader);
        vm.expectRevert(held);
        vm.prank(buyer);
        market.transferPass(offerId, reader);
        vm.warp(begin + DAY);
        vm.prank(buyer);
        market.transferPass(offerId, reader);
        assertEq(refundAs(reader, offerId), 9 * PRICE, "nine days");
        vm.warp(begin + 3 * DAY);
        assertEq(accrue(64), 2 * PRICE, "one day of each");
    }

    /* BOUNDS */

    /// @dev All sums of a token fit 112 bits because what the market holds of it does.
    function test_RevertWhen_TheMarketWouldHoldTooMuch() public {
        token.mint(address(market), type(uint112).max - PRICE);
        buyDays(buyer, offerId, 1);
        IAccessMarket.Purchase memory more = purchaseOf(offerId, reader);
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_PriceTooLarge.selector, PRICE));
        buyAs(reader, more);
        refundAs(buyer, offerId);
        buyAs(reader, more);
    }

    function test_TheLargestPriceFlows() public {
        uint256 price = uint256(type(uint40).max) * 1e21;
        uint256 dear = listNext(timedTerms(price));
        fund(ada, 4 * price);
        buyDays(ada, dear, 4);
        vm.warp(begin + 3 * DAY);
        assertEq(accrue(64), 3 * price, "three days");
        assertEq(refundAs(ada, dear), price, "one day");
    }
}
