// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

/// @title Till
/// @notice An asset's payment address. All that it can do is to hand what it holds to the ledger that made it.
/// @dev Cloned once an asset, at an address that depends on the ledger and the asset's id only. It has no storage and
/// nothing to initialise: the ledger is written into the code that the clones share.
contract Till {
    error Till_NotLedger(address caller);

    address public immutable ledger;

    constructor() {
        ledger = msg.sender;
    }

    /// @notice Moves the whole balance of `token`, in its base units, to the ledger.
    function empty(address token) external returns (uint256 amount) {
        if (msg.sender != ledger) revert Till_NotLedger(msg.sender);
        return SafeTransferLib.safeTransferAll(token, ledger);
    }
}
