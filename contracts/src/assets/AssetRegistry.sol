// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ERC721} from "solady/tokens/ERC721.sol";
import {LibString} from "solady/utils/LibString.sol";
import {IAssetRegistry} from "./IAssetRegistry.sol";
import {EdgeSet, EdgeSetLib} from "./EdgeSet.sol";

/// @title AssetRegistry
/// @notice Keeps who owns each asset, what each version commits to, and what it owes its ancestors.
/// @dev Rates of an asset's first version live in the 96 spare bits of the token's owner slot, so the ledger learns owner
/// and rates in one read; they survive a transfer. Later versions have a word of their own. Nothing is ever burned.
contract AssetRegistry is IAssetRegistry, ERC721 {
    using EdgeSetLib for EdgeSet;

    /* STORAGE */

    uint256 internal constant BPS = 10_000;
    uint256 internal constant FEE_BPS_MAX = 500;
    uint256 internal constant EDGES_BPS_MAX = 5_000;
    uint256 internal constant EDGES_MAX = 16;
    uint256 internal constant EDGES_PER_WORD = 4;
    uint256 internal constant EDGE_BITS = 64;

    // Places in a packed word of rates. A first version's word has the kind and a flag above them, a later version's the asset.
    uint256 internal constant EDGES_SHIFT = 16;
    uint256 internal constant CONTRIBUTOR_SHIFT = 32;
    uint256 internal constant COUNT_SHIFT = 48;
    uint256 internal constant KIND_SHIFT = 56;
    uint256 internal constant ASSET_SHIFT = 64;
    uint256 internal constant RENEWED_FLAG = 1 << 64;

    /// @dev Protocol fee frozen into every version, of 10,000.
    uint16 internal immutable _feeBps;

    /// @inheritdoc IAssetRegistry
    uint256 public versionCount;

    /// @inheritdoc IAssetRegistry
    mapping(uint256 version => bytes32) public commitmentOf;
    /// @dev Four edges a word, ancestors ascending.
    mapping(uint256 version => uint256[4]) internal _edges;
    /// @dev Asset and rates of versions that are not an asset's first.
    mapping(uint256 version => uint256) internal _laterVersions;
    /// @dev Only of assets that carry the renewed flag; the others' current version is their first.
    mapping(uint256 asset => uint256) internal _currentVersions;

    constructor(uint16 feeBps) {
        if (feeBps > FEE_BPS_MAX) revert AssetRegistry_RatesInvalid(0, 0, 0, 0);
        _feeBps = feeBps;
    }

    /* PUBLISHING */

    /// @inheritdoc IAssetRegistry
    function publish(Kind kind, Publication calldata publication) external returns (uint256 asset) {
        if (kind == Kind.None) revert AssetRegistry_KindInvalid(uint256(kind));
        asset = ++versionCount;
        EdgeSet memory edges;
        _addParents(edges, publication.parents, asset);
        uint256 rates = _record(asset, asset, kind, publication, edges);
        _mintAndSetExtraDataUnchecked(msg.sender, asset, uint96(rates | uint256(kind) << KIND_SHIFT));
    }

    /// @inheritdoc IAssetRegistry
    function publishVersion(uint256 asset, Publication calldata publication) external returns (uint256 version) {
        uint256 before = currentVersion(asset);
        if (_ownerOf(asset) != msg.sender) revert AssetRegistry_NotOwner(msg.sender, asset);
        version = ++versionCount;
        EdgeSet memory edges;
        // First what was owed before, so that nobody sheds a royalty by publishing again.
        _addEdgesOf(edges, before, asset);
        _addParents(edges, publication.parents, asset);
        uint256 rates = _record(version, asset, kindOf(asset), publication, edges);
        _laterVersions[version] = rates | asset << ASSET_SHIFT;
        _currentVersions[asset] = version;
        if (before == asset) _setExtraData(asset, uint96(_getExtraData(asset) | RENEWED_FLAG));
    }

    /* VIEWS */

    /// @inheritdoc IAssetRegistry
    function assetOf(uint256 version) public view returns (uint256) {
        if (_exists(version)) return version;
        uint256 word = _laterVersions[version];
        if (word == 0) revert AssetRegistry_VersionUnknown(version);
        return word >> ASSET_SHIFT;
    }

    /// @inheritdoc IAssetRegistry
    function currentVersion(uint256 asset) public view returns (uint256) {
        uint256 word = _getExtraData(asset);
        if (word == 0) revert AssetRegistry_VersionUnknown(asset);
        return word & RENEWED_FLAG == 0 ? asset : _currentVersions[asset];
    }

    /// @inheritdoc IAssetRegistry
    function kindOf(uint256 asset) public view returns (Kind) {
        uint256 word = _getExtraData(asset);
        if (word == 0) revert AssetRegistry_VersionUnknown(asset);
        return Kind(uint8(word >> KIND_SHIFT));
    }

    /// @inheritdoc IAssetRegistry
    function ratesOf(uint256 version) external view returns (address owner, Rates memory rates) {
        (uint256 asset, uint256 word) = _wordOf(version);
        owner = _ownerOf(asset);
        rates = _unpack(word);
    }

    /// @inheritdoc IAssetRegistry
    function edgesOf(uint256 version) external view returns (Edge[] memory edges) {
        (, uint256 word) = _wordOf(version);
        edges = new Edge[](uint8(word >> COUNT_SHIFT));
        for (uint256 i; i < edges.length; ++i) {
            (edges[i].ancestor, edges[i].bps) = edgeAt(version, i);
        }
    }

    /// @inheritdoc IAssetRegistry
    function edgeAt(uint256 version, uint256 index) public view returns (uint256 ancestor, uint16 bps) {
        if (index >= EDGES_MAX) return (0, 0);
        uint256 word = _edges[version][index / EDGES_PER_WORD];
        uint256 rate;
        (ancestor, rate) = EdgeSetLib.unpack(word >> index % EDGES_PER_WORD * EDGE_BITS);
        bps = uint16(rate);
    }

    /* ERC-721 */

    function name() public pure override returns (string memory) {
        return "Agorai Assets";
    }

    function symbol() public pure override returns (string memory) {
        return "AGORAI";
    }

    /// @notice A name for wallets to show. What an asset is, its manifest says.
    function tokenURI(uint256 id) public view override returns (string memory) {
        if (!_exists(id)) revert TokenDoesNotExist();
        return string.concat('data:application/json,{"name":"Agorai asset ', LibString.toString(id), '"}');
    }

    /* INTERNAL */

    /// @dev Checks a publication, stores what it commits to, and returns its packed rates.
    function _record(uint256 version, uint256 asset, Kind kind, Publication calldata publication, EdgeSet memory edges)
        internal
        returns (uint256)
    {
        bytes32 digest = publication.manifestDigest;
        if (digest == 0) revert AssetRegistry_DigestZero();
        Contributors calldata contributors = publication.contributors;
        uint256 edgesBps = edges.sortAndSum();
        _checkRates(contributors, edgesBps, publication.royaltyBps);
        Rates memory rates = Rates({
            royaltyBps: publication.royaltyBps,
            edgesBps: uint16(edgesBps),
            feeBps: _feeBps,
            contributorBps: contributors.bps
        });
        commitmentOf[version] = keccak256(abi.encode(msg.sender, digest, contributors.root));
        for (uint256 i; i < edges.count; i += EDGES_PER_WORD) {
            _edges[version][i / EDGES_PER_WORD] = edges.packWord(i);
        }
        emit VersionPublished(
            version, asset, msg.sender, kind, digest, contributors, rates, publication.parents, edges.toArray()
        );
        return rates.royaltyBps | edgesBps << EDGES_SHIFT | uint256(rates.contributorBps) << CONTRIBUTOR_SHIFT
            | edges.count << COUNT_SHIFT;
    }

    function _checkRates(Contributors calldata contributors, uint256 edgesBps, uint256 royaltyBps) internal pure {
        uint256 weightSum = uint64(uint256(contributors.root));
        bool valid = contributors.bps <= BPS && edgesBps <= EDGES_BPS_MAX && royaltyBps <= EDGES_BPS_MAX
            && (contributors.bps == 0 || weightSum != 0);
        if (!valid) revert AssetRegistry_RatesInvalid(contributors.bps, edgesBps, royaltyBps, weightSum);
    }

    /// @dev Adds each parent and all that it inherited: a descendant owes every ancestor directly.
    function _addParents(EdgeSet memory edges, uint256[] calldata parents, uint256 asset) internal view {
        if (parents.length > EDGES_MAX) revert AssetRegistry_EdgesTooMany(parents.length);
        uint256 previous;
        for (uint256 i; i < parents.length; ++i) {
            uint256 parent = parents[i];
            if (parent <= previous) revert AssetRegistry_ParentsUnordered(parent);
            previous = parent;
            (uint256 parentAsset, uint256 word) = _wordOf(parent);
            if (uint8(word >> COUNT_SHIFT) != 0) _addEdgesOf(edges, parent, asset);
            if (parentAsset != asset) edges.add(parentAsset, parent, uint16(word));
        }
    }

    /// @dev Adds the edges of a version, except one to the asset that is being published itself.
    function _addEdgesOf(EdgeSet memory edges, uint256 version, uint256 asset) internal view {
        for (uint256 i; i < EDGES_MAX; ++i) {
            (uint256 ancestor, uint16 bps) = edgeAt(version, i);
            if (ancestor == 0) break;
            uint256 ancestorAsset = assetOf(ancestor);
            if (ancestorAsset != asset) edges.add(ancestorAsset, ancestor, bps);
        }
    }

    /// @dev The asset of a version and the word that holds its rates.
    function _wordOf(uint256 version) internal view returns (uint256 asset, uint256 word) {
        word = _getExtraData(version);
        if (word != 0) return (version, word);
        word = _laterVersions[version];
        if (word == 0) revert AssetRegistry_VersionUnknown(version);
        return (word >> ASSET_SHIFT, word);
    }

    function _unpack(uint256 word) internal view returns (Rates memory) {
        return Rates({
            royaltyBps: uint16(word),
            edgesBps: uint16(word >> EDGES_SHIFT),
            feeBps: _feeBps,
            contributorBps: uint16(word >> CONTRIBUTOR_SHIFT)
        });
    }
}
