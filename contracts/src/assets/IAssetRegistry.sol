// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAccessMarket} from "../market/IAccessMarket.sol";

/// @title IAssetRegistry
/// @notice Assets are ERC-721 tokens; each publication of one is a version. Versions are the vertices of the graph.
/// @dev Ids are shared: an asset's id is the id of its first version. Ids start at 1 and ascend, so whatever a version
/// is built from or sells has a lower id and the graph is acyclic by construction. Id 0 is the treasury's account in the
/// ledger. Also ERC-2981 (answers with the till), ERC-4906 and EIP-712 (domain "Agorai", version "1").
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
    /// Zero when there are none. In a collection a leaf's account is the id of a member version, and what it is due is
    /// credited to that version as a royalty.
    /// @param bps Share of the version's residue that goes to contributors, of 10,000. Within an asset it never falls.
    struct Contributors {
        bytes32 root;
        uint16 bps;
    }

    /// @notice On what terms others may build from a version or sell its work.
    /// @param royaltyBps What each descendant's sales owe this version, of 10,000. At most 5,000.
    /// @param serveBps What a service that sells this version's work owes it, of 10,000. At most 9,000; 0 offers no such
    /// right.
    /// @param flags Sum of: 1 others may build from it; 2 they need the owner's signed consent, to sell its work too;
    /// 4 they must name it; 8 what they build may be sold. Without 8, whatever others build, directly or not, is free.
    struct Terms {
        uint16 royaltyBps;
        uint16 serveBps;
        uint8 flags;
    }

    /// @notice What a version owes one other version out of its sales: an ancestor, or a supplier.
    struct Edge {
        uint256 version;
        uint16 bps;
    }

    /// @notice The owner's consent that `publisher` builds from `version` or sells its work, once. EIP-712:
    /// Consent(uint256 version,address publisher,bytes32 manifestDigest,bytes32 nonce,uint256 expiry)
    /// @param nonce Any value that the owner has not used.
    /// @param expiry Last second at which it holds, unix.
    struct Consent {
        uint256 version;
        bytes32 nonce;
        uint256 expiry;
        bytes signature;
    }

    /// @notice Everything a publisher states about a version.
    /// @param manifestDigest sha-256 of the exact bytes of the manifest.
    /// @param parents Versions this one was built from, strictly ascending.
    /// @param suppliers Versions whose work this one sells, strictly ascending, at most 4; for services, agents and
    /// pipelines. Each is owed the rate of its own `serveBps`.
    /// @param feeBpsMax Highest protocol fee that the publisher accepts, of 10,000.
    /// @param consents Those that parents and suppliers of other owners ask for.
    struct Publication {
        bytes32 manifestDigest;
        uint256[] parents;
        uint256[] suppliers;
        Terms terms;
        Contributors contributors;
        uint16 feeBpsMax;
        Consent[] consents;
    }

    /// @notice How a version's sales are split, frozen when it was published. All of 10,000.
    /// @param feeBps Protocol fee, on value added: ⌊fee · (10,000 − suppliers' share) / 10,000⌋.
    /// @param owedBps The fee and all edges together: what of a sale does not stay with the version.
    struct Rates {
        uint16 feeBps;
        uint16 owedBps;
        uint16 contributorBps;
    }

    /* ERRORS */

    error AssetRegistry_KindInvalid(uint256 kind);
    error AssetRegistry_DigestZero();
    error AssetRegistry_TermsInvalid(uint256 royaltyBps, uint256 serveBps, uint256 flags);
    error AssetRegistry_RatesInvalid(
        uint256 contributorBps, uint256 royaltiesBps, uint256 suppliesBps, uint256 weightSum
    );
    /// @notice The protocol fee is higher than the publisher accepts, or than the code allows.
    error AssetRegistry_FeeTooHigh(uint256 feeBps, uint256 feeBpsMax);
    error AssetRegistry_VersionsUnordered(uint256 version);
    error AssetRegistry_VersionUnknown(uint256 version);
    /// @notice More than 16 ancestor assets. Gather them in a collection, and build from that.
    error AssetRegistry_EdgesTooMany(uint256 count);
    error AssetRegistry_SuppliersTooMany(uint256 count);
    /// @notice Only services, agents and pipelines sell the work of others.
    error AssetRegistry_SuppliersRefused(Kind kind);
    /// @notice A chain of more than four suppliers, each selling the work of the next.
    error AssetRegistry_SupplyTooDeep(uint256 version);
    /// @notice The version's terms do not let others build from it, or sell its work; or nobody may sell what is built from
    /// it, and the asset that is to have a later version may be sold.
    error AssetRegistry_TermsRefuse(uint256 version);
    error AssetRegistry_VersionRetired(uint256 version);
    error AssetRegistry_ConsentMissing(uint256 version);
    error AssetRegistry_ConsentUsed(uint256 version, bytes32 nonce);
    error AssetRegistry_BadSignature(address signer);
    error AssetRegistry_SignatureExpired(uint256 expiry);
    /// @notice The contributors' share of a later version is lower than before.
    error AssetRegistry_ContributorsShrunk(uint256 bps, uint256 bpsBefore);
    error AssetRegistry_NotOwner(address caller, uint256 asset);
    error AssetRegistry_NotGovernor(address caller);
    error AssetRegistry_NotMarket(address caller);
    /// @notice The asset is retired or sold exclusively, or its current version is erased.
    error AssetRegistry_NotForSale(uint256 asset);

    /* EVENTS */

    /// @notice A version was published. `version == asset` for an asset's first.
    event VersionPublished(
        uint256 indexed version,
        uint256 indexed asset,
        address indexed publisher,
        Kind kind,
        bytes32 manifestDigest,
        Contributors contributors,
        Terms terms,
        uint16 feeBps
    );
    /// @notice What a version owes others; follows its `VersionPublished` when there is anything.
    /// @param royalties One for each ancestor asset, ancestors ascending.
    event EdgesDrawn(
        uint256 indexed version, uint256[] parents, uint256[] suppliers, Edge[] royalties, Edge[] supplies
    );
    event AssetRetired(uint256 indexed asset);
    /// @notice The version's content is erased. What it was sold for is still paid out.
    event VersionErased(uint256 indexed version, uint256 indexed asset);
    /// @notice The asset was sold exclusively. Passes already granted run on; no other is sold.
    event AssetSoldExclusively(uint256 indexed asset);
    /// @notice Later versions of `asset` need not owe `ancestorAsset` any more.
    event EdgeReleased(uint256 indexed asset, uint256 indexed ancestorAsset);
    event ConsentUsed(address indexed owner, uint256 indexed version, bytes32 nonce);
    /// @notice A publication that `publisher` signed was sent; the next one's nonce is one higher.
    event NonceUsed(address indexed publisher, uint256 nonce);
    /// @notice From `effectiveAt` on, unix seconds, the till is swept into `version`; 0 is the current version.
    event TillVersionSet(uint256 indexed asset, uint256 version, uint256 effectiveAt);
    event FeeSet(uint16 feeBps);

    /* PUBLISHING */

    /// @notice Publishes a new asset, minted to the caller, with its first version.
    /// @return asset The asset's id, also the id of its first version.
    function publish(Kind kind, Publication calldata publication) external returns (uint256 asset);

    /// @notice Publishes a new asset and lists its first offers, at indexes from 0.
    function publishAndList(Kind kind, Publication calldata publication, IAccessMarket.OfferTerms[] calldata offers)
        external
        returns (uint256 asset);

    /// @notice Publishes a new asset for `publisher`, who signed it and needs no gas. Anyone may call. EIP-712:
    /// Publish(address publisher,uint8 kind,bytes32 manifestDigest,bytes32 terms,uint256 nonce,uint256 expiry), where
    /// `terms` is keccak256(abi.encode(publication, offers)) and `nonce` is `nonceOf(publisher)`.
    function publishFor(
        address publisher,
        Kind kind,
        Publication calldata publication,
        IAccessMarket.OfferTerms[] calldata offers,
        uint256 expiry,
        bytes calldata signature
    ) external returns (uint256 asset);

    /// @notice Publishes a later version of an asset that the caller owns. It keeps every royalty edge of the version
    /// before it, but those that were released. Suppliers are stated anew.
    function publishVersion(uint256 asset, Publication calldata publication) external returns (uint256 version);

    /* OWNING */

    /// @notice Ends all sales and derivatives of an asset, for ever. Passes run on and revenue is collected.
    function retire(uint256 asset) external;

    /// @notice States that a version's content is erased. It is no longer delivered, sold or built from; a tombstone stays.
    function erase(uint256 version) external;

    /// @notice Lets later versions of `asset` drop what they owe `ancestorAsset`, which the caller owns.
    function releaseEdge(uint256 asset, uint256 ancestorAsset) external;

    /// @notice Makes a consent that the caller signed, or might have signed, worthless.
    function revokeConsent(uint256 version, bytes32 nonce) external;

    /// @notice Sweeps the till into one version of the asset from seven days on; 0 means the current version at once.
    /// @dev A version is passed over while it owes less than the current one, or less to anyone whom that one owes, or
    /// shares less with contributors.
    function setTillVersion(uint256 asset, uint256 version) external;

    /* GOVERNED */

    /// @notice Sets the protocol fee of versions published from now on, of 10,000; at most 500.
    function setFee(uint16 feeBps) external;

    /// @notice Ends all sales of an asset because the market sold it exclusively. Only the market calls.
    function setSoldExclusively(uint256 asset) external;

    /* VIEWS */

    /// @notice Number of versions ever published, which is the highest id.
    function versionCount() external view returns (uint256);

    /// @notice Protocol fee of versions published now, of 10,000.
    function feeBps() external view returns (uint16);

    /// @notice The asset that a version belongs to. Reverts with `VersionUnknown`.
    function assetOf(uint256 version) external view returns (uint256);

    /// @notice The asset's latest version. Reverts with `VersionUnknown`.
    function currentVersion(uint256 asset) external view returns (uint256);

    /// @notice The asset's latest version. Reverts with `NotForSale`, `VersionUnknown`.
    /// @dev Every purchase asks it. Selectors are compared in ascending order, and its name gives it a low one.
    function versionForBuyer(uint256 asset) external view returns (uint256);

    /// @notice The version that the till is swept into. Reverts with `VersionUnknown`.
    /// @dev Every sweep asks it, and its name gives it a low selector.
    function versionForSweep(uint256 asset) external view returns (uint256);

    /// @notice Kind of an asset. Reverts with `VersionUnknown`.
    function kindOf(uint256 asset) external view returns (Kind);

    /// @notice What the ledger needs of a version to pay its owner.
    function ratesOf(uint256 version) external view returns (address owner, Rates memory rates);

    /// @notice What the ledger needs of a version to pay its contributors, in one call.
    function contributionRatesOf(uint256 version)
        external
        view
        returns (bytes32 commitment, Rates memory rates, bool isCollection);

    /// @notice What the ledger needs of a version to move what it owes.
    /// @dev Every pull asks it, and its name gives it a low selector.
    function edgesOf(uint256 version)
        external
        view
        returns (uint256 feeBps, Edge[] memory royalties, Edge[] memory supplies);

    function termsOf(uint256 version) external view returns (Terms memory);

    /// @notice Whether a version may only be offered for nothing: it was built from one whose terms say so.
    function isFreeOnly(uint256 version) external view returns (bool);

    function isRetired(uint256 asset) external view returns (bool);
    function isSoldExclusively(uint256 asset) external view returns (bool);
    function isErased(uint256 version) external view returns (bool);
    function isReleased(uint256 asset, uint256 ancestorAsset) external view returns (bool);
    function isConsentUsed(address owner, uint256 version, bytes32 nonce) external view returns (bool);

    /// @notice Number of publications that `publisher` signed and others sent; the next one's nonce.
    function nonceOf(address publisher) external view returns (uint256);

    /// @notice 192 bits of keccak256(abi.encode(publisher, manifestDigest, contributorRoot), then 64 zero bits: the one
    /// word that commits to all three; 0 when there is no such version.
    /// @dev The publisher is in it so that nobody else's publication of the same manifest passes for this one.
    function commitmentOf(uint256 version) external view returns (bytes32);

    /// @notice ERC-2981: the till of the asset, and its current version's royalty of `price`.
    function royaltyInfo(uint256 asset, uint256 price) external view returns (address till, uint256 amount);
}
