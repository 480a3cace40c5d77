// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAccessMarket} from "../../src/market/IAccessMarket.sol";
import {MarketTest} from "./MarketTest.sol";

contract PricesTest is MarketTest {
    uint256 internal constant BPS = 10_000;
    uint256 internal constant QUANTITY_MAX = 3_650;

    function bracketed(uint256 price, uint16[3] memory from, uint16[3] memory bps) internal returns (uint256) {
        IAccessMarket.OfferTerms memory terms = timedTerms(price);
        terms.brackets = new IAccessMarket.Bracket[](3);
        for (uint256 i; i < 3; ++i) {
            terms.brackets[i] = IAccessMarket.Bracket({fromDay: from[i], bps: bps[i]});
        }
        return listNext(terms);
    }

    /* BRACKETS */

    function test_EachDayCostsTheRateOfItsBracket() public {
        uint256 offerId = bracketed(1_000, [7, 30, 365], [9_000, 7_500, 5_000]);
        uint256[10] memory quantities = [uint256(1), 6, 7, 8, 30, 31, 365, 366, 3_649, 3_650];
        uint256[10] memory prices = [
            uint256(1_000),
            6_000,
            7_000,
            7_900,
            7_000 + 23 * 900,
            7_000 + 23 * 900 + 750,
            7_000 + 23 * 900 + 335 * 750,
            7_000 + 23 * 900 + 335 * 750 + 500,
            7_000 + 23 * 900 + 335 * 750 + 3_284 * 500,
            7_000 + 23 * 900 + 335 * 750 + 3_285 * 500
        ];
        for (uint256 i; i < quantities.length; ++i) {
            assertEq(market.priceOf(offerId, quantities[i]), prices[i], "price");
            uint256 before = token.balanceOf(buyer);
            buyDays(buyer, offerId, quantities[i]);
            assertEq(before - token.balanceOf(buyer), prices[i], "paid");
            refundAs(buyer, offerId);
        }
    }

    /// @dev Against the sum of days, and buying more never costs less in total. One floor in all.
    function testFuzz_BracketsAreMarginalAndMonotone(uint256 seed, uint40 price, uint16 quantity) public {
        uint16[3] memory from;
        uint16[3] memory bps;
        (uint256 day, uint256 rate) = (0, BPS);
        for (uint256 i; i < 3; ++i) {
            day = bound(seed >> i * 16, day + 1, day + 400);
            rate = bound(seed >> (128 + i * 16), 2 - i, rate - 1);
            (from[i], bps[i]) = (uint16(day), uint16(rate));
        }
        uint256 offerId = bracketed(price, from, bps);
        quantity = uint16(bound(quantity, 1, 1_300));
        uint256 value;
        uint256 before;
        for (uint256 d; d < quantity; ++d) {
            value += d < from[0] ? BPS : d < from[1] ? bps[0] : d < from[2] ? bps[1] : bps[2];
            if (d % 97 != 0 && d + 3 < quantity) continue;
            uint256 cost = market.priceOf(offerId, d + 1);
            assertEq(cost, price * value / BPS, "the sum of its days");
            assertTrue(cost >= before, "monotone");
            before = cost;
        }
    }

    function test_WithoutBracketsDaysCostTheSame() public {
        uint256 offerId = listNext(timedTerms(7));
        assertEq(market.priceOf(offerId, 1), 7, "one");
        assertEq(market.priceOf(offerId, QUANTITY_MAX), 7 * QUANTITY_MAX, "most");
    }

    function test_RevertWhen_TheQuantityIsOutOfRange() public {
        uint256 timed = listNext(timedTerms(7));
        uint256 perpetual = listNext(termsOf(7));
        uint256 exclusive = listNext(exclusiveTerms(7));
        uint256[6] memory offerIds = [timed, timed, perpetual, perpetual, exclusive, exclusive];
        uint16[6] memory quantities = [0, 3_651, 0, 2, 0, 2];
        for (uint256 i; i < 6; ++i) {
            bytes memory invalid =
                abi.encodeWithSelector(IAccessMarket.AccessMarket_QuantityInvalid.selector, quantities[i]);
            vm.expectRevert(invalid);
            market.priceOf(offerIds[i], quantities[i]);
            IAccessMarket.Purchase memory purchase = purchaseOf(offerIds[i], buyer);
            purchase.quantity = quantities[i];
            vm.expectRevert(invalid);
            buyAs(buyer, purchase);
        }
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_QuantityInvalid.selector, 1 << 200));
        market.priceOf(timed, 1 << 200);
    }

    function test_RevertWhen_AnOfferWasNeverListed() public {
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_OfferClosed.selector, 77));
        market.priceOf(77, 1);
    }

    /* DUTCH */

    /// @dev Exact values of 10·p·2^(−t/24 h) with 60 digits, floored; p is 10^12.
    function test_AnExclusivePriceDecaysFromTenTimesItsReserve() public {
        uint256 reserve = 1e12;
        uint256 offerId = listNext(exclusiveTerms(reserve));
        uint256 listedAt = block.timestamp;
        assertEq(market.priceOf(offerId, 1), 10 * reserve, "ten times");
        uint256[12] memory seconds_ =
            [uint256(1), 3_600, 12_345, 43_200, 86_399, 86_401, 100_000, 172_800, 200_000, 259_200, 287_013, 287_014];
        uint256[12] memory exact = [
            uint256(9_999_919_774_953),
            9_715_319_411_536,
            9_057_080_939_660,
            7_071_067_811_865,
            5_000_040_112_844,
            4_999_959_887_476,
            4_483_174_601_084,
            2_499_999_999_999,
            2_009_885_450_380,
            1_250_000_000_000,
            1_000_012_735_042,
            1_000_004_712_435
        ];
        for (uint256 i; i < seconds_.length; ++i) {
            vm.warp(listedAt + seconds_[i]);
            uint256 price = market.priceOf(offerId, 1);
            uint256 gap = price > exact[i] ? price - exact[i] : exact[i] - price;
            assertTrue(gap <= 1, string.concat("after ", vm.toString(seconds_[i])));
        }
        // log2(10) days are 79.7 hours.
        vm.warp(listedAt + 287_015);
        assertEq(market.priceOf(offerId, 1), reserve, "the reserve");
        vm.warp(listedAt + 100 * 365 days);
        assertEq(market.priceOf(offerId, 1), reserve, "for ever");
    }

    function testFuzz_AnExclusivePriceNeverRises(uint112 reserve, uint32 elapsed, uint32 more) public {
        reserve = uint112(bound(reserve, 1, 1e12) * 1e20);
        uint256 offerId = listNext(exclusiveTerms(reserve));
        uint256 listedAt = block.timestamp;
        vm.warp(listedAt + bound(elapsed, 0, 300_000));
        uint256 before = market.priceOf(offerId, 1);
        vm.warp(block.timestamp + bound(more, 0, 300_000));
        uint256 current = market.priceOf(offerId, 1);
        assertTrue(
            current <= before && current >= reserve && before <= 10 * uint256(reserve), "descends to the reserve"
        );
    }

    /// @dev Each 24 hours halve it, whatever the reserve.
    function testFuzz_AnExclusivePriceHalvesEachDay(uint40 reserve, uint32 elapsed) public {
        reserve = uint40(bound(reserve, 1, type(uint40).max));
        uint256 offerId = listNext(exclusiveTerms(uint256(reserve) * 1e18));
        vm.warp(block.timestamp + bound(elapsed, 0, 190_000));
        uint256 before = market.priceOf(offerId, 1);
        vm.warp(block.timestamp + 24 hours);
        uint256 current = market.priceOf(offerId, 1);
        uint256 gap = 2 * current > before ? 2 * current - before : before - 2 * current;
        assertTrue(gap <= before / 1e15 + 1, "half");
    }
}
