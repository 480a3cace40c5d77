// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ERC721} from "solady/tokens/ERC721.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {LibString} from "solady/utils/LibString.sol";
import {Commitment} from "../libraries/Commitment.sol";
import {IRevenueLedger} from "../revenue/IRevenueLedger.sol";
import {EdgeSet} from "./EdgeSet.sol";
import {IAssetRegistry} from "./IAssetRegistry.sol";
import {VersionWord} from "./VersionWord.sol";

/// @title VersionStore
/// @notice What the registry keeps of assets and versions, and all that it answers about them.
/// @dev The word of an asset's first version lives in the 96 spare bits of the token's owner slot, so the ledger learns
/// owner and rates in one read; it survives a transfer. Later versions have a word of their own. Nothing is ever burned.
abstract contract VersionStore is IAssetRegistry, ERC721 {
    using EdgeSet for uint256[];
    using VersionWord for uint256;

    /* STORAGE */

    uint256 internal constant BPS = 10_000;
    uint256 internal constant FEE_SHIFT = 48;

    /// @dev What the till is swept into: `next` from `effectiveAt` on, `previous` until then. 0 is the current version.
    struct TillTarget {
        uint48 next;
        uint48 previous;
        uint64 effectiveAt;
    }

    IRevenueLedger internal immutable _ledger;

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

    constructor(IRevenueLedger ledger) {
        _ledger = ledger;
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
    function versionForSweep(uint256 asset) external view returns (uint256) {
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
    function edgesOf(uint256 version) external view returns (uint256, Edge[] memory, Edge[] memory) {
        (, uint256 word) = _wordOf(version);
        (uint256 fee, uint256 count) = (word.feeBps(), word.royalties());
        uint256 start;
        uint256 place;
        // The answer is written as it goes out: the fee, where both lists start, and each list after its count. Every
        // pull reads it, and building the lists first costs more than all else here.
        assembly ("memory-safe") {
            start := mload(0x40)
            // Room for 16 royalties and 4 supplies.
            mstore(0x40, add(start, 0x600))
            mstore(start, fee)
            mstore(add(start, 0x20), 0x60)
            mstore(add(start, 0x60), count)
            place := add(start, 0x80)
        }
        uint256 end = place + 64 * count;
        if (count != 0) place = EdgeSet.write(place, uint64(_commitments[version]));
        for (uint256 i; place < end; ++i) {
            place = EdgeSet.write(place, _royalties[version][i]);
        }
        end = EdgeSet.write(place + 32, word & VersionWord.HAS_SUPPLIES == 0 ? 0 : _supplies[version]);
        assembly ("memory-safe") {
            mstore(add(start, 0x40), sub(place, start))
            mstore(place, shr(6, sub(sub(end, place), 0x20)))
            return(start, sub(end, start))
        }
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

    /* INTERNAL */

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
        uint256 count = word.royalties();
        if (count == 0) return edges;
        edges = EdgeSet.create();
        edges.append(uint64(_commitments[version]));
        for (uint256 i; edges.length < count; ++i) {
            edges.append(_royalties[version][i]);
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
}
