// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {EIP712} from "solady/utils/EIP712.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {EdgeSet} from "./EdgeSet.sol";
import {VersionStore} from "./VersionStore.sol";
import {VersionWord} from "./VersionWord.sol";

/// @title Lineage
/// @notice Finds what a version owes when it is published, and whether it may be published at all, on the terms of those
/// that it is built from and whose work it sells.
abstract contract Lineage is VersionStore, EIP712 {
    using EdgeSet for uint256[];
    using VersionWord for uint256;

    uint256 internal constant SUPPLIERS_MAX = 4;
    uint256 internal constant SUPPLY_DEPTH_MAX = 4;
    bytes32 internal constant CONSENT_TYPEHASH =
        keccak256("Consent(uint256 version,address publisher,bytes32 manifestDigest,bytes32 nonce,uint256 expiry)");

    /// @dev A version while it is being published.
    /// @param assetWord The word of the asset; of a new asset 0, as the two after it.
    /// @param before The asset's current version.
    /// @param royalties Edges to ancestors, by `EdgeSet`.
    /// @param supplies Edges to suppliers, likewise.
    /// @param marks Parts of its word that follow from what it is built from and sells.
    struct Draft {
        address publisher;
        uint256 asset;
        uint256 assetWord;
        uint256 before;
        uint256 beforeWord;
        uint256[] royalties;
        uint256[] supplies;
        uint256 royaltiesBps;
        uint256 suppliesBps;
        uint256 marks;
    }

    /// @dev Finds what a version owes: what the one before owed, so that nobody sheds a royalty by publishing again, and
    /// what follows from what it is built from and sells.
    function _draw(Draft memory draft, Kind kind, Publication calldata publication) internal {
        draft.royalties = EdgeSet.create();
        if (draft.before != 0) _keepEdges(draft);
        _drawParents(draft, publication);
        if (publication.suppliers.length != 0) _drawSuppliers(draft, kind, publication);
        draft.royaltiesBps = draft.royalties.sortAndSum();
        draft.suppliesBps = draft.supplies.sortAndSum();
        draft.marks |= VersionWord.ofRoyalties(draft.royalties.length);
    }

    function _keepEdges(Draft memory draft) internal view {
        uint256[] memory edges = _royaltiesOf(draft.before, draft.beforeWord);
        bool mayDrop = draft.assetWord & VersionWord.RELEASED != 0;
        for (uint256 i; i < edges.length; ++i) {
            (uint256 ancestor, uint256 bps) = EdgeSet.unpack(edges[i]);
            uint256 ancestorAsset = assetOf(ancestor);
            if (mayDrop && isReleased[draft.asset][ancestorAsset]) continue;
            draft.royalties.add(ancestorAsset, ancestor, bps);
        }
    }

    function _drawParents(Draft memory draft, Publication calldata publication) internal {
        uint256[] calldata parents = publication.parents;
        if (parents.length > EdgeSet.EDGES_MAX) revert AssetRegistry_EdgesTooMany(parents.length);
        uint256 previous;
        for (uint256 i; i < parents.length; ++i) {
            uint256 parent = parents[i];
            if (parent <= previous) revert AssetRegistry_VersionsUnordered(parent);
            previous = parent;
            (address owner, uint256 asset, uint256 word, uint256 assetWord) = _load(parent);
            if (owner != draft.publisher) {
                if (!word.allowsDerivatives()) revert AssetRegistry_TermsRefuse(parent);
                if (word.needsConsent()) _useConsent(owner, parent, draft.publisher, publication);
            }
            _bindTo(draft, parent, owner, word, assetWord);
            _inherit(draft, parent, asset, word);
        }
    }

    function _drawSuppliers(Draft memory draft, Kind kind, Publication calldata publication) internal {
        uint256[] calldata suppliers = publication.suppliers;
        if (kind != Kind.Service && kind != Kind.Agent && kind != Kind.Pipeline) {
            revert AssetRegistry_SuppliersRefused(kind);
        }
        if (suppliers.length > SUPPLIERS_MAX) revert AssetRegistry_SuppliersTooMany(suppliers.length);
        draft.supplies = EdgeSet.create();
        uint256 depth;
        uint256 previous;
        for (uint256 i; i < suppliers.length; ++i) {
            uint256 supplier = suppliers[i];
            if (supplier <= previous) revert AssetRegistry_VersionsUnordered(supplier);
            previous = supplier;
            (address owner,, uint256 word, uint256 assetWord) = _load(supplier);
            uint256 bps = word.serveBps();
            if (owner != draft.publisher) {
                if (bps == 0) revert AssetRegistry_TermsRefuse(supplier);
                // One consent covers a publication, also when it is built from the version whose work it sells.
                if (word.needsConsent() && !_contains(publication.parents, supplier)) {
                    _useConsent(owner, supplier, draft.publisher, publication);
                }
            }
            _bindTo(draft, supplier, owner, word, assetWord);
            if (word.supplyDepth() == SUPPLY_DEPTH_MAX) revert AssetRegistry_SupplyTooDeep(supplier);
            if (word.supplyDepth() >= depth) depth = word.supplyDepth() + 1;
            // By the version, not by its asset: two versions of one asset are two suppliers.
            draft.supplies.add(supplier, supplier, bps);
        }
        draft.marks |= VersionWord.HAS_SUPPLIES | VersionWord.ofSupplyDepth(depth);
    }

    /// @dev What no longer exists binds everyone; who may sell what is built binds all but the owner of the source.
    function _bindTo(Draft memory draft, uint256 source, address owner, uint256 word, uint256 assetWord) internal pure {
        if ((word & VersionWord.ERASED) | (assetWord & VersionWord.RETIRED) != 0) {
            revert AssetRegistry_VersionRetired(source);
        }
        bool makesFreeOnly =
            word & VersionWord.FREE_ONLY != 0 || (owner != draft.publisher && !word.allowsCommercialUse());
        if (!makesFreeOnly) return;
        // An asset may have offers with a price already; they would sell what nobody may sell.
        if (draft.before != 0 && draft.beforeWord & VersionWord.FREE_ONLY == 0) {
            revert AssetRegistry_TermsRefuse(source);
        }
        draft.marks |= VersionWord.FREE_ONLY;
    }

    /// @dev Adds a version and all that it owes royalties to, and the same of every version whose work it sells: neither a
    /// dummy derivative nor a dummy service in between dilutes an ancestor. Suppliers are at most four deep.
    function _inherit(Draft memory draft, uint256 version, uint256 asset, uint256 word) internal view {
        uint256[] memory edges = _royaltiesOf(version, word);
        for (uint256 i; i < edges.length; ++i) {
            (uint256 ancestor, uint256 bps) = EdgeSet.unpack(edges[i]);
            uint256 ancestorAsset = assetOf(ancestor);
            if (ancestorAsset != draft.asset) draft.royalties.add(ancestorAsset, ancestor, bps);
        }
        if (asset != draft.asset) draft.royalties.add(asset, version, word.royaltyBps());
        edges = _suppliesOf(version, word);
        for (uint256 i; i < edges.length; ++i) {
            (uint256 supplier,) = EdgeSet.unpack(edges[i]);
            (uint256 supplierAsset, uint256 supplierWord) = _wordOf(supplier);
            _inherit(draft, supplier, supplierAsset, supplierWord);
        }
    }

    /// @dev Stores all edges but the first, which it returns.
    function _storeEdges(uint256 version, Draft memory draft, Publication calldata publication)
        internal
        returns (uint256 firstEdge)
    {
        (uint256[] memory royalties, uint256[] memory supplies) = (draft.royalties, draft.supplies);
        if (royalties.length != 0) firstEdge = royalties[0];
        for (uint256 i = 1; i < royalties.length; i += EdgeSet.EDGES_PER_WORD) {
            _royalties[version][i / EdgeSet.EDGES_PER_WORD] = royalties.packWord(i);
        }
        if (supplies.length != 0) _supplies[version] = supplies.packWord(0);
        if (royalties.length | supplies.length == 0 && publication.parents.length == 0) return 0;
        emit EdgesDrawn(version, publication.parents, publication.suppliers, royalties.toEdges(), supplies.toEdges());
    }

    function _useConsent(address owner, uint256 version, address publisher, Publication calldata publication) internal {
        Consent[] calldata consents = publication.consents;
        for (uint256 i; i < consents.length; ++i) {
            Consent calldata consent = consents[i];
            if (consent.version != version) continue;
            bytes32 nonce = consent.nonce;
            if (isConsentUsed[owner][version][nonce]) revert AssetRegistry_ConsentUsed(version, nonce);
            bytes32 structHash = keccak256(
                abi.encode(CONSENT_TYPEHASH, version, publisher, publication.manifestDigest, nonce, consent.expiry)
            );
            _requireSigned(owner, structHash, consent.expiry, consent.signature);
            isConsentUsed[owner][version][nonce] = true;
            emit ConsentUsed(owner, version, nonce);
            return;
        }
        revert AssetRegistry_ConsentMissing(version);
    }

    function _requireSigned(address signer, bytes32 structHash, uint256 expiry, bytes calldata signature) internal {
        if (block.timestamp > expiry) revert AssetRegistry_SignatureExpired(expiry);
        if (!Signatures.isValid(signer, _hashTypedData(structHash), signature)) {
            revert AssetRegistry_BadSignature(signer);
        }
    }

    function _contains(uint256[] calldata versions, uint256 version) internal pure returns (bool) {
        for (uint256 i; i < versions.length; ++i) {
            if (versions[i] == version) return true;
        }
        return false;
    }

    function _domainNameAndVersion() internal pure override returns (string memory, string memory) {
        return ("Agorai", "1");
    }
}
