// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAccessMarket} from "../market/IAccessMarket.sol";

/// @title RevenueStream
/// @notice Money of many timed passes, earned day by day at the sum of their rates.
/// @dev The head is what is known up to a day; what changes on later days is kept apart, two days a word. A pass pays its
/// rate on the days [start, end): the sum rises on `start` and falls on `end`. A day is earned once it has ended, so
/// whatever begins or is cut does so on a day that is not earned yet.
/// No sum here exceeds the money that the market holds in the token, which it keeps within 112 bits.
library RevenueStream {
    /// @param head Day (32 bits), rate (112) and earned (112) of `IAccessMarket.Stream`, the first one lowest.
    struct Flow {
        uint256 head;
        mapping(uint256 pair => uint256) changes;
    }

    uint256 internal constant RATE_SHIFT = 32;
    uint256 internal constant EARNED_SHIFT = 144;
    uint256 internal constant HALF_BITS = 128;

    /// @notice Earns the days before `today`, at most `daysMax` of them, and `extra`. Says whether that was all of them.
    function earn(Flow storage flow, uint256 today, uint256 daysMax, uint256 extra) internal returns (bool) {
        (uint256 day, uint256 rate, uint256 earned) = _advance(flow, today, daysMax);
        flow.head = day | rate << RATE_SHIFT | (earned + extra) << EARNED_SHIFT;
        return day == today;
    }

    /// @notice Earns the days before `today`, at most `daysMax` of them, and takes out what is earned.
    /// @return day The first day that is not earned yet; 0 when nothing changed.
    function take(Flow storage flow, uint256 today, uint256 daysMax) internal returns (uint256 day, uint256 earned) {
        uint256 head = flow.head;
        if (head == 0) return (0, 0);
        uint256 rate;
        (day, rate, earned) = _advance(flow, today, daysMax);
        if (day == uint32(head) && earned == 0) return (0, 0);
        flow.head = day | rate << RATE_SHIFT;
    }

    /// @notice Changes the rate from `day` on, which is the head's day or a later one.
    function change(Flow storage flow, uint256 day, int256 by) internal {
        uint256 head = flow.head;
        if (day == uint32(head)) {
            unchecked {
                flow.head = head + (uint256(by) << RATE_SHIFT);
            }
        } else {
            _setChange(flow, day, changeOn(flow, day) + by);
        }
    }

    function headOf(Flow storage flow) internal view returns (IAccessMarket.Stream memory) {
        uint256 head = flow.head;
        return IAccessMarket.Stream({
            day: uint32(head), rate: uint112(head >> RATE_SHIFT), earned: uint112(head >> EARNED_SHIFT)
        });
    }

    /// @notice By how much the rate changes when `day` begins; 0 once it has.
    function changeOn(Flow storage flow, uint256 day) internal view returns (int256) {
        return int128(uint128(flow.changes[day >> 1] >> (day & 1) * HALF_BITS));
    }

    function _advance(Flow storage flow, uint256 today, uint256 daysMax)
        private
        returns (uint256 day, uint256 rate, uint256 earned)
    {
        uint256 head = flow.head;
        (day, rate, earned) = (uint32(head), uint112(head >> RATE_SHIFT), head >> EARNED_SHIFT);
        if (day == 0) day = today;
        unchecked {
            for (uint256 i; i < daysMax && day < today; ++i) {
                earned += rate;
                int256 by = changeOn(flow, ++day);
                if (by != 0) _setChange(flow, day, 0);
                // Whatever begins, begins on the day of a purchase or the one after it. So once nothing flows, and nothing
                // begins a day later, nothing does until the next purchase.
                else if (rate == 0) day = today;
                rate += uint256(by);
            }
        }
    }

    function _setChange(Flow storage flow, uint256 day, int256 by) private {
        uint256 shift = (day & 1) * HALF_BITS;
        uint256 other = flow.changes[day >> 1] & uint256(type(uint128).max) << HALF_BITS - shift;
        flow.changes[day >> 1] = other | uint256(uint128(int128(by))) << shift;
    }
}
