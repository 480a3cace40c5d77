// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {LibRLP} from "solady/utils/LibRLP.sol";

/// @title Places
/// @notice Where the contracts of one Deployer are, by their places in its order.
library Places {
    function governorOf(address deployer) internal pure returns (address) {
        return LibRLP.computeAddress(deployer, 1);
    }

    function registryOf(address deployer) internal pure returns (address) {
        return LibRLP.computeAddress(deployer, 2);
    }

    function ledgerOf(address deployer) internal pure returns (address) {
        return LibRLP.computeAddress(deployer, 3);
    }

    function marketOf(address deployer) internal pure returns (address) {
        return LibRLP.computeAddress(deployer, 4);
    }
}
