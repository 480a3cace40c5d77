// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title TimedPass
/// @notice The money of a timed pass: bought, renewed, accrued day by day, refunded, bought again. What is asserted is
/// proved by `scripts/prove.mjs` for every sequence of calls, of any length, with any amounts, at any times.
/// @dev An excerpt of AccessMarket and RevenueStream; README.md says which line is which. Days are counted from the head of
/// the stream, which is kept as what it pays on each of the three days from its head on: the sums of its changes up to
/// them. A pass has at most 2 days here, so it pays on no other.
contract TimedPass {
    /* The stream, and how many days its head is behind today. */
    uint256 internal behind;
    uint256 internal rate0;
    uint256 internal rate1;
    uint256 internal rate2;
    uint256 internal earned;

    /* The pass: its rate a day, the first day that it pays for, and the day of its expiry. */
    uint256 internal rate;
    uint256 internal start;
    uint256 internal end;

    /* All that was paid, went to the ledger, and went back. */
    uint256 internal paid;
    uint256 internal accrued;
    uint256 internal refunded;

    constructor() {
        _assertKept();
    }

    /// @dev What holds after every call may be used by the next.
    modifier keeps() {
        require(rate1 != 0 || rate2 == 0);
        require(paid == accrued + refunded + earned + rate0 + rate1 + rate2);
        require(end <= 3);
        require(start > 0 || end <= 0 || rate0 >= rate);
        require(start > 1 || end <= 1 || rate1 >= rate);
        require(start > 2 || end <= 2 || rate2 >= rate);
        _;
        _assertKept();
    }

    function _assertKept() internal view {
        // Nothing flows after a day on which nothing does, but for the first.
        assert(rate1 != 0 || rate2 == 0);
        // What was paid went to the ledger, went back, is earned, or waits for the days that are not earned yet.
        assert(paid == accrued + refunded + earned + rate0 + rate1 + rate2);
        // On each day of the pass that is not earned yet, the stream pays its rate.
        assert(end <= 3);
        assert(start > 0 || end <= 0 || rate0 >= rate);
        assert(start > 1 || end <= 1 || rate1 >= rate);
        assert(start > 2 || end <= 2 || rate2 >= rate);
    }

    function wait(uint256 days_) external keeps {
        behind += days_;
    }

    /// @dev One turn of the loop in `RevenueStream._advance`.
    function accrueDay() external keeps {
        require(behind != 0);
        bool isIdle = rate0 == 0 && rate1 == 0;
        // Skipping the other days skips nothing.
        assert(!isIdle || rate2 == 0);
        earned += rate0;
        behind = isIdle ? 0 : behind - 1;
        rate0 = rate1;
        rate1 = rate2;
        rate2 = 0;
        start = start == 0 || isIdle ? 0 : start - 1;
        end = end == 0 || isIdle ? 0 : end - 1;
    }

    function accrue() external keeps {
        accrued += earned;
        earned = 0;
    }

    /// @dev `_renew` of a pass without days left, after `earn` has brought the head to today.
    /// @param from Today for a pass that has ended, the day of its expiry for one that ends later.
    function buyDay(uint256 from, uint256 amount) external keeps {
        require(behind == 0 && from <= 1 && end <= from);
        paid += amount;
        rate = amount;
        start = from;
        end = from + 1;
        if (from == 0) rate0 += rate;
        else rate1 += rate;
    }

    /// @dev The same for two days.
    function buyTwoDays(uint256 from, uint256 amount) external keeps {
        require(behind == 0 && from <= 1 && end <= from);
        paid += amount;
        rate = amount / 2;
        earned += amount - 2 * rate;
        start = from;
        end = from + 2;
        if (from == 0) rate0 += rate;
        rate1 += rate;
        if (from == 1) rate2 += rate;
    }

    /// @dev `_renew` of a pass with one day left, for one more.
    /// @param from The day that is left: today, when that has not begun for the pass, or the next.
    function renew(uint256 from, uint256 amount) external keeps {
        require(behind == 0 && from <= 1 && start <= from && end == from + 1);
        if (from == 0) rate0 -= rate;
        else rate1 -= rate;
        uint256 sum = rate + amount;
        paid += amount;
        rate = sum / 2;
        earned += sum - 2 * rate;
        start = from;
        end = from + 2;
        if (from == 0) rate0 += rate;
        rate1 += rate;
        if (from == 1) rate2 += rate;
    }

    /// @dev `refund`, which does not bring the head to today.
    /// @param from The first day that has not begun for the pass: today, or the next.
    function refund(uint256 from) external keeps {
        require((from == behind || from == behind + 1) && start <= from && from < end);
        if (from == 0) rate0 -= rate;
        if (from <= 1 && end > 1) rate1 -= rate;
        if (end > 2) rate2 -= rate;
        if (end == from + 1) refunded += rate;
        if (end == from + 2) refunded += 2 * rate;
        if (end == from + 3) refunded += 3 * rate;
        rate = 0;
        start = 0;
        end = 0;
    }

    /// @notice What the market holds of it, less what is earned, covers every refund.
    function check() external keeps {
        uint256 waiting = paid - accrued - refunded - earned;
        assert(waiting == rate0 + rate1 + rate2);
        if (end == 3 && start <= 2) assert(waiting >= rate);
        if (end == 3 && start <= 1) assert(waiting >= 2 * rate);
        if (end == 2 && start == 0) assert(waiting >= 2 * rate);
    }
}
