// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAccessMarket} from "../market/IAccessMarket.sol";
import {Places} from "../deployment/Places.sol";
import {Commitment} from "../libraries/Commitment.sol";
import {IRevenueLedger} from "../revenue/IRevenueLedger.sol";
import {IAssetRegistry} from "./IAssetRegistry.sol";
import {Lineage} from "./Lineage.sol";
import {VersionStore} from "./VersionStore.sol";
import {VersionWord} from "./VersionWord.sol";

/// @title AssetRegistry
/// @notice Keeps who owns each asset, what each version commits to, on what terms, and what it owes others.
contract AssetRegistry is Lineage {
    using VersionWord for uint256;

    /// @notice ERC-4906: what `tokenURI` answers has changed.
    event MetadataUpdate(uint256 _tokenId);

    uint256 internal constant FEE_BPS_MAX = 500;
    uint256 internal constant ROYALTY_BPS_MAX = 5_000;
    uint256 internal constant SUPPLY_BPS_MAX = 9_000;
    uint256 internal constant TILL_DELAY = 7 days;
    bytes32 internal constant PUBLISH_TYPEHASH = keccak256(
        "Publish(address publisher,uint8 kind,bytes32 manifestDigest,bytes32 terms,uint256 nonce,uint256 expiry)"
    );

    address internal immutable _governor;
    IAccessMarket internal immutable _market;

    constructor(uint16 fee) VersionStore(IRevenueLedger(Places.ledgerOf(msg.sender))) {
        _governor = Places.governorOf(msg.sender);
        _market = IAccessMarket(Places.marketOf(msg.sender));
        _setFee(fee);
    }

    /* PUBLISHING */

    /// @inheritdoc IAssetRegistry
    function publish(Kind kind, Publication calldata publication) external returns (uint256 asset) {
        return _publish(msg.sender, kind, publication);
    }

    /// @inheritdoc IAssetRegistry
    function publishAndList(Kind kind, Publication calldata publication, IAccessMarket.OfferTerms[] calldata offers)
        external
        returns (uint256 asset)
    {
        asset = _publish(msg.sender, kind, publication);
        _listFirstOffers(asset, offers);
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
        bytes32 structHash =
            keccak256(abi.encode(PUBLISH_TYPEHASH, publisher, kind, publication.manifestDigest, terms, nonce, expiry));
        _requireSigned(publisher, structHash, expiry, signature);
        _setAux(publisher, nonce + 1);
        emit NonceUsed(publisher, nonce);
        asset = _publish(publisher, kind, publication);
        if (offers.length != 0) _listFirstOffers(asset, offers);
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

    /* INTERNAL */

    function _publish(address publisher, Kind kind, Publication calldata publication) internal returns (uint256 asset) {
        if (kind == Kind.None) revert AssetRegistry_KindInvalid(uint256(kind));
        Draft memory draft;
        draft.publisher = publisher;
        uint256 word;
        (asset, word) = _record(draft, kind, publication);
        _mintAndSetExtraDataUnchecked(publisher, asset, uint96(word));
    }

    /// @dev Passes the offers on as they came, to be decoded once, by the market. All that they refer to stands behind the
    /// array's start, so the rest of the calldata has it.
    function _listFirstOffers(uint256 asset, IAccessMarket.OfferTerms[] calldata offers) internal {
        address market = address(_market);
        uint256 selector = uint32(IAccessMarket.listFirstOffers.selector);
        assembly ("memory-safe") {
            let call_ := mload(0x40)
            let array := sub(offers.offset, 0x20)
            let size := sub(calldatasize(), array)
            mstore(call_, selector)
            mstore(add(call_, 0x20), asset)
            mstore(add(call_, 0x40), 0x40)
            calldatacopy(add(call_, 0x60), array, size)
            // Arguments are evaluated from the last on: first whether there is a market yet.
            if iszero(
                and(
                    call(gas(), market, 0, add(call_, 0x1c), add(size, 0x44), 0, 0),
                    iszero(iszero(extcodesize(market)))
                )
            ) {
                returndatacopy(call_, 0, returndatasize())
                revert(call_, returndatasize())
            }
        }
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
            uint256 excess =
                (ROYALTY_BPS_MAX - royaltyBps) | (SUPPLY_BPS_MAX - serveBps) | (VersionWord.TERMS_MASK - flags);
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

    function _setFee(uint16 fee) internal {
        if (fee > FEE_BPS_MAX) revert AssetRegistry_FeeTooHigh(fee, FEE_BPS_MAX);
        _state = uint48(_state) | uint256(fee) << FEE_SHIFT;
        emit FeeSet(fee);
    }

    function _requireOwner(uint256 asset) internal view returns (uint256 assetWord) {
        assetWord = _assetWordOf(asset);
        if (_ownerOf(asset) != msg.sender) revert AssetRegistry_NotOwner(msg.sender, asset);
    }
}
