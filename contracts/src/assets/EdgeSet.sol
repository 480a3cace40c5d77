// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAssetRegistry} from "./IAssetRegistry.sol";

/// @title EdgeSet
/// @notice Edges while a version is being published: one for each asset they lead to, built in memory.
/// @dev An edge is the asset (48 bits) above the version (48 bits) above the rate (16 bits); the asset is not stored.
library EdgeSet {
    uint256 internal constant EDGES_MAX = 16;
    uint256 internal constant EDGES_PER_WORD = 4;
    uint256 internal constant EDGE_BITS = 64;
    uint256 internal constant BPS_BITS = 16;

    /// @notice An empty set with room for 16 edges.
    function create() internal pure returns (uint256[] memory set) {
        assembly ("memory-safe") {
            set := mload(0x40)
            mstore(set, 0)
            mstore(0x40, add(set, mul(0x20, add(EDGES_MAX, 1))))
        }
    }

    /// @notice Adds an edge. Of two versions of one asset the later stays, at the larger of the two rates.
    function add(uint256[] memory set, uint256 asset, uint256 version, uint256 bps) internal pure {
        uint256 count = set.length;
        for (uint256 i; i < count; ++i) {
            if (set[i] >> EDGE_BITS != asset) continue;
            (uint256 otherVersion, uint256 otherBps) = unpack(set[i]);
            if (otherVersion > version) version = otherVersion;
            if (otherBps > bps) bps = otherBps;
            set[i] = asset << EDGE_BITS | version << BPS_BITS | bps;
            return;
        }
        if (count == EDGES_MAX) revert IAssetRegistry.AssetRegistry_EdgesTooMany(count + 1);
        uint256 edge = asset << EDGE_BITS | version << BPS_BITS | bps;
        assembly ("memory-safe") {
            count := add(count, 1)
            mstore(set, count)
            mstore(add(set, mul(0x20, count)), edge)
        }
    }

    /// @notice Forgets the assets, brings the edges into the order of their versions, and returns the sum of their rates.
    function sortAndSum(uint256[] memory set) internal pure returns (uint256 sum) {
        unchecked {
            for (uint256 i; i < set.length; ++i) {
                uint256 edge = uint64(set[i]);
                uint256 place = i;
                for (; place > 0 && set[place - 1] > edge; --place) {
                    set[place] = set[place - 1];
                }
                set[place] = edge;
                sum += uint16(edge);
            }
        }
    }

    /// @notice Adds the edges of a storage word.
    function append(uint256[] memory set, uint256 word) internal pure {
        assembly ("memory-safe") {
            let count := mload(set)
            for {} word { word := shr(EDGE_BITS, word) } {
                count := add(count, 1)
                mstore(add(set, mul(0x20, count)), and(word, 0xffffffffffffffff))
            }
            mstore(set, count)
        }
    }

    /// @notice Writes the edges of a storage word to `place` in memory, as the ABI has them, and returns where they end.
    function write(uint256 place, uint256 word) internal pure returns (uint256) {
        assembly ("memory-safe") {
            for {} word { word := shr(EDGE_BITS, word) } {
                mstore(place, and(shr(BPS_BITS, word), 0xffffffffffff))
                mstore(add(place, 0x20), and(word, 0xffff))
                place := add(place, 0x40)
            }
        }
        return place;
    }

    /// @notice Whether there is an edge to every version of `others`, at no lower rate.
    function covers(uint256[] memory set, uint256[] memory others) internal pure returns (bool) {
        for (uint256 i; i < others.length; ++i) {
            bool isCovered;
            for (uint256 j; j < set.length && !isCovered; ++j) {
                isCovered = set[j] >> BPS_BITS == others[i] >> BPS_BITS && uint16(set[j]) >= uint16(others[i]);
            }
            if (!isCovered) return false;
        }
        return true;
    }

    /// @notice The storage word of the four sorted edges from `from` on.
    function packWord(uint256[] memory set, uint256 from) internal pure returns (uint256 word) {
        unchecked {
            uint256 end = from + EDGES_PER_WORD;
            if (end > set.length) end = set.length;
            while (end > from) word = word << EDGE_BITS | set[--end];
        }
    }

    function toEdges(uint256[] memory set) internal pure returns (IAssetRegistry.Edge[] memory edges) {
        edges = new IAssetRegistry.Edge[](set.length);
        for (uint256 i; i < edges.length; ++i) {
            (uint256 version, uint256 bps) = unpack(set[i]);
            edges[i] = IAssetRegistry.Edge({version: version, bps: uint16(bps)});
        }
    }

    function unpack(uint256 edge) internal pure returns (uint256 version, uint256 bps) {
        return (uint48(edge >> BPS_BITS), uint16(edge));
    }
}
