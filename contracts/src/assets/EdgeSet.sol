// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAssetRegistry} from "./IAssetRegistry.sol";

/// @notice Royalty edges while a version is being published: one for each ancestor asset, at most 16.
struct EdgeSet {
    uint256 count;
    uint256[16] assets;
    uint256[16] ancestors;
    uint256[16] bps;
}

/// @title EdgeSetLib
/// @notice Builds the union of inherited edges, in memory.
library EdgeSetLib {
    uint256 internal constant EDGES_MAX = 16;

    /// @notice Adds an edge. Of two versions of one asset the later stays, at the larger of the two rates.
    function add(EdgeSet memory set, uint256 asset, uint256 ancestor, uint256 rate) internal pure {
        uint256 count = set.count;
        for (uint256 i; i < count; ++i) {
            if (set.assets[i] != asset) continue;
            if (ancestor > set.ancestors[i]) set.ancestors[i] = ancestor;
            if (rate > set.bps[i]) set.bps[i] = rate;
            return;
        }
        if (count == EDGES_MAX) revert IAssetRegistry.AssetRegistry_EdgesTooMany(count + 1);
        set.assets[count] = asset;
        set.ancestors[count] = ancestor;
        set.bps[count] = rate;
        set.count = count + 1;
    }

    /// @notice Brings the ancestors into ascending order and returns the sum of the rates.
    function sortAndSum(EdgeSet memory set) internal pure returns (uint256 sum) {
        for (uint256 i; i < set.count; ++i) {
            (uint256 ancestor, uint256 rate) = (set.ancestors[i], set.bps[i]);
            uint256 place = i;
            for (; place > 0 && set.ancestors[place - 1] > ancestor; --place) {
                set.ancestors[place] = set.ancestors[place - 1];
                set.bps[place] = set.bps[place - 1];
            }
            (set.ancestors[place], set.bps[place]) = (ancestor, rate);
            sum += rate;
        }
    }

    /// @notice The storage word of the four edges from `from` on. Needs `sortAndSum` first, which leaves `assets` behind.
    function pack(EdgeSet memory set, uint256 from) internal pure returns (uint256 word) {
        for (uint256 i = from; i < from + 4 && i < set.count; ++i) {
            word |= (set.ancestors[i] << 16 | set.bps[i]) << ((i - from) * 64);
        }
    }

    function toArray(EdgeSet memory set) internal pure returns (IAssetRegistry.Edge[] memory edges) {
        edges = new IAssetRegistry.Edge[](set.count);
        for (uint256 i; i < set.count; ++i) {
            edges[i] = IAssetRegistry.Edge({ancestor: set.ancestors[i], bps: uint16(set.bps[i])});
        }
    }
}
