// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @notice Builds contributor trees the slow and obvious way, level by level, from the written rule and not from the
/// library under test.
library SumTreeBuilder {
    struct Leaf {
        address account;
        uint64 weight;
    }

    struct Proof {
        uint256 path;
        bytes32[] siblings;
        uint256 start;
    }

    function rootOf(Leaf[] memory leaves) internal pure returns (bytes32) {
        bytes32[] memory level = wordsOf(leaves);
        while (level.length > 1) level = above(level);
        return level[0];
    }

    function proofOf(Leaf[] memory leaves, uint256 place) internal pure returns (Proof memory proof) {
        for (uint256 i; i < place; ++i) {
            proof.start += leaves[i].weight;
        }
        bytes32[] memory level = wordsOf(leaves);
        bytes32[] memory siblings = new bytes32[](64);
        uint256 steps;
        while (level.length > 1) {
            bool promoted = place == level.length - 1 && place % 2 == 0;
            if (!promoted) {
                if (place % 2 == 1) proof.path |= 1 << steps;
                siblings[steps++] = level[place ^ 1];
            }
            place /= 2;
            level = above(level);
        }
        proof.siblings = new bytes32[](steps);
        for (uint256 i; i < steps; ++i) {
            proof.siblings[i] = siblings[i];
        }
    }

    function wordsOf(Leaf[] memory leaves) private pure returns (bytes32[] memory words) {
        words = new bytes32[](leaves.length);
        for (uint256 i; i < leaves.length; ++i) {
            bytes32 hash = keccak256(abi.encodePacked(uint8(0), leaves[i].account, leaves[i].weight));
            words[i] = bytes32((uint256(hash) >> 64 << 64) + leaves[i].weight);
        }
    }

    function above(bytes32[] memory level) private pure returns (bytes32[] memory next) {
        next = new bytes32[]((level.length + 1) / 2);
        for (uint256 i; i < next.length; ++i) {
            if (2 * i + 1 == level.length) {
                next[i] = level[2 * i];
                continue;
            }
            bytes32 hash = keccak256(abi.encodePacked(uint8(1), level[2 * i], level[2 * i + 1]));
            uint256 sum = uint256(level[2 * i]) % 2 ** 64 + uint256(level[2 * i + 1]) % 2 ** 64;
            next[i] = bytes32((uint256(hash) >> 64 << 64) + sum);
        }
    }
}
