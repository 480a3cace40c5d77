// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title IAssetRegistry
/// @notice Assets are ERC-721 tokens; each publication of one is a version. Versions are the vertices of the royalty graph.
/// @dev Ids are shared: an asset's id is the id of its first version. Ids start at 1 and ascend, so a parent's id is
/// always lower than its child's and the graph is acyclic by construction. Id 0 is the treasury's account in the ledger.
interface IAssetRegistry {
    /* TYPES */

    /// @notice What an asset is.
    enum Kind {
        None,
        Dataset,
        Model,
        Algorithm,
        Service,
        Feed,
        Agent,
        Pipeline,
        Collection,
        Machine
    }

    /// @notice Who is credited inside one version.
    /// @param root Root of the contributor sum tree: 192 bits of hash, then the sum of all weights in the low 64 bits.
    /// Zero when there are none.
    /// @param bps Share of the version's residue that goes to contributors, of 10,000.
    struct Contributors {
        bytes32 root;
        uint16 bps;
    }

    /// @notice A royalty edge: what a version owes one ancestor version out of its sales.
    struct Edge {
        uint256 ancestor;
        uint16 bps;
    }

    /// @notice Everything a publisher states about a version.
    /// @param manifestDigest sha-256 of the exact bytes of the manifest.
    /// @param parents Versions this one was built from, strictly ascending.
    /// @param royaltyBps What each descendant's sales owe this version, of 10,000.
    /// @param contributors Who is credited inside it.
    struct Publication {
        bytes32 manifestDigest;
        uint256[] parents;
        uint16 royaltyBps;
        Contributors contributors;
    }

    /// @notice The rates of a version, frozen when it was published. All of 10,000.
    struct Rates {
        uint16 royaltyBps;
        uint16 edgesBps;
        uint16 feeBps;
        uint16 contributorBps;
    }

    /* ERRORS */

    error AssetRegistry_KindInvalid(uint256 kind);
    error AssetRegistry_DigestZero();
    error AssetRegistry_RatesInvalid(uint256 contributorBps, uint256 edgesBps, uint256 royaltyBps, uint256 weightSum);
    error AssetRegistry_ParentsUnordered(uint256 parent);
    error AssetRegistry_VersionUnknown(uint256 version);
    /// @notice More than 16 inherited edges. Build from at most 16 ancestor assets.
    error AssetRegistry_EdgesTooMany(uint256 count);
    error AssetRegistry_NotOwner(address caller, uint256 asset);

    /* EVENTS */

    /// @notice A version was published. `version == asset` for an asset's first.
    event VersionPublished(
        uint256 indexed version,
        uint256 indexed asset,
        address indexed publisher,
        Kind kind,
        bytes32 manifestDigest,
        Contributors contributors,
        Rates rates,
        uint256[] parents,
        Edge[] edges
    );

    /* FUNCTIONS */

    /// @notice Publishes a new asset, minted to the caller, with its first version.
    /// @return asset The asset's id, also the id of its first version.
    function publish(Kind kind, Publication calldata publication) external returns (uint256 asset);

    /// @notice Publishes a later version of an asset that the caller owns. It keeps every edge of the version before it.
    function publishVersion(uint256 asset, Publication calldata publication) external returns (uint256 version);

    /// @notice Number of versions ever published, which is the highest id.
    function versionCount() external view returns (uint256);

    /// @notice The asset that a version belongs to. Reverts with `VersionUnknown`.
    function assetOf(uint256 version) external view returns (uint256);

    /// @notice The version that sales of the asset are credited to. Reverts with `VersionUnknown`.
    function currentVersion(uint256 asset) external view returns (uint256);

    /// @notice Kind of an asset. Reverts with `VersionUnknown`.
    function kindOf(uint256 asset) external view returns (Kind);

    /// @notice What the ledger needs of a version: who owns its asset now, and its frozen rates.
    function ratesOf(uint256 version) external view returns (address owner, Rates memory rates);

    /// @notice Royalty edges of a version, ancestors ascending, at most 16.
    function edgesOf(uint256 version) external view returns (Edge[] memory);

    /// @notice One royalty edge. `ancestor` is 0 where there is none.
    function edgeAt(uint256 version, uint256 index) external view returns (uint256 ancestor, uint16 bps);

    /// @notice keccak256(abi.encode(publisher, manifestDigest, contributorRoot)): the one word that commits to all three.
    /// @dev The publisher is in it so that nobody else's publication of the same manifest passes for this one.
    function commitmentOf(uint256 version) external view returns (bytes32);
}
