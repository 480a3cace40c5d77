// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title PaidChannel
/// @notice The money of one payment channel from its deposits to the ledger. What is asserted, above all that what was paid
/// is at most what was deposited, is proved by `scripts/prove.mjs` for every sequence of calls, of any length, with any
/// amounts, at any times.
/// @dev An excerpt of BatchSettlement and OperatorReceiver; README.md says which line is which. A signature is modelled by
/// what was signed: a voucher counts when the payer signed so much or more, because a cumulative voucher includes those
/// before it.
contract PaidChannel {
    /* The channel. */
    uint256 internal balance;
    uint256 internal claimed;
    uint256 internal signedMax;
    uint256 internal pending;
    uint256 internal since;

    /* Its receiver, which has no other channel here. */
    uint256 internal settled;
    uint256 internal distributed;

    /* All that ever came in, and all that went back to the payer. */
    uint256 internal deposited;
    uint256 internal givenBack;

    constructor() {
        _assertKept();
    }

    /// @dev What holds after every call may be used by the next.
    modifier keeps() {
        require(claimed <= balance && claimed <= signedMax);
        require(balance + givenBack == deposited);
        require(settled <= claimed && distributed <= settled);
        _;
        _assertKept();
    }

    function _assertKept() internal view {
        assert(claimed <= balance);
        // The seller never has more than the payer signed.
        assert(claimed <= signedMax);
        assert(balance + givenBack == deposited);
        assert(settled <= claimed);
        assert(distributed <= settled);
    }

    function deposit(uint256 amount) external keeps {
        balance += amount;
        deposited += amount;
    }

    function sign(uint256 maxClaimable) external keeps {
        if (maxClaimable > signedMax) signedMax = maxClaimable;
    }

    function claim(uint256 maxClaimable, uint256 total) external keeps {
        if (total <= claimed) return;
        require(maxClaimable <= signedMax);
        require(total <= maxClaimable);
        require(total <= balance);
        claimed = total;
    }

    function settle() external keeps {
        settled = claimed;
    }

    /// @param first What some versions get.
    /// @param others What all other versions get.
    function distribute(uint256 first, uint256 others) external keeps {
        uint256 amount = first + others;
        require(amount <= settled - distributed);
        distributed += amount;
    }

    function refund(uint256 requested) external keeps {
        uint256 amount = _takeUnclaimed(requested);
        pending = amount < pending ? pending - amount : 0;
    }

    function initiateWithdraw(uint256 amount, uint256 time) external keeps {
        require(since == 0 && time != 0);
        require(amount <= balance - claimed);
        pending = amount;
        since = time;
    }

    function finalizeWithdraw(uint256 time) external keeps {
        require(since != 0 && time > since);
        uint256 amount = pending;
        pending = 0;
        since = 0;
        _takeUnclaimed(amount);
    }

    function _takeUnclaimed(uint256 requested) internal returns (uint256 amount) {
        uint256 unclaimed = balance - claimed;
        amount = requested < unclaimed ? requested : unclaimed;
        balance -= amount;
        givenBack += amount;
    }

    /// @dev The conclusions.
    function check() external keeps {
        uint256 paid = settled + givenBack;
        assert(paid <= deposited);
        // What the contract holds of the channel pays whoever is still to be paid.
        assert(deposited - paid == (balance - claimed) + (claimed - settled));
        // Nobody but the payer can take what was not signed.
        assert(deposited - givenBack - claimed == balance - claimed);
        assert(distributed <= deposited);
    }
}
