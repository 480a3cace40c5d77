// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAccessMarket} from "./IAccessMarket.sol";

/// @notice A pass in one word, its fields in the order of `IAccessMarket.Pass`, the first one lowest.
type PassWord is uint256;

using PassWordLib for PassWord global;

/// @title PassWordLib
/// @notice Packs and reads passes.
library PassWordLib {
    uint256 internal constant PERPETUAL = type(uint40).max;
    uint256 internal constant PURCHASES_MAX = type(uint24).max;
    uint256 internal constant GRANTED_SHIFT = 24;
    uint256 internal constant EXPIRY_SHIFT = 64;
    uint256 internal constant REFUND_SHIFT = 104;
    uint256 internal constant AMOUNT_SHIFT = 144;
    /// @dev Of a purchase that is final at once and holds for ever.
    PassWord internal constant FINAL = PassWord.wrap(PERPETUAL << EXPIRY_SHIFT);

    /// @notice Of a purchase that is neither granted yet nor known to its holder.
    function make(uint256 expiry_, uint256 refundUntil_, uint256 amount_) internal pure returns (PassWord) {
        return PassWord.wrap(expiry_ << EXPIRY_SHIFT | refundUntil_ << REFUND_SHIFT | amount_ << AMOUNT_SHIFT);
    }

    /// @notice Granted now to who had `before`. Its purchases are below their most.
    function granted(PassWord pass, PassWord before) internal view returns (PassWord) {
        unchecked {
            return PassWord.wrap(PassWord.unwrap(pass) | block.timestamp << GRANTED_SHIFT | (before.purchases() + 1));
        }
    }

    function purchases(PassWord pass) internal pure returns (uint256) {
        return uint24(PassWord.unwrap(pass));
    }

    function expiry(PassWord pass) internal pure returns (uint256) {
        return uint40(PassWord.unwrap(pass) >> EXPIRY_SHIFT);
    }

    function refundUntil(PassWord pass) internal pure returns (uint256) {
        return uint40(PassWord.unwrap(pass) >> REFUND_SHIFT);
    }

    function amount(PassWord pass) internal pure returns (uint256) {
        return PassWord.unwrap(pass) >> AMOUNT_SHIFT;
    }

    /// @notice Less everything but its purchases and when the latest was made.
    function ended(PassWord pass) internal pure returns (PassWord) {
        return PassWord.wrap(uint64(PassWord.unwrap(pass)));
    }

    /// @notice Less what waited for the end of its refund window.
    function released(PassWord pass) internal pure returns (PassWord) {
        return PassWord.wrap(uint104(PassWord.unwrap(pass)));
    }

    /// @notice Moved to an account that has made purchases of its own.
    function movedTo(PassWord pass, PassWord other) internal pure returns (PassWord) {
        uint256 word = PassWord.unwrap(pass);
        return PassWord.wrap(word >> GRANTED_SHIFT << GRANTED_SHIFT | other.purchases());
    }

    function unpack(PassWord pass) internal pure returns (IAccessMarket.Pass memory) {
        return IAccessMarket.Pass({
            purchases: uint24(pass.purchases()),
            grantedAt: uint40(PassWord.unwrap(pass) >> GRANTED_SHIFT),
            expiry: uint40(pass.expiry()),
            refundUntil: uint40(pass.refundUntil()),
            amount: uint112(pass.amount())
        });
    }
}
