// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {IAccessMarket} from "../market/IAccessMarket.sol";

/// @title Pricing
/// @notice What a number of days costs, and what an exclusive offer costs after some time.
library Pricing {
    uint256 internal constant BPS = 10_000;
    uint256 internal constant BRACKETS_MAX = 3;
    uint256 internal constant BRACKET_BITS = 32;
    uint256 internal constant BPS_SHIFT = 16;

    uint256 internal constant WAD = 1e18;
    /// @dev ⌊ln 2 · 10^18⌋.
    uint256 internal constant LN2_WAD = 693147180559945309;
    uint256 internal constant HALF_LIFE = 24 hours;
    /// @dev An exclusive offer starts at this many times its reserve.
    uint256 internal constant START_FACTOR = 10;

    /// @dev Brackets in one word, the first lowest. Days ascend from 1 on, and rates descend from below the whole price.
    function packBrackets(IAccessMarket.Bracket[] calldata brackets) internal pure returns (uint256 word) {
        if (brackets.length > BRACKETS_MAX) revert IAccessMarket.AccessMarket_TermsInvalid();
        uint256 dayBefore;
        uint256 bpsBefore = BPS;
        for (uint256 i; i < brackets.length; ++i) {
            (uint256 day, uint256 bps) = (brackets[i].fromDay, brackets[i].bps);
            if (day <= dayBefore || bps >= bpsBefore) revert IAccessMarket.AccessMarket_TermsInvalid();
            word |= (bps << BPS_SHIFT | day) << i * BRACKET_BITS;
            (dayBefore, bpsBefore) = (day, bps);
        }
    }

    function unpackBrackets(uint256 word) internal pure returns (IAccessMarket.Bracket[] memory brackets) {
        uint256 count;
        while (word >> count * BRACKET_BITS != 0) ++count;
        brackets = new IAccessMarket.Bracket[](count);
        for (uint256 i; i < count; ++i) {
            uint256 bracket = word >> i * BRACKET_BITS;
            brackets[i] = IAccessMarket.Bracket({fromDay: uint16(bracket), bps: uint16(bracket >> BPS_SHIFT)});
        }
    }

    /// @notice ⌊price · Σ of each day's rate / 10,000⌋: marginal, so that buying more never costs less.
    /// @dev Prices are below 2^112, days at most 3,650 and rates at most 10,000: nothing overflows.
    function ofDays(uint256 price, uint256 brackets, uint256 quantity) internal pure returns (uint256) {
        uint256 value;
        uint256 from;
        uint256 bps = BPS;
        unchecked {
            for (; brackets != 0; brackets >>= BRACKET_BITS) {
                uint256 until = uint16(brackets);
                if (quantity <= until) break;
                value += (until - from) * bps;
                (from, bps) = (until, uint16(brackets >> BPS_SHIFT));
            }
            return price * (value + (quantity - from) * bps) / BPS;
        }
    }

    /// @notice max(p, ⌊10·p · 2^(−elapsed / 24 h)⌋), the power being e^−⌊ln 2 · elapsed / 24 h⌋ in 18 decimals.
    /// @dev A reserve is below 2^112 and `elapsed` below 2^40: nothing overflows.
    function decayed(uint256 reserve, uint256 elapsed) internal pure returns (uint256 price) {
        unchecked {
            int256 exponent = -int256(LN2_WAD * elapsed / HALF_LIFE);
            price = START_FACTOR * reserve * uint256(FixedPointMathLib.expWad(exponent)) / WAD;
        }
        if (price < reserve) price = reserve;
    }
}
