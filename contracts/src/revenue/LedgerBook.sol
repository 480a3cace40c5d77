// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAssetRegistry} from "../assets/IAssetRegistry.sol";
import {Places} from "../deployment/Places.sol";
import {Commitment} from "../libraries/Commitment.sol";
import {SumTree} from "../libraries/SumTree.sol";
import {IRevenueLedger} from "./IRevenueLedger.sol";

/// @title LedgerBook
/// @notice The ledger's accounts: what each version earned, owes and shares. It moves no money.
abstract contract LedgerBook is IRevenueLedger {
    /* STORAGE */

    /// @dev Cumulative totals of one version in one token. Paying touches the first slot only; pulling the second, here
    /// and at each ancestor.
    /// @param ownerCollected Its top bit, which no total reaches, says that the version has liens.
    struct Account {
        uint128 sales;
        uint128 ownerCollected;
        uint128 royalties;
        uint128 pulledSales;
    }

    struct Collected {
        uint256 amount;
    }

    uint256 internal constant BPS = 10_000;
    uint256 internal constant TREASURY_VERSION = 0;
    /// @dev Bounds sales and royalties each, so that their sum fits 127 bits.
    uint256 internal constant TOTAL_MAX = type(uint128).max >> 2;
    uint128 internal constant LIENED = 1 << 127;
    uint256 internal constant EDGE_SIZE = 64;

    IAssetRegistry internal immutable _registry;

    /// @inheritdoc IRevenueLedger
    address public immutable treasury;

    mapping(uint256 version => mapping(address token => Lien[])) internal _liens;

    constructor(address treasury_) {
        if (treasury_ == address(0)) revert RevenueLedger_BadPayee(treasury_);
        treasury = treasury_;
        _registry = IAssetRegistry(Places.registryOf(msg.sender));
    }

    /* SHARES: every one a floor of a cumulative total, less what has moved already */

    /// @dev ⌊total · bps⌋. Totals are below 2^128 and rates at most 10,000, so the product fits.
    function _share(uint256 total, uint256 bps) internal pure returns (uint256) {
        unchecked {
            return total * bps / BPS;
        }
    }

    /// @dev What an edge moves when the version had `pulled` sales at the last pull. Never negative: sales only grow.
    function _due(uint256 sales, uint256 pulled, uint256 bps) internal pure returns (uint256) {
        unchecked {
            return _share(sales, bps) - _share(pulled, bps);
        }
    }

    /// @dev Moves what the sales since the last pull owe. Where all edges floor to nothing the mark stays, so that no
    /// number of small pulls keeps a unit back.
    function _pull(uint256 version, address token) internal {
        Account storage account = _account(version, token);
        (uint256 sales, uint256 pulled) = (account.sales, account.pulledSales);
        if (sales == pulled) return;
        (uint256 feeBps, uint256 royalty, uint256 royaltiesEnd, uint256 supply, uint256 suppliesEnd) = _edgesOf(version);
        uint256 moved;
        unchecked {
            for (; royalty < royaltiesEnd; royalty += EDGE_SIZE) {
                (uint256 ancestor, uint256 bps) = _edgeAt(royalty);
                moved |= _pullRoyalty(version, token, ancestor, _due(sales, pulled, bps));
            }
            moved |= _pullRoyalty(version, token, TREASURY_VERSION, _due(sales, pulled, feeBps));
            for (; supply < suppliesEnd; supply += EDGE_SIZE) {
                (uint256 supplier, uint256 bps) = _edgeAt(supply);
                uint256 amount = _due(sales, pulled, bps);
                if (amount == 0) continue;
                moved |= amount;
                _credit(supplier, token, amount);
                emit SupplyPulled(version, supplier, token, amount);
            }
        }
        if (moved != 0) account.pulledSales = uint128(sales);
    }

    /// @dev `_creditRoyalty` and the event, in place: a popular ancestor's edges are pulled by the hundred.
    /// @return What it was given to move.
    function _pullRoyalty(uint256 version, address token, uint256 ancestor, uint256 amount) internal returns (uint256) {
        if (amount == 0) return 0;
        (bytes32 topic, uint256 most) = (RevenuePulled.selector, TOTAL_MAX);
        bool fits;
        assembly ("memory-safe") {
            mstore(0x00, ancestor)
            mstore(0x20, shl(96, token))
            let slot := add(keccak256(0x00, 0x34), 1)
            let word := sload(slot)
            fits := iszero(gt(amount, sub(most, and(word, 0xffffffffffffffffffffffffffffffff))))
            if fits {
                sstore(slot, add(word, amount))
                mstore(0x00, amount)
                log4(0x00, 0x20, topic, version, ancestor, token)
            }
        }
        if (!fits) revert RevenueLedger_TotalTooLarge(ancestor, amount);
        return amount;
    }

    /// @dev ⌊residue · (1 − contributors' share)⌋ of a version's owner, before liens; the treasury has all of its royalties.
    function _ownerEarned(Account storage account, uint256 version)
        internal
        view
        returns (address owner, uint256 earned)
    {
        if (version == TREASURY_VERSION) return (treasury, account.royalties);
        IAssetRegistry.Rates memory rates;
        (owner, rates) = _registry.ratesOf(version);
        unchecked {
            earned = _share(_residue(account, rates.owedBps), BPS - rates.contributorBps);
        }
    }

    /// @dev ⌊⌊residue · contributors' share⌋ · weight / all weights⌋ of one proven contributor or member.
    function _contributionEarned(Contribution calldata part, address token)
        internal
        view
        returns (uint256 start, uint256 earned, bool isCollection)
    {
        bytes32 commitment;
        IAssetRegistry.Rates memory rates;
        (commitment, rates, isCollection) = _registry.contributionRatesOf(part.version);
        start = _proveContribution(part, commitment);
        uint256 pool = _share(_residue(_account(part.version, token), rates.owedBps), rates.contributorBps);
        unchecked {
            // Below 2^128 by 2^64. A proven leaf has weight, so its root does.
            earned = pool * part.weight / SumTree.sumOf(part.contributorRoot);
        }
    }

    /// @dev Takes note that a contribution is paid, and returns what it is to be paid.
    function _takeContribution(Contribution calldata part, address token)
        internal
        returns (uint256 start, uint256 amount, bool isCollection)
    {
        uint256 earned;
        (start, earned, isCollection) = _contributionEarned(part, token);
        Collected storage collected = _collected(part.version, token, start);
        amount = earned - collected.amount;
        if (amount != 0) collected.amount = earned;
    }

    /// @dev What stays with a version: its sales less what they owe, and the royalties it received.
    function _residue(Account storage account, uint256 owedBps) internal view returns (uint256) {
        unchecked {
            return _share(account.sales, BPS - owedBps) + account.royalties;
        }
    }

    /// @dev Checks the parts against the version's commitment and the leaf against the root.
    function _proveContribution(Contribution calldata part, bytes32 commitment) internal pure returns (uint256 start) {
        bytes32 root;
        (root, start) = SumTree.climb(SumTree.leafOf(part.account, part.weight), part.path, part.proof);
        bytes32 stated;
        // Publisher, digest and root stand side by side, as they do in abi.encode.
        assembly ("memory-safe") {
            let free := mload(0x40)
            calldatacopy(free, add(part, 0x20), 0x60)
            stated := keccak256(free, 0x60)
        }
        // A malformed proof climbs to 0, which is also the root of a version without contributors.
        bool proven =
            part.weight != 0 && root != 0 && root == part.contributorRoot && Commitment.clear(stated) == commitment;
        if (!proven) revert RevenueLedger_ContributionInvalid(part.version, part.account);
    }

    /* LIENS: each takes its share of what those before it left, from its base on and up to its cap */

    function _lienShare(Lien storage lien, uint256 earned) internal view returns (uint256) {
        uint256 share = _share(earned - lien.base, lien.bps);
        return share < lien.cap ? share : lien.cap;
    }

    /// @dev What liens leave of what an owner earned. It never falls while that grows, so it never falls below what was
    /// collected.
    function _afterLiens(Lien[] storage liens, uint256 earned) internal view returns (uint256) {
        uint256 count = liens.length;
        for (uint256 i; i < count; ++i) {
            earned -= _lienShare(liens[i], earned);
        }
        return earned;
    }

    /// @dev Credits creditors with what is due to them, and returns what is left to the owner.
    function _moveLiens(uint256 version, address token, uint256 earned) internal returns (uint256) {
        Lien[] storage liens = _liens[version][token];
        uint256 count = liens.length;
        for (uint256 i; i < count; ++i) {
            Lien storage lien = liens[i];
            uint256 share = _lienShare(lien, earned);
            earned -= share;
            uint256 amount = share - lien.moved;
            if (amount == 0) continue;
            // At most the cap.
            lien.moved = uint128(share);
            _creditRoyalty(lien.creditor, token, amount);
            emit LienMoved(version, token, lien.creditor, i, amount);
        }
        return earned;
    }

    /* CREDITS */

    /// @dev Adds a sale that has arrived. Only the first one of a version in a token asks whether the version exists.
    function _receive(uint256 version, address token, address payer, uint256 amount) internal {
        if (amount == 0) revert RevenueLedger_AmountZero();
        if (_credit(version, token, amount) == 0 && !_exists(version)) revert RevenueLedger_VersionUnknown(version);
        emit RevenueReceived(version, token, payer, amount);
    }

    /// @return sales Before this one.
    function _credit(uint256 version, address token, uint256 amount) internal returns (uint256 sales) {
        Account storage account = _account(version, token);
        sales = account.sales;
        account.sales = _add(sales, amount, version);
    }

    function _creditRoyalty(uint256 version, address token, uint256 amount) internal {
        Account storage account = _account(version, token);
        account.royalties = _add(account.royalties, amount, version);
    }

    function _add(uint256 total, uint256 amount, uint256 version) internal pure returns (uint128) {
        unchecked {
            if (amount > TOTAL_MAX - total) revert RevenueLedger_TotalTooLarge(version, amount);
            return uint128(total + amount);
        }
    }

    function _exists(uint256 version) internal view returns (bool) {
        return _registry.commitmentOf(version) != 0;
    }

    /* PLACES IN STORAGE: one hash each, of 52 and 60 bytes, which no mapping hashes */

    function _account(uint256 version, address token) internal pure returns (Account storage account) {
        assembly ("memory-safe") {
            mstore(0x00, version)
            mstore(0x20, shl(96, token))
            account.slot := keccak256(0x00, 0x34)
        }
    }

    /// @dev What a contributor took out, by where its interval of weight starts.
    function _collected(uint256 version, address token, uint256 start)
        internal
        pure
        returns (Collected storage collected)
    {
        assembly ("memory-safe") {
            mstore(0x00, version)
            mstore(0x20, or(shl(96, token), shl(32, start)))
            collected.slot := keccak256(0x00, 0x3c)
        }
    }

    /* WHAT A VERSION OWES, read where the registry's answer lies: to copy it into structs costs more than to pull it */

    /// @dev Edges are two words each, in memory from `royalties` to `royaltiesEnd` and from `supplies` to `suppliesEnd`.
    function _edgesOf(uint256 version)
        internal
        view
        returns (uint256 feeBps, uint256 royalties, uint256 royaltiesEnd, uint256 supplies, uint256 suppliesEnd)
    {
        (address registry, bytes4 selector) = (address(_registry), IAssetRegistry.edgesOf.selector);
        assembly ("memory-safe") {
            let start := mload(0x40)
            mstore(0x00, selector)
            mstore(0x04, version)
            let success := staticcall(gas(), registry, 0x00, 0x24, 0x00, 0x00)
            returndatacopy(start, 0x00, returndatasize())
            if iszero(success) { revert(start, returndatasize()) }
            mstore(0x40, add(start, returndatasize()))
            feeBps := mload(start)
            // Each list stands after its count.
            royalties := add(start, mload(add(start, 0x20)))
            supplies := add(start, mload(add(start, 0x40)))
            royaltiesEnd := shl(6, mload(royalties))
            suppliesEnd := shl(6, mload(supplies))
            royalties := add(royalties, 0x20)
            supplies := add(supplies, 0x20)
            royaltiesEnd := add(royalties, royaltiesEnd)
            suppliesEnd := add(supplies, suppliesEnd)
        }
    }

    function _edgeAt(uint256 place) internal pure returns (uint256 version, uint256 bps) {
        assembly ("memory-safe") {
            version := mload(place)
            bps := mload(add(place, 0x20))
        }
    }
}
