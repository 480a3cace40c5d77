// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {LibClone} from "solady/utils/LibClone.sol";
import {ReentrancyGuardTransient} from "solady/utils/ReentrancyGuardTransient.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {IAssetRegistry} from "../assets/IAssetRegistry.sol";
import {SumTree} from "../libraries/SumTree.sol";
import {AccessMarket} from "../market/AccessMarket.sol";
import {IERC3009} from "../tokens/IERC3009.sol";
import {IRevenueLedger} from "./IRevenueLedger.sol";
import {Till} from "./Till.sol";

/// @title RevenueLedger
/// @notice Takes in what versions earn and lets every entitled party collect, in any order.
/// @dev What must always hold is written, numbered, in test/revenue/invariant/README.md.
contract RevenueLedger is IRevenueLedger, ReentrancyGuardTransient {
    /* STORAGE */

    /// @dev Cumulative totals of one version in one token. Paying touches the first slot only, pulling an edge one slot
    /// here and the ancestor's second.
    /// @param pulledFirst What moved along edge 0.
    /// @param pulledRest What moved along edges 1 to 15; the last place is the protocol fee's.
    struct Account {
        uint128 sales;
        uint128 ownerCollected;
        uint128 royalties;
        uint128 pulledFirst;
        uint128[16] pulledRest;
    }

    uint256 internal constant BPS = 10_000;
    uint256 internal constant FEE_INDEX = 16;
    uint256 internal constant TREASURY_VERSION = 0;
    /// @dev Bounds sales and royalties each, so that their sum fits 128 bits.
    uint256 internal constant TOTAL_MAX = type(uint128).max / 2;
    /// @dev The deterministic deployer that all contracts of Agorai are created by, with salt 0.
    address internal constant DEPLOYER = 0x4e59b44847b379578588920cA78FbF26c0B4956C;

    IAssetRegistry internal immutable _registry;
    address internal immutable _governor;
    address internal immutable _till;

    /// @inheritdoc IRevenueLedger
    address public immutable market;
    /// @inheritdoc IRevenueLedger
    address public immutable treasury;

    /// @inheritdoc IRevenueLedger
    mapping(address token => bool) public isTokenAllowed;
    mapping(uint256 version => mapping(address token => Account)) internal _accounts;
    /// @dev What a contributor took out, by where its interval of weight starts.
    mapping(bytes32 contributionKey => uint256) internal _contributed;

    constructor(IAssetRegistry registry, address treasury_, address governor) {
        if (treasury_ == address(0)) revert RevenueLedger_BadPayee(treasury_);
        _registry = registry;
        _governor = governor;
        treasury = treasury_;
        _till = address(new Till());
        // The market is created after the ledger and names it, so its address is computed here: no one has to be
        // trusted to set it, and no other contract can ever spend an allowance that was given to the ledger.
        bytes memory creation = abi.encodePacked(type(AccessMarket).creationCode, abi.encode(registry, this));
        market = LibClone.predictDeterministicAddress(keccak256(creation), 0, DEPLOYER);
    }

    /* TAKING IN */

    /// @inheritdoc IRevenueLedger
    function pay(uint256 version, address token, uint256 amount) external nonReentrant {
        _takeFrom(msg.sender, token, amount);
        _credit(version, token, msg.sender, amount);
    }

    /// @inheritdoc IRevenueLedger
    function payFor(address payer, uint256 version, address token, uint256 amount) external nonReentrant {
        if (msg.sender != market) revert RevenueLedger_NotMarket(msg.sender);
        _takeFrom(payer, token, amount);
        _credit(version, token, payer, amount);
    }

    /// @inheritdoc IRevenueLedger
    function payWithAuthorization(uint256 version, address token, Authorization calldata authorization, bytes32 context)
        external
        nonReentrant
    {
        uint256 before = SafeTransferLib.balanceOf(token, address(this));
        IERC3009(token)
            .receiveWithAuthorization(
                authorization.from,
                address(this),
                authorization.amount,
                authorization.validAfter,
                authorization.validBefore,
                keccak256(abi.encode(msg.sender, version, context)),
                authorization.signature
            );
        _requireReceived(token, before, authorization.amount);
        _credit(version, token, authorization.from, authorization.amount);
    }

    /// @inheritdoc IRevenueLedger
    function sweep(uint256 asset, address token) external nonReentrant returns (uint256 amount) {
        uint256 version = _registry.currentVersion(asset);
        if (!isTokenAllowed[token]) revert RevenueLedger_TokenNotAllowed(token);
        address till = _tillOf(asset);
        if (till.code.length == 0) LibClone.cloneDeterministic(_till, bytes32(asset));
        uint256 before = SafeTransferLib.balanceOf(token, address(this));
        amount = Till(till).empty(token);
        _requireReceived(token, before, amount);
        _credit(version, token, till, amount);
        emit TillSwept(asset, version, token, amount);
    }

    /* SPLITTING */

    /// @inheritdoc IRevenueLedger
    function pull(address token, EdgeRef[] calldata edges) external nonReentrant {
        for (uint256 i; i < edges.length; ++i) {
            (uint256 version, uint256 index) = (edges[i].version, edges[i].index);
            (uint256 ancestor, uint256 bps) = _edgeAt(version, index);
            Account storage account = _accounts[version][token];
            uint256 before = _pulled(account, index);
            uint256 due = _share(account.sales, bps);
            if (due == before) continue;
            _setPulled(account, index, due);
            uint256 amount = due - before;
            account = _accounts[ancestor][token];
            account.royalties = _add(account.royalties, amount, ancestor);
            emit RevenuePulled(version, ancestor, token, index, amount);
        }
    }

    /* PAYING OUT */

    /// @inheritdoc IRevenueLedger
    function collect(address token, uint256[] calldata versions) external nonReentrant {
        for (uint256 i; i < versions.length; ++i) {
            uint256 version = versions[i];
            (address owner, uint256 amount) = _ownerCollectable(version, token);
            if (amount == 0) continue;
            // At most what came in, which is bounded where it is credited.
            _accounts[version][token].ownerCollected += uint128(amount);
            _payOut(token, owner, amount);
            emit RevenueCollected(version, token, owner, 0, 0, amount);
        }
    }

    /// @inheritdoc IRevenueLedger
    function collectContributions(address token, Contribution[] calldata contributions) external nonReentrant {
        for (uint256 i; i < contributions.length; ++i) {
            Contribution calldata part = contributions[i];
            (uint256 start, uint256 amount) = _contributionCollectable(part, token);
            if (amount == 0) continue;
            _contributed[_contributionKey(part.version, token, start)] += amount;
            _payOut(token, part.account, amount);
            emit RevenueCollected(part.version, token, part.account, uint64(start), uint64(start + part.weight), amount);
        }
    }

    /* GOVERNED */

    /// @inheritdoc IRevenueLedger
    function setTokenAllowed(address token, bool allowed) external {
        if (msg.sender != _governor) revert RevenueLedger_NotGovernor(msg.sender);
        isTokenAllowed[token] = allowed;
        emit TokenAllowed(token, allowed);
    }

    /* VIEWS */

    /// @inheritdoc IRevenueLedger
    function tillOf(uint256 asset) external view returns (address) {
        // Reverts when there is no such asset: money sent to its till could not be swept, or only for a stranger.
        _registry.currentVersion(asset);
        return _tillOf(asset);
    }

    /// @inheritdoc IRevenueLedger
    function accountOf(uint256 version, address token)
        external
        view
        returns (uint256 sales, uint256 royalties, uint256 ownerCollected)
    {
        Account storage account = _accounts[version][token];
        return (account.sales, account.royalties, account.ownerCollected);
    }

    /// @inheritdoc IRevenueLedger
    function pulledOf(uint256 version, uint256 index, address token) external view returns (uint256) {
        if (index > FEE_INDEX) revert RevenueLedger_EdgeUnknown(version, index);
        return _pulled(_accounts[version][token], index);
    }

    /// @inheritdoc IRevenueLedger
    function contributionCollectedOf(uint256 version, uint64 start, address token) external view returns (uint256) {
        return _contributed[_contributionKey(version, token, start)];
    }

    /// @inheritdoc IRevenueLedger
    function collectableOf(uint256 version, address token) external view returns (uint256 amount) {
        (, amount) = _ownerCollectable(version, token);
    }

    /// @inheritdoc IRevenueLedger
    function contributionCollectableOf(Contribution calldata contribution, address token)
        external
        view
        returns (uint256 amount)
    {
        (, amount) = _contributionCollectable(contribution, token);
    }

    /// @inheritdoc IRevenueLedger
    function pullableOf(uint256 version, uint256 index, address token) external view returns (uint256 amount) {
        (, uint256 bps) = _edgeAt(version, index);
        Account storage account = _accounts[version][token];
        return _share(account.sales, bps) - _pulled(account, index);
    }

    /* SHARES: every one a floor of a cumulative total, less what has moved already */

    /// @dev Whom an edge leads to, and the share of sales that it moves.
    function _edgeAt(uint256 version, uint256 index) internal view returns (uint256 ancestor, uint256 bps) {
        if (index == FEE_INDEX) {
            (, IAssetRegistry.Rates memory rates) = _registry.ratesOf(version);
            return (TREASURY_VERSION, rates.feeBps);
        }
        (ancestor, bps) = _registry.edgeAt(version, index);
        if (ancestor == 0) revert RevenueLedger_EdgeUnknown(version, index);
    }

    /// @dev ⌊total · bps⌋. Totals are below 2^128 and rates at most 10,000, so the product fits.
    function _share(uint256 total, uint256 bps) internal pure returns (uint256) {
        unchecked {
            return total * bps / BPS;
        }
    }

    /// @dev ⌊residue · (1 − contributors' share)⌋ of a version's owner; the treasury has all of its royalties.
    function _ownerCollectable(uint256 version, address token) internal view returns (address owner, uint256 amount) {
        Account storage account = _accounts[version][token];
        if (version == TREASURY_VERSION) return (treasury, account.royalties - account.ownerCollected);
        IAssetRegistry.Rates memory rates;
        (owner, rates) = _registry.ratesOf(version);
        amount = _share(_residue(account, rates), BPS - rates.contributorBps) - account.ownerCollected;
    }

    /// @dev ⌊⌊residue · contributors' share⌋ · weight / all weights⌋ of one proven contributor.
    function _contributionCollectable(Contribution calldata part, address token)
        internal
        view
        returns (uint256 start, uint256 amount)
    {
        start = _proveContribution(part);
        (, IAssetRegistry.Rates memory rates) = _registry.ratesOf(part.version);
        uint256 pool = _share(_residue(_accounts[part.version][token], rates), rates.contributorBps);
        amount = pool * part.weight / SumTree.sumOf(part.contributorRoot)
            - _contributed[_contributionKey(part.version, token, start)];
    }

    /// @dev What stays with a version: its sales less fee and royalties owed, and the royalties it received.
    function _residue(Account storage account, IAssetRegistry.Rates memory rates) internal view returns (uint256) {
        return _share(account.sales, BPS - rates.feeBps - rates.edgesBps) + account.royalties;
    }

    /// @dev Checks the parts against the version's commitment and the leaf against the root.
    function _proveContribution(Contribution calldata part) internal view returns (uint256 start) {
        bytes32 commitment = keccak256(abi.encode(part.publisher, part.manifestDigest, part.contributorRoot));
        bytes32 root;
        (root, start) = SumTree.climb(SumTree.leafOf(part.account, part.weight), part.path, part.proof);
        // A malformed proof climbs to 0, which is also the root of a version without contributors.
        bool proven = part.weight != 0 && root != 0 && root == part.contributorRoot
            && commitment == _registry.commitmentOf(part.version);
        if (!proven) revert RevenueLedger_ContributionInvalid(part.version, part.account);
    }

    /* MONEY */

    /// @dev Moves an allowance into the ledger and measures that exactly `amount` arrived.
    function _takeFrom(address payer, address token, uint256 amount) internal {
        uint256 before = SafeTransferLib.balanceOf(token, address(this));
        SafeTransferLib.safeTransferFrom(token, payer, address(this), amount);
        _requireReceived(token, before, amount);
    }

    function _requireReceived(address token, uint256 before, uint256 amount) internal view {
        uint256 current = SafeTransferLib.balanceOf(token, address(this));
        uint256 received = current > before ? current - before : 0;
        if (received != amount) revert RevenueLedger_TokenUnsupported(token, amount, received);
    }

    /// @dev Adds a sale that has arrived. Only the first one of a version in a token asks whether the version exists.
    function _credit(uint256 version, address token, address payer, uint256 amount) internal {
        if (amount == 0) revert RevenueLedger_AmountZero();
        Account storage account = _accounts[version][token];
        uint256 sales = account.sales;
        if (sales == 0 && _registry.commitmentOf(version) == 0) revert RevenueLedger_VersionUnknown(version);
        account.sales = _add(sales, amount, version);
        emit RevenueReceived(version, token, payer, amount);
    }

    function _payOut(address token, address payee, uint256 amount) internal {
        if (payee == address(0) || payee == address(this)) revert RevenueLedger_BadPayee(payee);
        SafeTransferLib.safeTransfer(token, payee, amount);
    }

    function _tillOf(uint256 asset) internal view returns (address) {
        return LibClone.predictDeterministicAddress(_till, bytes32(asset), address(this));
    }

    /* PACKING */

    function _add(uint256 total, uint256 amount, uint256 version) internal pure returns (uint128) {
        if (amount > TOTAL_MAX - total) revert RevenueLedger_TotalTooLarge(version, amount);
        return uint128(total + amount);
    }

    function _contributionKey(uint256 version, address token, uint256 start) internal pure returns (bytes32) {
        return keccak256(abi.encode(version, token, start));
    }

    function _pulled(Account storage account, uint256 index) internal view returns (uint256) {
        return index == 0 ? account.pulledFirst : account.pulledRest[index - 1];
    }

    /// @dev Never above the version's sales, which are bounded where they are credited.
    function _setPulled(Account storage account, uint256 index, uint256 total) internal {
        if (index == 0) account.pulledFirst = uint128(total);
        else account.pulledRest[index - 1] = uint128(total);
    }

    function _useTransientReentrancyGuardOnlyOnMainnet() internal pure override returns (bool) {
        return false;
    }
}
