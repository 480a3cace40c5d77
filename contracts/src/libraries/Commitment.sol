// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {EfficientHashLib} from "solady/utils/EfficientHashLib.sol";

/// @title Commitment
/// @notice The one word that commits to who published a version, to its manifest and to its contributors.
library Commitment {
    /// @dev What stands below the hash in the registry's slot. A contributor tree's nodes have as many bits.
    uint256 internal constant FREE_BITS = 64;

    /// @notice 192 bits of keccak256(abi.encode(publisher, manifestDigest, contributorRoot)), then 64 zero bits.
    function make(address publisher, bytes32 manifestDigest, bytes32 contributorRoot) internal pure returns (bytes32) {
        return clear(EfficientHashLib.hash(bytes32(uint256(uint160(publisher))), manifestDigest, contributorRoot));
    }

    function clear(bytes32 word) internal pure returns (bytes32) {
        return word >> FREE_BITS << FREE_BITS;
    }
}
