// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title ContentTree
/// @notice The Merkle tree over rows and over chunks: leaves begin with 0x00, nodes with 0x01, and the last node of an odd
/// level rises unchanged.
library ContentTree {
    uint256 internal constant LEAVES_MAX = 1 << 53;

    /// @notice Whether the leaf number `index` of `leaves` leads to the root.
    /// @dev The number of leaves decides the form of the tree, so a proof has exactly one length.
    function proves(bytes32 root, bytes32 leaf, uint256 index, uint256 leaves, bytes32[] calldata proof)
        internal
        pure
        returns (bool)
    {
        if (index >= leaves || leaves > LEAVES_MAX) return false;
        bytes32 node = leaf;
        uint256 used;
        for (uint256 width = leaves; width > 1; width = (width + 1) / 2) {
            bool isLeft = index % 2 == 0;
            if (!isLeft || index != width - 1) {
                if (used == proof.length) return false;
                bytes32 sibling = proof[used++];
                node = isLeft ? nodeOf(node, sibling) : nodeOf(sibling, node);
            }
            index /= 2;
        }
        return used == proof.length && node == root;
    }

    function nodeOf(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x01), left, right));
    }

    function rowLeafOf(uint256 index, bytes32 salt, bytes calldata row) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x00), uint64(index), salt, row));
    }

    function chunkLeafOf(uint256 index, bytes32 chunkHash) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x00), uint64(index), chunkHash));
    }
}
