// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title SumTree
/// @notice A Merkle tree whose every node also commits to the sum of the weights below it. A leaf's interval
/// [start, start + weight) follows from its place, so two leaves of one root can never overlap.
/// @dev A node is one word: 192 bits of hash above a 64-bit sum.
library SumTree {
    uint256 internal constant SUM_MASK = type(uint64).max;
    uint256 internal constant PROOF_MAX = 64;

    /// @notice The node of a single account.
    function leafOf(address account, uint64 weight) internal pure returns (bytes32) {
        return _node(keccak256(abi.encodePacked(bytes1(0x00), account, weight)), weight);
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
        for (uint256 i; i < proof.length; ++i) {
            bytes32 sibling = proof[i];
            uint256 sum = uint256(sumOf(root)) + sumOf(sibling);
            if (sum > SUM_MASK) return (0, 0);
            bool isRight = path >> i & 1 == 1;
            if (isRight) start += sumOf(sibling);
            root = _node(isRight ? _hashPair(sibling, root) : _hashPair(root, sibling), sum);
        }
    }

    function _node(bytes32 hash, uint256 sum) private pure returns (bytes32) {
        return bytes32(uint256(hash) & ~SUM_MASK | sum);
    }

    /// @dev keccak256(0x01 ‖ left ‖ right), written over scratch space and the free memory pointer, which is put back.
    function _hashPair(bytes32 left, bytes32 right) private pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore8(0x00, 0x01)
            mstore(0x01, left)
            mstore(0x21, right)
            hash := keccak256(0x00, 0x41)
            mstore(0x40, free)
        }
    }
}
