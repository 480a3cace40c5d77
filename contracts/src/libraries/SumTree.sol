// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title SumTree
/// @notice A Merkle tree whose every node also commits to the sum of the weights below it. A leaf's interval
/// [start, start + weight) follows from its place, so two leaves of one root can never overlap.
/// @dev A node is one word: 192 bits of hash above a 64-bit sum.
library SumTree {
    uint256 internal constant SUM_MASK = 0xffffffffffffffff;
    uint256 internal constant PROOF_MAX = 64;

    /// @notice The node of a single account.
    function leafOf(address account, uint64 weight) internal pure returns (bytes32 leaf) {
        // keccak256(0x00 ‖ account ‖ weight), hashed in scratch space.
        assembly ("memory-safe") {
            mstore(0x00, or(shl(88, account), shl(24, weight)))
            leaf := or(and(keccak256(0x00, 0x1d), not(SUM_MASK)), weight)
        }
    }

    /// @notice The sum of all weights under a node.
    function sumOf(bytes32 node) internal pure returns (uint64) {
        return uint64(uint256(node));
    }

    /// @notice Climbs from a leaf to its root. Bit i of `path` is 1 when the node at step i is the right child.
    /// @return root Zero when the proof is malformed: too long, a path with spare bits, or sums beyond 64 bits.
    /// @return start Sum of the weights that stand left of the leaf.
    function climb(bytes32 leaf, uint256 path, bytes32[] calldata proof)
        internal
        pure
        returns (bytes32 root, uint256 start)
    {
        if (proof.length > PROOF_MAX || path >> proof.length != 0) return (0, 0);
        root = leaf;
        uint256 overflow;
        // Each parent is keccak256(0x01 ‖ left ‖ right), hashed in scratch space over the free memory pointer, which is
        // put back. `start` cannot overflow: it is a sum of at most 64 numbers below 2^64.
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore8(0x00, 0x01)
            let end := add(proof.offset, shl(5, proof.length))
            for { let place := proof.offset } lt(place, end) { place := add(place, 0x20) } {
                let sibling := calldataload(place)
                let weight := and(sibling, SUM_MASK)
                let sum := add(and(root, SUM_MASK), weight)
                overflow := or(overflow, shr(64, sum))
                switch and(path, 1)
                case 0 {
                    mstore(0x01, root)
                    mstore(0x21, sibling)
                }
                default {
                    mstore(0x01, sibling)
                    mstore(0x21, root)
                    start := add(start, weight)
                }
                root := or(and(keccak256(0x00, 0x41), not(SUM_MASK)), and(sum, SUM_MASK))
                path := shr(1, path)
            }
            mstore(0x40, free)
        }
        if (overflow != 0) return (0, 0);
    }
}
