// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAssetRegistry} from "./IAssetRegistry.sol";

/// @notice Royalty edges while a version is being published: one for each ancestor asset, at most 16.
/// @param assets Which asset each edge leads to.
/// @param edges The ancestor version (48 bits) above its rate (16 bits), as they are stored.
struct EdgeSet {
    uint256 count;
    uint256[16] assets;
    uint256[16] edges;
}

/// @title EdgeSetLib
/// @notice Builds the union of inherited edges, in memory.
library EdgeSetLib {
    uint256 internal constant EDGES_MAX = 16;
    uint256 internal constant EDGES_PER_WORD = 4;
    uint256 internal constant EDGE_BITS = 64;
    uint256 internal constant BPS_BITS = 16;

    /// @notice Adds an edge. Of two versions of one asset the later stays, at the larger of the two rates.
    function add(EdgeSet memory set, uint256 asset, uint256 ancestor, uint256 bps) internal pure {
        uint256 count = set.count;
        for (uint256 i; i < count; ++i) {
            if (set.assets[i] != asset) continue;
            (uint256 otherAncestor, uint256 otherBps) = unpack(set.edges[i]);
            if (otherAncestor > ancestor) ancestor = otherAncestor;
            if (otherBps > bps) bps = otherBps;
            set.edges[i] = ancestor << BPS_BITS | bps;
            return;
        }
        if (count == EDGES_MAX) revert IAssetRegistry.AssetRegistry_EdgesTooMany(count + 1);
        set.assets[count] = asset;
        set.edges[count] = ancestor << BPS_BITS | bps;
        set.count = count + 1;
    }

    /// @notice Brings the edges into the order of their ancestors and returns the sum of their rates.
    /// @dev Ancestors differ and stand above the rates, so the edges can be compared whole. Leaves `assets` behind.
    function sortAndSum(EdgeSet memory set) internal pure returns (uint256 sum) {
        uint256 count = set.count;
        for (uint256 i; i < count; ++i) {
            uint256 edge = set.edges[i];
            uint256 place = i;
            for (; place > 0 && set.edges[place - 1] > edge; --place) {
                set.edges[place] = set.edges[place - 1];
            }
            set.edges[place] = edge;
            sum += uint16(edge);
        }
    }

    /// @notice The storage word of the four edges from `from` on.
    function packWord(EdgeSet memory set, uint256 from) internal pure returns (uint256 word) {
        uint256 end = from + EDGES_PER_WORD;
        if (end > set.count) end = set.count;
        while (end > from) word = word << EDGE_BITS | set.edges[--end];
    }

    function toArray(EdgeSet memory set) internal pure returns (IAssetRegistry.Edge[] memory array) {
        array = new IAssetRegistry.Edge[](set.count);
        for (uint256 i; i < array.length; ++i) {
            (uint256 ancestor, uint256 bps) = unpack(set.edges[i]);
            array[i] = IAssetRegistry.Edge({ancestor: ancestor, bps: uint16(bps)});
        }
    }

    function unpack(uint256 edge) internal pure returns (uint256 ancestor, uint256 bps) {
        return (uint48(edge >> BPS_BITS), uint16(edge));
    }
}
