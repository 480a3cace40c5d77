// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ReentrancyGuardTransient} from "solady/utils/ReentrancyGuardTransient.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {IAssetRegistry} from "../assets/IAssetRegistry.sol";
import {Places} from "../deployment/Places.sol";
import {Commitment} from "../libraries/Commitment.sol";
import {SumTree} from "../libraries/SumTree.sol";
import {IERC3009} from "../tokens/IERC3009.sol";
import {IRevenueLedger} from "./IRevenueLedger.sol";
import {Till} from "./Till.sol";

/// @dev What of other people's NFTs a till has to do with.
interface INft {
    function ownerOf(uint256 id) external view returns (address);
    function transferFrom(address from, address to, uint256 id) external;
    function balanceOf(address owner, uint256 id) external view returns (uint256);
    function safeTransferFrom(address from, address to, uint256 id, uint256 amount, bytes calldata data) external;
    function supportsInterface(bytes4 id) external view returns (bool);
}

/// @title RevenueLedger
/// @notice Takes in what versions earn and lets every entitled party collect, in any order.
/// @dev What must always hold is written, numbered, in test/revenue/invariant/README.md.
contract RevenueLedger is IRevenueLedger, ReentrancyGuardTransient {
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

    uint256 internal constant BPS = 10_000;
    uint256 internal constant TREASURY_VERSION = 0;
    /// @dev Bounds sales and royalties each, so that their sum fits 127 bits.
    uint256 internal constant TOTAL_MAX = type(uint128).max >> 2;
    uint256 internal constant LIENED_FLAG = 1 << 127;
    uint256 internal constant LIENS_MAX = 4;
    bytes4 internal constant ERC1155_INTERFACE = 0xd9b67a26;

    address internal immutable _self;
    IAssetRegistry internal immutable _registry;
    address internal immutable _governor;
    bytes32 internal immutable _tillCreationHash;
    bytes32 internal immutable _tillHash;

    /// @inheritdoc IRevenueLedger
    address public immutable market;
    /// @inheritdoc IRevenueLedger
    address public immutable treasury;

    /// @inheritdoc IRevenueLedger
    address public arbiter;
    /// @inheritdoc IRevenueLedger
    mapping(address token => bool) public isTokenAllowed;
    mapping(uint256 version => mapping(address token => Account)) internal _accounts;
    /// @dev What a contributor took out, by where its interval of weight starts.
    mapping(bytes32 contributionKey => uint256) internal _contributed;
    mapping(uint256 version => mapping(address token => Lien[])) internal _liens;

    constructor(address treasury_, address[] memory tokens) {
        if (treasury_ == address(0)) revert RevenueLedger_BadPayee(treasury_);
        treasury = treasury_;
        // The Deployer creates all of them, so nobody has to be trusted to set these, and no other contract than its
        // market can ever spend an allowance that was given to the ledger.
        _governor = Places.governorOf(msg.sender);
        _registry = IAssetRegistry(Places.registryOf(msg.sender));
        market = Places.marketOf(msg.sender);
        _self = address(this);
        _tillHash = keccak256(Till.codeOf(address(this)));
        _tillCreationHash = keccak256(Till.creationCodeOf(address(this)));
        for (uint256 i; i < tokens.length; ++i) {
            _setTokenAllowed(tokens[i], true);
        }
    }

    /* TAKING IN */

    /// @inheritdoc IRevenueLedger
    function pay(uint256 version, address token, uint256 amount) external nonReentrant {
        _move(token, msg.sender, address(this), amount);
        _receive(version, token, msg.sender, amount);
    }

    /// @inheritdoc IRevenueLedger
    function payFor(address payer, uint256 version, address token, uint256 amount) external nonReentrant {
        if (msg.sender != market) revert RevenueLedger_NotMarket(msg.sender);
        _move(token, payer, address(this), amount);
        _receive(version, token, payer, amount);
    }

    /// @inheritdoc IRevenueLedger
    function holdFor(address payer, address token, uint256 amount) external nonReentrant {
        if (msg.sender != market) revert RevenueLedger_NotMarket(msg.sender);
        if (amount == 0) revert RevenueLedger_AmountZero();
        _move(token, payer, msg.sender, amount);
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
        _requireMoved(token, address(this), before, authorization.amount);
        _receive(version, token, authorization.from, authorization.amount);
    }

    /// @inheritdoc IRevenueLedger
    function sweepMany(address token, uint256[] calldata assets) external nonReentrant {
        if (!isTokenAllowed[token]) revert RevenueLedger_TokenNotAllowed(token);
        uint256 held = SafeTransferLib.balanceOf(token, address(this));
        for (uint256 i; i < assets.length; ++i) {
            uint256 version = _registry.tillVersionOf(assets[i]);
            address till = _tillOf(assets[i]);
            uint256 amount = SafeTransferLib.balanceOf(token, till);
            if (amount == 0) continue;
            _order(assets[i], till, token, abi.encodeWithSignature("transfer(address,uint256)", address(this), amount));
            held = _requireMoved(token, address(this), held, amount);
            _credit(version, token, amount);
            emit RevenueReceived(version, token, till, amount);
        }
    }

    /// @inheritdoc IRevenueLedger
    function rescueToken(uint256 asset, address token, address to) external nonReentrant {
        address till = _tillForRescue(asset, token, to);
        uint256 amount = SafeTransferLib.balanceOf(token, till);
        if (amount == 0) revert RevenueLedger_AmountZero();
        _order(asset, till, token, abi.encodeWithSignature("transfer(address,uint256)", to, amount));
        emit TillRescued(asset, token, to, amount);
    }

    /// @inheritdoc IRevenueLedger
    function rescueEther(uint256 asset, address to) external nonReentrant {
        address till = _tillForRescue(asset, address(0), to);
        uint256 amount = till.balance;
        if (amount == 0) revert RevenueLedger_AmountZero();
        _order(asset, till, to, "");
        emit TillRescued(asset, address(0), to, amount);
    }

    /// @inheritdoc IRevenueLedger
    function rescueNft(uint256 asset, address collection, uint256 id, address to) external nonReentrant {
        address till = _tillForRescue(asset, collection, to);
        INft nft = INft(collection);
        bytes memory transfer = nft.supportsInterface(ERC1155_INTERFACE)
            ? abi.encodeCall(nft.safeTransferFrom, (till, to, id, nft.balanceOf(till, id), ""))
            : abi.encodeCall(nft.transferFrom, (till, to, id));
        _order(asset, till, collection, transfer);
        emit TillRescued(asset, collection, to, id);
    }

    /// @dev What reaches this code through a till. See `Till`.
    fallback(bytes calldata data) external returns (bytes memory answer) {
        if (address(this) != _self && msg.sender == _self) Till.act(data);
        else if (msg.sender.codehash == _tillHash && Till.isWelcome(msg.sig)) answer = abi.encode(msg.sig);
        else revert RevenueLedger_BadPayee(address(this));
    }

    /* SPLITTING */

    /// @inheritdoc IRevenueLedger
    function pullMany(address token, uint256[] calldata versions) external nonReentrant {
        for (uint256 i; i < versions.length; ++i) {
            _pull(versions[i], token);
        }
    }

    /// @inheritdoc IRevenueLedger
    function creditMembers(address token, Contribution[] calldata members) external nonReentrant {
        for (uint256 i; i < members.length; ++i) {
            Contribution calldata part = members[i];
            (uint256 start, uint256 amount, bool isCollection) = _contributionCollectable(part, token);
            uint256 member = uint160(part.account);
            // Ids have no gaps, so whatever is lower is a version.
            if (!isCollection || member == 0 || member >= part.version) {
                revert RevenueLedger_MemberInvalid(part.version, part.account);
            }
            if (amount == 0) continue;
            _contributed[_contributionKey(part.version, token, start)] += amount;
            _creditRoyalty(member, token, amount);
            emit MemberCredited(part.version, member, token, uint64(start), part.weight, amount);
        }
    }

    /* PAYING OUT */

    /// @inheritdoc IRevenueLedger
    function collectMany(address token, uint256[] calldata versions) external nonReentrant {
        for (uint256 i; i < versions.length; ++i) {
            uint256 version = versions[i];
            (address owner, uint256 earned, bool isLiened) = _ownerEarned(version, token);
            if (isLiened) earned = _moveLiens(version, token, earned);
            Account storage account = _accounts[version][token];
            uint256 before = account.ownerCollected & ~LIENED_FLAG;
            if (earned == before) continue;
            uint256 amount = earned - before;
            // At most what came in, which is bounded where it is credited.
            account.ownerCollected += uint128(amount);
            _payOut(token, owner, amount);
            emit RevenueCollected(version, token, owner, amount);
        }
    }

    /// @inheritdoc IRevenueLedger
    function collectContributions(address token, Contribution[] calldata contributions) external nonReentrant {
        for (uint256 i; i < contributions.length; ++i) {
            Contribution calldata part = contributions[i];
            (uint256 start, uint256 amount, bool isCollection) = _contributionCollectable(part, token);
            if (isCollection) revert RevenueLedger_ContributionInvalid(part.version, part.account);
            if (amount == 0) continue;
            _contributed[_contributionKey(part.version, token, start)] += amount;
            _payOut(token, part.account, amount);
            emit ContributionCollected(part.version, token, part.account, uint64(start), part.weight, amount);
        }
    }

    /* GOVERNED */

    /// @inheritdoc IRevenueLedger
    function setTokenAllowed(address token, bool allowed) external {
        if (msg.sender != _governor) revert RevenueLedger_NotGovernor(msg.sender);
        _setTokenAllowed(token, allowed);
    }

    /// @inheritdoc IRevenueLedger
    function setArbiter(address arbiter_) external {
        if (msg.sender != _governor) revert RevenueLedger_NotGovernor(msg.sender);
        arbiter = arbiter_;
        emit ArbiterSet(arbiter_);
    }

    /// @inheritdoc IRevenueLedger
    function setLien(uint256 version, address token, uint256 creditor, uint16 bps, uint128 cap) external {
        if (msg.sender != arbiter) revert RevenueLedger_NotArbiter(msg.sender);
        bool valid = version != creditor && _exists(version) && _exists(creditor) && bps != 0 && bps <= BPS && cap != 0;
        if (!valid) revert RevenueLedger_LienInvalid(version, creditor, bps, cap);
        Lien[] storage liens = _liens[version][token];
        if (liens.length == LIENS_MAX) revert RevenueLedger_LiensTooMany(version);
        (, uint256 earned,) = _ownerEarned(version, token);
        uint128 base = uint128(_afterLiens(liens, earned));
        liens.push(Lien({creditor: uint48(creditor), bps: bps, base: base, cap: cap, moved: 0}));
        _accounts[version][token].ownerCollected |= uint128(LIENED_FLAG);
        emit LienSet(version, token, creditor, bps, base, cap);
    }

    /* VIEWS */

    /// @inheritdoc IRevenueLedger
    function tillOf(uint256 asset) external view returns (address) {
        // Reverts when there is no such asset: money sent to its till could not be swept, or only for a stranger.
        _registry.tillVersionOf(asset);
        return _tillOf(asset);
    }

    /// @inheritdoc IRevenueLedger
    function accountOf(uint256 version, address token)
        external
        view
        returns (uint256 sales, uint256 royalties, uint256 ownerCollected, uint256 pulledSales)
    {
        Account storage account = _accounts[version][token];
        return (account.sales, account.royalties, account.ownerCollected & ~LIENED_FLAG, account.pulledSales);
    }

    /// @inheritdoc IRevenueLedger
    function liensOf(uint256 version, address token) external view returns (Lien[] memory) {
        return _liens[version][token];
    }

    /// @inheritdoc IRevenueLedger
    function contributionCollectedOf(uint256 version, uint64 start, address token) external view returns (uint256) {
        return _contributed[_contributionKey(version, token, start)];
    }

    /// @inheritdoc IRevenueLedger
    function collectableOf(uint256 version, address token) external view returns (uint256) {
        (, uint256 earned,) = _ownerEarned(version, token);
        return _afterLiens(_liens[version][token], earned) - (_accounts[version][token].ownerCollected & ~LIENED_FLAG);
    }

    /// @inheritdoc IRevenueLedger
    function contributionCollectableOf(Contribution calldata contribution, address token)
        external
        view
        returns (uint256 amount)
    {
        (, amount,) = _contributionCollectable(contribution, token);
    }

    /// @inheritdoc IRevenueLedger
    function pullableOf(uint256 version, address token) external view returns (uint256 amount) {
        Account storage account = _accounts[version][token];
        (uint256 sales, uint256 pulled) = (account.sales, account.pulledSales);
        (uint256 feeBps, IAssetRegistry.Edge[] memory royalties, IAssetRegistry.Edge[] memory supplies) =
            _registry.owedOf(version);
        amount = _share(sales, feeBps) - _share(pulled, feeBps);
        for (uint256 i; i < royalties.length; ++i) {
            amount += _share(sales, royalties[i].bps) - _share(pulled, royalties[i].bps);
        }
        for (uint256 i; i < supplies.length; ++i) {
            amount += _share(sales, supplies[i].bps) - _share(pulled, supplies[i].bps);
        }
    }

    /* SHARES: every one a floor of a cumulative total, less what has moved already */

    /// @dev Moves what the sales since the last pull owe.
    function _pull(uint256 version, address token) internal {
        Account storage account = _accounts[version][token];
        (uint256 sales, uint256 pulled) = (account.sales, account.pulledSales);
        (uint256 feeBps, IAssetRegistry.Edge[] memory royalties, IAssetRegistry.Edge[] memory supplies) =
            _registry.owedOf(version);
        bool moved;
        for (uint256 i; i <= royalties.length; ++i) {
            // The fee is one more edge, to the treasury.
            (uint256 ancestor, uint256 bps) = i == royalties.length
                ? (TREASURY_VERSION, feeBps)
                : (royalties[i].version, royalties[i].bps);
            uint256 amount = _share(sales, bps) - _share(pulled, bps);
            if (amount == 0) continue;
            moved = true;
            _creditRoyalty(ancestor, token, amount);
            emit RevenuePulled(version, ancestor, token, amount);
        }
        for (uint256 i; i < supplies.length; ++i) {
            uint256 amount = _share(sales, supplies[i].bps) - _share(pulled, supplies[i].bps);
            if (amount == 0) continue;
            moved = true;
            _credit(supplies[i].version, token, amount);
            emit SupplyPulled(version, supplies[i].version, token, amount);
        }
        if (moved) account.pulledSales = uint128(sales);
    }

    /// @dev ⌊total · bps⌋. Totals are below 2^128 and rates at most 10,000, so the product fits.
    function _share(uint256 total, uint256 bps) internal pure returns (uint256) {
        unchecked {
            return total * bps / BPS;
        }
    }

    /// @dev ⌊residue · (1 − contributors' share)⌋ of a version's owner, before liens; the treasury has all of its royalties.
    function _ownerEarned(uint256 version, address token)
        internal
        view
        returns (address owner, uint256 earned, bool isLiened)
    {
        Account storage account = _accounts[version][token];
        if (version == TREASURY_VERSION) return (treasury, account.royalties, false);
        IAssetRegistry.Rates memory rates;
        (owner, rates) = _registry.ratesOf(version);
        earned = _share(_residue(account, rates), BPS - rates.contributorBps);
        isLiened = account.ownerCollected & LIENED_FLAG != 0;
    }

    /// @dev ⌊⌊residue · contributors' share⌋ · weight / all weights⌋ of one proven contributor or member.
    function _contributionCollectable(Contribution calldata part, address token)
        internal
        view
        returns (uint256 start, uint256 amount, bool isCollection)
    {
        bytes32 commitment;
        IAssetRegistry.Rates memory rates;
        (commitment, rates, isCollection) = _registry.contributionRatesOf(part.version);
        start = _proveContribution(part, commitment);
        uint256 pool = _share(_residue(_accounts[part.version][token], rates), rates.contributorBps);
        amount = pool * part.weight / SumTree.sumOf(part.contributorRoot)
            - _contributed[_contributionKey(part.version, token, start)];
    }

    /// @dev What stays with a version: its sales less what they owe, and the royalties it received.
    function _residue(Account storage account, IAssetRegistry.Rates memory rates) internal view returns (uint256) {
        return _share(account.sales, BPS - rates.owedBps) + account.royalties;
    }

    /// @dev Checks the parts against the version's commitment and the leaf against the root.
    function _proveContribution(Contribution calldata part, bytes32 commitment) internal pure returns (uint256 start) {
        bytes32 root;
        (root, start) = SumTree.climb(SumTree.leafOf(part.account, part.weight), part.path, part.proof);
        // A malformed proof climbs to 0, which is also the root of a version without contributors.
        bool proven = part.weight != 0 && root != 0 && root == part.contributorRoot
            && commitment == Commitment.make(part.publisher, part.manifestDigest, part.contributorRoot);
        if (!proven) revert RevenueLedger_ContributionInvalid(part.version, part.account);
    }

    /* LIENS: each takes its share of what those before it left, from its base on and up to its cap */

    function _lienDue(Lien storage lien, uint256 earned) internal view returns (uint256) {
        uint256 due = _share(earned - lien.base, lien.bps);
        return due < lien.cap ? due : lien.cap;
    }

    /// @dev What liens leave of what an owner earned. It never falls while that grows, so neither does what was collected
    /// ever exceed it.
    function _afterLiens(Lien[] storage liens, uint256 earned) internal view returns (uint256) {
        uint256 count = liens.length;
        for (uint256 i; i < count; ++i) {
            earned -= _lienDue(liens[i], earned);
        }
        return earned;
    }

    /// @dev Credits creditors with what is due to them, and returns what is left to the owner.
    function _moveLiens(uint256 version, address token, uint256 earned) internal returns (uint256) {
        Lien[] storage liens = _liens[version][token];
        for (uint256 i; i < liens.length; ++i) {
            Lien storage lien = liens[i];
            uint256 due = _lienDue(lien, earned);
            earned -= due;
            if (due == lien.moved) continue;
            uint256 amount = due - lien.moved;
            // At most the cap.
            lien.moved = uint128(due);
            _creditRoyalty(lien.creditor, token, amount);
            emit LienMoved(version, token, lien.creditor, i, amount);
        }
        return earned;
    }

    /* CREDITS */

    /// @dev Adds a sale that has arrived from outside. Only the first one of a version in a token asks whether the
    /// version exists.
    function _receive(uint256 version, address token, address payer, uint256 amount) internal {
        if (amount == 0) revert RevenueLedger_AmountZero();
        if (_credit(version, token, amount) == 0 && !_exists(version)) revert RevenueLedger_VersionUnknown(version);
        emit RevenueReceived(version, token, payer, amount);
    }

    /// @dev Returns the sales before.
    function _credit(uint256 version, address token, uint256 amount) internal returns (uint256 sales) {
        Account storage account = _accounts[version][token];
        sales = account.sales;
        account.sales = _add(sales, amount, version);
    }

    function _creditRoyalty(uint256 version, address token, uint256 amount) internal {
        Account storage account = _accounts[version][token];
        account.royalties = _add(account.royalties, amount, version);
    }

    function _add(uint256 total, uint256 amount, uint256 version) internal pure returns (uint128) {
        if (amount > TOTAL_MAX - total) revert RevenueLedger_TotalTooLarge(version, amount);
        return uint128(total + amount);
    }

    function _exists(uint256 version) internal view returns (bool) {
        return _registry.commitmentOf(version) != 0;
    }

    function _contributionKey(uint256 version, address token, uint256 start) internal pure returns (bytes32) {
        return keccak256(abi.encode(version, token, start));
    }

    /* MONEY */

    /// @dev Moves an allowance and measures that exactly `amount` arrived.
    function _move(address token, address payer, address to, uint256 amount) internal {
        uint256 before = SafeTransferLib.balanceOf(token, to);
        SafeTransferLib.safeTransferFrom(token, payer, to, amount);
        _requireMoved(token, to, before, amount);
    }

    function _requireMoved(address token, address to, uint256 before, uint256 amount)
        internal
        view
        returns (uint256 current)
    {
        current = SafeTransferLib.balanceOf(token, to);
        uint256 received = current > before ? current - before : 0;
        if (received != amount) revert RevenueLedger_TokenUnsupported(token, amount, received);
    }

    function _payOut(address token, address payee, uint256 amount) internal {
        if (payee == address(0) || payee == address(this)) revert RevenueLedger_BadPayee(payee);
        SafeTransferLib.safeTransfer(token, payee, amount);
    }

    function _setTokenAllowed(address token, bool allowed) internal {
        isTokenAllowed[token] = allowed;
        emit TokenAllowed(token, allowed);
    }

    /* TILLS */

    function _tillOf(uint256 asset) internal view returns (address) {
        return Till.addressOf(asset, _tillCreationHash);
    }

    function _tillForRescue(uint256 asset, address token, address to) internal view returns (address) {
        (address owner,) = _registry.ratesOf(asset);
        if (msg.sender != owner || _registry.assetOf(asset) != asset) {
            revert RevenueLedger_NotOwner(msg.sender, asset);
        }
        if (isTokenAllowed[token]) revert RevenueLedger_TokenAllowed(token);
        if (to == address(0) || to == address(this)) revert RevenueLedger_BadPayee(to);
        return _tillOf(asset);
    }

    /// @dev Has the till call `target`. See `Till.act`.
    function _order(uint256 asset, address till, address target, bytes memory data) internal {
        if (till.code.length == 0) Till.create(asset);
        (bool success, bytes memory answer) = till.call(bytes.concat(bytes32(uint256(uint160(target))), data));
        if (!success) {
            assembly ("memory-safe") {
                revert(add(answer, 0x20), mload(answer))
            }
        }
    }

    function _useTransientReentrancyGuardOnlyOnMainnet() internal pure override returns (bool) {
        return false;
    }
}
