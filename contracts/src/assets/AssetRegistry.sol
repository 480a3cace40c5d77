// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ERC721} from "solady/tokens/ERC721.sol";
import {EIP712} from "solady/utils/EIP712.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {LibString} from "solady/utils/LibString.sol";
import {Places} from "../deployment/Places.sol";
import {Commitment} from "../libraries/Commitment.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {IAccessMarket} from "../market/IAccessMarket.sol";
import {IRevenueLedger} from "../revenue/IRevenueLedger.sol";
import {EdgeSet} from "./EdgeSet.sol";
import {IAssetRegistry} from "./IAssetRegistry.sol";
import {VersionWord} from "./VersionWord.sol";

/// @title AssetRegistry
/// @notice Keeps who owns each asset, what each version commits to, on what terms, and what it owes others.
/// @dev The word of an asset's first version lives in the 96 spare bits of the token's owner slot, so the ledger learns
/// owner and rates in one read; it survives a transfer. Later versions have a word of their own. Nothing is ever burned.
contract AssetRegistry is IAssetRegistry, ERC721, EIP712 {
    using EdgeSet for uint256[];
    using VersionWord for uint256;

    /// @notice ERC-4906: what `tokenURI` answers has changed.
    event MetadataUpdate(uint256 _tokenId);

    /* STORAGE */

    uint256 internal constant BPS = 10_000;
    uint256 internal constant FEE_BPS_MAX = 500;
    uint256 internal constant ROYALTY_BPS_MAX = 5_000;
    uint256 internal constant SUPPLY_BPS_MAX = 9_000;
    uint256 internal constant SUPPLIERS_MAX = 4;
    uint256 internal constant SUPPLY_DEPTH_MAX = 4;
    uint256 internal constant TILL_DELAY = 7 days;
    uint256 internal constant FEE_SHIFT = 48;
    bytes32 internal constant CONSENT_TYPEHASH =
        keccak256("Consent(uint256 version,address publisher,bytes32 manifestDigest,bytes32 nonce,uint256 expiry)");
    bytes32 internal constant PUBLISH_TYPEHASH = keccak256(
        "Publish(address publisher,uint8 kind,bytes32 manifestDigest,bytes32 terms,uint256 nonce,uint256 expiry)"
    );

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

    /// @dev What the till is swept into: `next` from `effectiveAt` on, `previous` until then. 0 is the current version.
    struct TillTarget {
        uint48 next;
        uint48 previous;
        uint64 effectiveAt;
    }

    address internal immutable _governor;
    IRevenueLedger internal immutable _ledger;
    IAccessMarket internal immutable _market;

    /// @dev Number of versions (48 bits) below the protocol fee, so that a publication reads and writes one slot.
    uint256 internal _state;
    /// @dev The commitment above the first royalty edge, so that a version of one ancestor needs no slot for it.
    mapping(uint256 version => uint256) internal _commitments;
    /// @dev The edges after the first, four a word, ancestors ascending. Only of versions that carry the mark.
    mapping(uint256 version => uint256[4]) internal _royalties;
    /// @dev At most four edges, suppliers ascending. Only of versions that carry the mark.
    mapping(uint256 version => uint256) internal _supplies;
    /// @dev Words of versions that are not an asset's first.
    mapping(uint256 version => uint256) internal _laterVersions;
    /// @dev Only of assets that carry the mark; the others' current version is their first.
    mapping(uint256 asset => uint256) internal _currentVersions;
    /// @dev Only of assets that carry the mark; the others' tills are swept into the current version.
    mapping(uint256 asset => TillTarget) internal _tillTargets;
    /// @inheritdoc IAssetRegistry
    mapping(uint256 asset => mapping(uint256 ancestorAsset => bool)) public isReleased;
    /// @inheritdoc IAssetRegistry
    mapping(address owner => mapping(uint256 version => mapping(bytes32 nonce => bool))) public isConsentUsed;

    constructor(uint16 fee) {
        _governor = Places.governorOf(msg.sender);
        _ledger = IRevenueLedger(Places.ledgerOf(msg.sender));
        _market = IAccessMarket(Places.marketOf(msg.sender));
        _setFee(fee);
    }

    /* PUBLISHING */

    /// @inheritdoc IAssetRegistry
    function publish(Kind kind, Publication calldata publication) external returns (uint256 asset) {
        return _publish(msg.sender, kind, publication);
    }

    /// @inheritdoc IAssetRegistry
    function publishAndList(
        Kind kind,
        Publication calldata publication,
        IAccessMarket.OfferTerms[] calldata offers
    ) external returns (uint256 asset) {
        asset = _publish(msg.sender, kind, publication);
        _market.listFirstOffers(asset, offers);
    }

    /// @inheritdoc IAssetRegistry
    function publishFor(
        address publisher,
        Kind kind,
        Publication calldata publication,
        IAccessMarket.OfferTerms[] calldata offers,
        uint256 expiry,
        bytes calldata signature
    ) external returns (uint256 asset) {
        uint224 nonce = _getAux(publisher);
        bytes32 terms = keccak256(abi.encode(publication, offers));
        bytes32 structHash = keccak256(
            abi.encode(PUBLISH_TYPEHASH, publisher, kind, publication.manifestDigest, terms, nonce, expiry)
        );
        _requireSigned(publisher, structHash, expiry, signature);
        _setAux(publisher, nonce + 1);
        emit NonceUsed(publisher, nonce);
        asset = _publish(publisher, kind, publication);
        if (offers.length != 0) _market.listFirstOffers(asset, offers);
    }

    /// @inheritdoc IAssetRegistry
    function publishVersion(uint256 asset, Publication calldata publication) external returns (uint256 version) {
        uint256 assetWord = _requireOwner(asset);
        Draft memory draft;
        draft.publisher = msg.sender;
        (draft.asset, draft.assetWord) = (asset, assetWord);
        draft.before = _currentVersion(asset, assetWord);
        draft.beforeWord = draft.before == asset ? assetWord : _laterVersions[draft.before];
        draft.marks = draft.beforeWord & VersionWord.FREE_ONLY;
        uint256 bpsBefore = draft.beforeWord.contributorBps();
        if (publication.contributors.bps < bpsBefore) {
            revert AssetRegistry_ContributorsShrunk(publication.contributors.bps, bpsBefore);
        }
        uint256 word;
        (version, word) = _record(draft, assetWord.kind(), publication);
        _laterVersions[version] = word.withAsset(asset);
        _currentVersions[asset] = version;
        uint256 renewed = (assetWord | VersionWord.RENEWED) & ~VersionWord.CURRENT_ERASED;
        if (renewed != assetWord) _setExtraData(asset, uint96(renewed));
        emit MetadataUpdate(asset);
    }

    /* OWNING */

    /// @inheritdoc IAssetRegistry
    function retire(uint256 asset) external {
        _setExtraData(asset, uint96(_requireOwner(asset) | VersionWord.RETIRED));
        emit AssetRetired(asset);
        emit MetadataUpdate(asset);
    }

    /// @inheritdoc IAssetRegistry
    function erase(uint256 version) external {
        (uint256 asset, uint256 word) = _wordOf(version);
        uint256 assetWord = _requireOwner(asset);
        if (version == asset) assetWord |= VersionWord.ERASED;
        else _laterVersions[version] = word | VersionWord.ERASED;
        if (_currentVersion(asset, assetWord) == version) assetWord |= VersionWord.CURRENT_ERASED;
        _setExtraData(asset, uint96(assetWord));
        emit VersionErased(version, asset);
        emit MetadataUpdate(asset);
    }

    /// @inheritdoc IAssetRegistry
    function releaseEdge(uint256 asset, uint256 ancestorAsset) external {
        _requireOwner(ancestorAsset);
        isReleased[asset][ancestorAsset] = true;
        _setExtraData(asset, uint96(_assetWordOf(asset) | VersionWord.RELEASED));
        emit EdgeReleased(asset, ancestorAsset);
    }

    /// @inheritdoc IAssetRegistry
    function revokeConsent(uint256 version, bytes32 nonce) external {
        isConsentUsed[msg.sender][version][nonce] = true;
        emit ConsentUsed(msg.sender, version, nonce);
    }

    /// @inheritdoc IAssetRegistry
    function setTillVersion(uint256 asset, uint256 version) external {
        uint256 assetWord = _requireOwner(asset);
        if (version == 0) {
            _setExtraData(asset, uint96(assetWord & ~VersionWord.TILL_SET));
            emit TillVersionSet(asset, 0, block.timestamp);
            return;
        }
        if (assetOf(version) != asset) revert AssetRegistry_VersionUnknown(version);
        uint256 effectiveAt = block.timestamp + TILL_DELAY;
        uint256 previous = assetWord & VersionWord.TILL_SET == 0 ? 0 : _chosenTillVersion(asset);
        _tillTargets[asset] = TillTarget(uint48(version), uint48(previous), uint64(effectiveAt));
        _setExtraData(asset, uint96(assetWord | VersionWord.TILL_SET));
        emit TillVersionSet(asset, version, effectiveAt);
    }

    /* GOVERNED */

    /// @inheritdoc IAssetRegistry
    function setFee(uint16 fee) external {
        if (msg.sender != _governor) revert AssetRegistry_NotGovernor(msg.sender);
        _setFee(fee);
    }

    /// @inheritdoc IAssetRegistry
    function setSoldExclusively(uint256 asset) external {
        if (msg.sender != address(_market)) revert AssetRegistry_NotMarket(msg.sender);
        _setExtraData(asset, uint96(_assetWordOf(asset) | VersionWord.SOLD_EXCLUSIVELY));
        emit AssetSoldExclusively(asset);
    }

    /* VIEWS */

    /// @inheritdoc IAssetRegistry
    function versionCount() external view returns (uint256) {
        return uint48(_state);
    }

    /// @inheritdoc IAssetRegistry
    function feeBps() external view returns (uint16) {
        return uint16(_state >> FEE_SHIFT);
    }

    /// @inheritdoc IAssetRegistry
    function assetOf(uint256 version) public view returns (uint256 asset) {
        (asset,) = _wordOf(version);
    }

    /// @inheritdoc IAssetRegistry
    function currentVersion(uint256 asset) public view returns (uint256) {
        return _currentVersion(asset, _assetWordOf(asset));
    }

    /// @inheritdoc IAssetRegistry
    function versionForBuyer(uint256 asset) external view returns (uint256) {
        uint256 assetWord = _assetWordOf(asset);
        if (assetWord & VersionWord.NOT_FOR_SALE != 0) revert AssetRegistry_NotForSale(asset);
        return _currentVersion(asset, assetWord);
    }

    /// @inheritdoc IAssetRegistry
    function tillVersionOf(uint256 asset) external view returns (uint256) {
        uint256 assetWord = _assetWordOf(asset);
        uint256 current = _currentVersion(asset, assetWord);
        if (assetWord & VersionWord.TILL_SET == 0) return current;
        uint256 chosen = _chosenTillVersion(asset);
        return chosen != 0 && _owesNoLess(chosen, current) ? chosen : current;
    }

    /// @inheritdoc IAssetRegistry
    function kindOf(uint256 asset) external view returns (Kind) {
        return _assetWordOf(asset).kind();
    }

    /// @inheritdoc IAssetRegistry
    function ratesOf(uint256 version) external view returns (address owner, Rates memory rates) {
        uint256 word;
        (owner,, word,) = _load(version);
        rates = word.rates();
    }

    /// @inheritdoc IAssetRegistry
    function contributionRatesOf(uint256 version)
        external
        view
        returns (bytes32 commitment, Rates memory rates, bool isCollection)
    {
        (, uint256 word) = _wordOf(version);
        return (commitmentOf(version), word.rates(), word.kind() == Kind.Collection);
    }

    /// @inheritdoc IAssetRegistry
    function owedOf(uint256 version)
        external
        view
        returns (uint256 fee, Edge[] memory royalties, Edge[] memory supplies)
    {
        (, uint256 word) = _wordOf(version);
        return (word.feeBps(), _royaltiesOf(version, word).toEdges(), _suppliesOf(version, word).toEdges());
    }

    /// @inheritdoc IAssetRegistry
    function termsOf(uint256 version) external view returns (Terms memory) {
        (, uint256 word) = _wordOf(version);
        return word.terms();
    }

    /// @inheritdoc IAssetRegistry
    function isFreeOnly(uint256 version) external view returns (bool) {
        (, uint256 word) = _wordOf(version);
        return word & VersionWord.FREE_ONLY != 0;
    }

    /// @inheritdoc IAssetRegistry
    function isRetired(uint256 asset) external view returns (bool) {
        return _assetWordOf(asset) & VersionWord.RETIRED != 0;
    }

    /// @inheritdoc IAssetRegistry
    function isSoldExclusively(uint256 asset) external view returns (bool) {
        return _assetWordOf(asset) & VersionWord.SOLD_EXCLUSIVELY != 0;
    }

    /// @inheritdoc IAssetRegistry
    function isErased(uint256 version) external view returns (bool) {
        (, uint256 word) = _wordOf(version);
        return word & VersionWord.ERASED != 0;
    }

    /// @inheritdoc IAssetRegistry
    function nonceOf(address publisher) external view returns (uint256) {
        return _getAux(publisher);
    }

    /// @inheritdoc IAssetRegistry
    function commitmentOf(uint256 version) public view returns (bytes32) {
        return Commitment.clear(bytes32(_commitments[version]));
    }

    /// @inheritdoc IAssetRegistry
    function royaltyInfo(uint256 asset, uint256 price) external view returns (address till, uint256 amount) {
        (, uint256 word) = _wordOf(currentVersion(asset));
        return (_ledger.tillOf(asset), FixedPointMathLib.fullMulDiv(price, word.royaltyBps(), BPS));
    }

    /* ERC-721 */

    function name() public pure override returns (string memory) {
        return "Agorai Assets";
    }

    function symbol() public pure override returns (string memory) {
        return "AGORAI";
    }

    /// @notice A name and a version for wallets to show. What an asset is, its manifest says.
    function tokenURI(uint256 id) public view override returns (string memory) {
        uint256 assetWord = _assetWordOf(id);
        return string.concat(
            'data:application/json,{"name":"Agorai asset ',
            LibString.toString(id),
            '","version":',
            LibString.toString(_currentVersion(id, assetWord)),
            assetWord & VersionWord.RETIRED == 0 ? ',"retired":false}' : ',"retired":true}'
        );
    }

    function supportsInterface(bytes4 id) public view override returns (bool) {
        bytes4 erc2981 = 0x2a55205a;
        bytes4 erc4906 = 0x49064906;
        return id == erc2981 || id == erc4906 || super.supportsInterface(id);
    }

    /* INTERNAL: PUBLISHING */

    function _publish(address publisher, Kind kind, Publication calldata publication)
        internal
        returns (uint256 asset)
    {
        if (kind == Kind.None) revert AssetRegistry_KindInvalid(uint256(kind));
        Draft memory draft;
        draft.publisher = publisher;
        uint256 word;
        (asset, word) = _record(draft, kind, publication);
        _mintAndSetExtraDataUnchecked(publisher, asset, uint96(word));
    }

    /// @dev Checks a publication, stores what it commits to and owes, and returns the version's word.
    function _record(Draft memory draft, Kind kind, Publication calldata publication)
        internal
        returns (uint256 version, uint256 word)
    {
        bytes32 digest = publication.manifestDigest;
        if (digest == 0) revert AssetRegistry_DigestZero();
        uint256 state = _state + 1;
        _state = state;
        version = uint48(state);
        if (draft.before == 0) draft.asset = version;
        bool isDrawn = publication.parents.length | publication.suppliers.length | draft.before != 0;
        if (isDrawn) _draw(draft, kind, publication);
        word = draft.marks | VersionWord.ofKind(kind) | _packTerms(publication.terms)
            | _packRates(draft, state >> FEE_SHIFT, publication);
        _emitVersionPublished(version, draft, kind, publication, word.feeBps());
        uint256 commitment = uint256(Commitment.make(draft.publisher, digest, publication.contributors.root));
        if (isDrawn) commitment |= _storeEdges(version, draft, publication);
        _commitments[version] = commitment;
    }

    function _packTerms(Terms calldata terms) internal pure returns (uint256) {
        (uint256 royaltyBps, uint256 serveBps, uint256 flags) = (terms.royaltyBps, terms.serveBps, terms.flags);
        unchecked {
            // Each has 16 bits at most, so only one that is above its maximum sets the highest bit.
            uint256 excess = (ROYALTY_BPS_MAX - royaltyBps) | (SUPPLY_BPS_MAX - serveBps)
                | (VersionWord.TERMS_MASK - flags);
            if (excess >> 255 != 0) revert AssetRegistry_TermsInvalid(royaltyBps, serveBps, flags);
        }
        return VersionWord.ofTerms(royaltyBps, serveBps, flags);
    }

    /// @dev The protocol fee is charged on value added: what suppliers are owed pays it in their own sales.
    function _packRates(Draft memory draft, uint256 fee, Publication calldata publication)
        internal
        pure
        returns (uint256)
    {
        if (fee > publication.feeBpsMax) revert AssetRegistry_FeeTooHigh(fee, publication.feeBpsMax);
        (uint256 royaltiesBps, uint256 suppliesBps) = (draft.royaltiesBps, draft.suppliesBps);
        uint256 contributorBps = publication.contributors.bps;
        uint256 weightSum = uint64(uint256(publication.contributors.root));
        unchecked {
            // Sums have 20 bits at most, so only one that is above its maximum sets the highest bit; then the fee means
            // nothing, and what is owed together is refused with it.
            uint256 valueFee = fee * (BPS - suppliesBps) / BPS;
            uint256 owedBps = valueFee + suppliesBps + royaltiesBps;
            uint256 excess = (ROYALTY_BPS_MAX - royaltiesBps) | (SUPPLY_BPS_MAX - suppliesBps) | (BPS - owedBps)
                | (BPS - contributorBps);
            if (excess >> 255 != 0 || (weightSum == 0 && contributorBps != 0)) {
                revert AssetRegistry_RatesInvalid(contributorBps, royaltiesBps, suppliesBps, weightSum);
            }
            return VersionWord.ofRates(valueFee, owedBps, contributorBps);
        }
    }

    /// @dev Copies what the publisher stated as it came: reading the terms and the contributors' share has checked their
    /// types, and encoding them anew would cost as much again.
    function _emitVersionPublished(
        uint256 version,
        Draft memory draft,
        Kind kind,
        Publication calldata publication,
        uint256 fee
    ) internal {
        (uint256 asset, address publisher) = (draft.asset, draft.publisher);
        (Contributors calldata contributors, Terms calldata terms) = (publication.contributors, publication.terms);
        bytes32 digest = publication.manifestDigest;
        bytes32 topic = VersionPublished.selector;
        assembly ("memory-safe") {
            let data := mload(0x40)
            mstore(data, kind)
            mstore(add(data, 0x20), digest)
            calldatacopy(add(data, 0x40), contributors, 0x40)
            calldatacopy(add(data, 0x80), terms, 0x60)
            mstore(add(data, 0xe0), fee)
            log4(data, 0x100, topic, version, asset, publisher)
        }
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
        if (draft.royalties.length != 0) draft.marks |= VersionWord.HAS_ROYALTIES;
        if (draft.royalties.length > 1) draft.marks |= VersionWord.HAS_MORE_ROYALTIES;
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
    function _bindTo(Draft memory draft, uint256 source, address owner, uint256 word, uint256 assetWord)
        internal
        pure
    {
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
        emit EdgesDrawn(
            version, publication.parents, publication.suppliers, royalties.toEdges(), supplies.toEdges()
        );
    }

    function _useConsent(address owner, uint256 version, address publisher, Publication calldata publication)
        internal
    {
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

    function _setFee(uint16 fee) internal {
        if (fee > FEE_BPS_MAX) revert AssetRegistry_FeeTooHigh(fee, FEE_BPS_MAX);
        _state = uint48(_state) | uint256(fee) << FEE_SHIFT;
        emit FeeSet(fee);
    }

    /* INTERNAL: READING */

    /// @dev Whether money for `chosen` reaches everyone that `current` owes, at no lower rate, and contributors likewise.
    function _owesNoLess(uint256 chosen, uint256 current) internal view returns (bool) {
        if (chosen == current) return true;
        (, uint256 chosenWord) = _wordOf(chosen);
        (, uint256 word) = _wordOf(current);
        return chosenWord.owedBps() >= word.owedBps() && chosenWord.contributorBps() >= word.contributorBps()
            && _royaltiesOf(chosen, chosenWord).covers(_royaltiesOf(current, word))
            && _suppliesOf(chosen, chosenWord).covers(_suppliesOf(current, word));
    }

    /// @dev The version that the owner wants the till swept into now.
    function _chosenTillVersion(uint256 asset) internal view returns (uint256) {
        TillTarget memory target = _tillTargets[asset];
        return block.timestamp < target.effectiveAt ? target.previous : target.next;
    }

    function _royaltiesOf(uint256 version, uint256 word) internal view returns (uint256[] memory edges) {
        if (word & VersionWord.HAS_ROYALTIES == 0) return edges;
        edges = EdgeSet.create();
        edges.append(uint64(_commitments[version]));
        if (word & VersionWord.HAS_MORE_ROYALTIES == 0) return edges;
        for (uint256 i; i < EdgeSet.EDGES_MAX / EdgeSet.EDGES_PER_WORD; ++i) {
            if (!edges.append(_royalties[version][i])) break;
        }
    }

    function _suppliesOf(uint256 version, uint256 word) internal view returns (uint256[] memory edges) {
        if (word & VersionWord.HAS_SUPPLIES == 0) return edges;
        edges = EdgeSet.create();
        edges.append(_supplies[version]);
    }

    function _currentVersion(uint256 asset, uint256 assetWord) internal view returns (uint256) {
        return assetWord & VersionWord.RENEWED == 0 ? asset : _currentVersions[asset];
    }

    /// @dev The asset of a version and the version's own word.
    function _wordOf(uint256 version) internal view returns (uint256 asset, uint256 word) {
        word = _getExtraData(version);
        if (word != 0) return (version, word);
        word = _laterVersions[version];
        if (word == 0) revert AssetRegistry_VersionUnknown(version);
        asset = word.asset();
    }

    function _assetWordOf(uint256 asset) internal view returns (uint256 assetWord) {
        assetWord = _getExtraData(asset);
        if (assetWord == 0) revert AssetRegistry_VersionUnknown(asset);
    }

    /// @dev A version with its asset's owner and word.
    function _load(uint256 version)
        internal
        view
        returns (address owner, uint256 asset, uint256 word, uint256 assetWord)
    {
        (asset, word) = _wordOf(version);
        owner = _ownerOf(asset);
        assetWord = asset == version ? word : _getExtraData(asset);
    }

    function _requireOwner(uint256 asset) internal view returns (uint256 assetWord) {
        assetWord = _assetWordOf(asset);
        if (_ownerOf(asset) != msg.sender) revert AssetRegistry_NotOwner(msg.sender, asset);
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
