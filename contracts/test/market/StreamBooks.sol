// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @notice Books of timed passes, kept the slow and obvious way: every pass is a list of spans of days, each at its own
/// rate, and whatever is asked is summed over all of them.
contract StreamBooks {
    struct Span {
        uint256 start;
        uint256 end;
        uint256 rate;
    }

    uint256 internal constant DAY = 1 days;

    Span[] internal _spans;
    /// @dev Place of an account's last span, plus one.
    mapping(address holder => uint256) internal _last;
    mapping(address holder => uint256) public expiryOf;
    /// @notice What did not divide by the days, in all.
    uint256 public remainders;

    /// @notice Whole days of an account's pass that have not begun.
    function leftOf(address holder) public view returns (uint256) {
        uint256 expiry = expiryOf[holder];
        return expiry > block.timestamp ? (expiry - block.timestamp) / DAY : 0;
    }

    function rateOf(address holder) public view returns (uint256) {
        return _last[holder] == 0 ? 0 : _spans[_last[holder] - 1].rate;
    }

    function buy(address holder, uint256 quantity, uint256 amount) external {
        uint256 left = leftOf(holder);
        uint256 expiry = expiryOf[holder] > block.timestamp ? expiryOf[holder] : block.timestamp;
        uint256 money = amount + giveBack(holder, left);
        uint256 rate = money / (left + quantity);
        remainders += money - rate * (left + quantity);
        uint256 start = expiry / DAY - left;
        _spans.push(Span({start: start, end: start + left + quantity, rate: rate}));
        _last[holder] = _spans.length;
        expiryOf[holder] = expiry + quantity * DAY;
    }

    function refund(address holder) external returns (uint256 amount) {
        amount = giveBack(holder, leftOf(holder));
        expiryOf[holder] = 0;
    }

    function move(address from, address to) external {
        (_last[to], expiryOf[to]) = (_last[from], expiryOf[from]);
        (_last[from], expiryOf[from]) = (0, 0);
    }

    /// @notice What was earned on all days before `day`.
    function earnedBefore(uint256 day) external view returns (uint256 earned) {
        earned = remainders;
        for (uint256 i; i < _spans.length; ++i) {
            Span memory span = _spans[i];
            uint256 end = day < span.end ? day : span.end;
            if (end > span.start) earned += span.rate * (end - span.start);
        }
    }

    /// @notice What all passes pay on `day`.
    function rateOn(uint256 day) external view returns (uint256 rate) {
        for (uint256 i; i < _spans.length; ++i) {
            if (_spans[i].start <= day && day < _spans[i].end) rate += _spans[i].rate;
        }
    }

    /// @notice The first day on which nothing is paid any more.
    function lastDay() external view returns (uint256 last) {
        for (uint256 i; i < _spans.length; ++i) {
            if (_spans[i].end > last) last = _spans[i].end;
        }
    }

    function giveBack(address holder, uint256 left) internal returns (uint256) {
        if (left == 0) return 0;
        Span storage span = _spans[_last[holder] - 1];
        span.end -= left;
        return left * span.rate;
    }
}
