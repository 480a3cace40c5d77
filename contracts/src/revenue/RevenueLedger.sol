// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ReentrancyGuardTransient} from "solady/utils/ReentrancyGuardTransient.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {Places} from "../deployment/Places.sol";
import {IERC3009} from "../tokens/IERC3009.sol";
import {IRevenueLedger} from "./IRevenueLedger.sol";
import {LedgerBook} from "./LedgerBook.sol";
import {Till} from "./Till.sol";

/// @dev What other people's NFTs are asked.
interface INft {
    function transferFrom(address from, address to, uint256 id) external;
    function supportsInterface(bytes4 id) external view returns (bool);
    // Of ERC-1155.
    function balanceOf(address owner, uint256 id) external view returns (uint256);
    function safeTransferFrom(address from, address to, uint256 id, uint256 amount, bytes calldata data) external;
}

/// @title RevenueLedger
/// @notice Takes in what versions earn and lets every entitled party collect, in any order.
/// @dev What must always hold is written, numbered, in test/revenue/invariant/README.md.
contract RevenueLedger is LedgerBook, ReentrancyGuardTransient {
    /* STORAGE */

    uint256 internal constant LIENS_MAX = 4;
    bytes4 internal constant ERC1155_INTERFACE = 0xd9b67a26;

    address internal immutable _self;
    address internal immutable _governor;
    bytes32 internal immutable _tillHash;
    bytes32 internal immutable _tillCreationHash;

    /// @inheritdoc IRevenueLedger
    address public immutable market;

    /// @inheritdoc IRevenueLedger
    address public arbiter;
    /// @inheritdoc IRevenueLedger
    mapping(address token => bool) public isTokenAllowed;

    constructor(address treasury_, address[] memory tokens) LedgerBook(treasury_) {
        _self = address(this);
        // The Deployer creates all of them, so nobody has to be trusted to introduce them, and no contract but its market
        // can ever spend an allowance that was given to the ledger.
        _governor = Places.governorOf(msg.sender);
        market = Places.marketOf(msg.sender);
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
    function payMany(address token, uint256[] calldata versions, uint256[] calldata amounts) external nonReentrant {
        if (versions.length != amounts.length) {
            revert RevenueLedger_LengthsDiffer(versions.length, amounts.length);
        }
        uint256 total;
        for (uint256 i; i < amounts.length; ++i) {
            total += amounts[i];
        }
        if (total == 0) revert RevenueLedger_AmountZero();
        _move(token, msg.sender, address(this), total);
        for (uint256 i; i < versions.length; ++i) {
            _receive(versions[i], token, msg.sender, amounts[i]);
        }
    }

    /// @inheritdoc IRevenueLedger
    function payFrom(address payer, uint256 version, address token, uint256 amount) external nonReentrant {
        if (msg.sender != market) revert RevenueLedger_NotMarket(msg.sender);
        if (amount == 0) revert RevenueLedger_AmountZero();
        _move(token, payer, address(this), amount);
        // The market sells nothing but versions that the registry named.
        _credit(version, token, amount);
        emit RevenueReceived(version, token, payer, amount);
    }

    /// @inheritdoc IRevenueLedger
    function holdFrom(address payer, address token, uint256 amount) external nonReentrant {
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
        uint256 before = SafeTransferLib.balanceOf(token, address(this));
        uint256 total;
        for (uint256 i; i < assets.length; ++i) {
            uint256 asset = assets[i];
            uint256 version = _registry.versionForSweep(asset);
            address till = _tillOf(asset);
            uint256 amount = SafeTransferLib.balanceOf(token, till);
            if (amount == 0) continue;
            _order(asset, till, abi.encodeCall(this.releaseTillToken, (token, address(this), amount)));
            total += amount;
            _credit(version, token, amount);
            emit RevenueReceived(version, token, till, amount);
        }
        if (total != 0) _requireMoved(token, address(this), before, total);
    }

    /// @inheritdoc IRevenueLedger
    function rescueToken(uint256 asset, address token, address to) external nonReentrant {
        address till = _tillForRescue(asset, token, to);
        uint256 amount = SafeTransferLib.balanceOf(token, till);
        if (amount == 0) revert RevenueLedger_AmountZero();
        _order(asset, till, abi.encodeCall(this.releaseTillToken, (token, to, amount)));
        emit TillRescued(asset, token, to, amount);
    }

    /// @inheritdoc IRevenueLedger
    function rescueEther(uint256 asset, address to) external nonReentrant {
        address till = _tillForRescue(asset, address(0), to);
        uint256 amount = till.balance;
        if (amount == 0) revert RevenueLedger_AmountZero();
        _order(asset, till, abi.encodeCall(this.doAsATill, (to, amount, "")));
        emit TillRescued(asset, address(0), to, amount);
    }

    /// @inheritdoc IRevenueLedger
    function rescueNft(uint256 asset, address collection, uint256 id, address to) external nonReentrant {
        address till = _tillForRescue(asset, collection, to);
        INft nft = INft(collection);
        bytes memory transfer = nft.supportsInterface(ERC1155_INTERFACE)
            ? abi.encodeCall(INft.safeTransferFrom, (till, to, id, nft.balanceOf(till, id), ""))
            : abi.encodeCall(INft.transferFrom, (till, to, id));
        _order(asset, till, abi.encodeCall(this.doAsATill, (collection, 0, transfer)));
        emit TillRescued(asset, collection, to, id);
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
            (uint256 start, uint256 amount, bool isCollection) = _takeContribution(part, token);
            uint256 member = uint160(part.account);
            // Ids have no gaps: whatever is below a version is one.
            if (!isCollection || member == TREASURY_VERSION || member >= part.version) {
                revert RevenueLedger_MemberInvalid(part.version, part.account);
            }
            if (amount == 0) continue;
            _creditRoyalty(member, token, amount);
            emit MemberCredited(part.version, member, token, uint64(start), part.weight, amount);
        }
    }

    /* PAYING OUT */

    /// @inheritdoc IRevenueLedger
    function collectMany(address token, uint256[] calldata versions) external nonReentrant {
        for (uint256 i; i < versions.length; ++i) {
            uint256 version = versions[i];
            Account storage account = _account(version, token);
            (address owner, uint256 earned) = _ownerEarned(account, version);
            uint128 marked = account.ownerCollected;
            if (marked & LIENED != 0) earned = _moveLiens(version, token, earned);
            uint256 amount = earned - (marked & ~LIENED);
            if (amount == 0) continue;
            // At most what came in, which is bounded where it is credited.
            account.ownerCollected = marked + uint128(amount);
            _payOut(token, owner, amount);
            emit RevenueCollected(version, token, owner, amount);
        }
    }

    /// @inheritdoc IRevenueLedger
    function collectContributions(address token, Contribution[] calldata contributions) external nonReentrant {
        for (uint256 i; i < contributions.length; ++i) {
            Contribution calldata part = contributions[i];
            (uint256 start, uint256 amount, bool isCollection) = _takeContribution(part, token);
            if (isCollection) revert RevenueLedger_ContributionInvalid(part.version, part.account);
            if (amount == 0) continue;
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
        Account storage account = _account(version, token);
        (, uint256 earned) = _ownerEarned(account, version);
        uint128 base = uint128(_afterLiens(liens, earned));
        liens.push(Lien({creditor: uint48(creditor), bps: bps, base: base, cap: cap, moved: 0}));
        account.ownerCollected |= LIENED;
        emit LienSet(version, token, creditor, bps, base, cap);
    }

    /* VIEWS */

    /// @inheritdoc IRevenueLedger
    function tillOf(uint256 asset) external view returns (address) {
        // Reverts when there is no such asset: money sent to its till could not be swept, or only for a stranger.
        _registry.kindOf(asset);
        return _tillOf(asset);
    }

    /// @inheritdoc IRevenueLedger
    function accountOf(uint256 version, address token)
        external
        view
        returns (uint256 sales, uint256 royalties, uint256 ownerCollected, uint256 pulledSales)
    {
        Account storage account = _account(version, token);
        return (account.sales, account.royalties, account.ownerCollected & ~LIENED, account.pulledSales);
    }

    /// @inheritdoc IRevenueLedger
    function liensOf(uint256 version, address token) external view returns (Lien[] memory) {
        return _liens[version][token];
    }

    /// @inheritdoc IRevenueLedger
    function contributionCollectedOf(uint256 version, uint64 start, address token) external view returns (uint256) {
        return _collected(version, token, start).amount;
    }

    /// @inheritdoc IRevenueLedger
    function collectableOf(uint256 version, address token) external view returns (uint256) {
        Account storage account = _account(version, token);
        (, uint256 earned) = _ownerEarned(account, version);
        return _afterLiens(_liens[version][token], earned) - (account.ownerCollected & ~LIENED);
    }

    /// @inheritdoc IRevenueLedger
    function contributionCollectableOf(Contribution calldata contribution, address token)
        external
        view
        returns (uint256)
    {
        (uint256 start, uint256 earned,) = _contributionEarned(contribution, token);
        return earned - _collected(contribution.version, token, start).amount;
    }

    /// @inheritdoc IRevenueLedger
    function pullableOf(uint256 version, address token) external view returns (uint256 amount) {
        Account storage account = _account(version, token);
        (uint256 sales, uint256 pulled) = (account.sales, account.pulledSales);
        (uint256 feeBps, uint256 royalty, uint256 royaltiesEnd, uint256 supply, uint256 suppliesEnd) = _edgesOf(version);
        amount = _due(sales, pulled, feeBps);
        for (; royalty < royaltiesEnd; royalty += EDGE_SIZE) {
            (, uint256 bps) = _edgeAt(royalty);
            amount += _due(sales, pulled, bps);
        }
        for (; supply < suppliesEnd; supply += EDGE_SIZE) {
            (, uint256 bps) = _edgeAt(supply);
            amount += _due(sales, pulled, bps);
        }
    }

    /* MONEY */

    /// @dev Moves an allowance and measures that exactly `amount` arrived.
    function _move(address token, address payer, address to, uint256 amount) internal {
        uint256 before = SafeTransferLib.balanceOf(token, to);
        SafeTransferLib.safeTransferFrom(token, payer, to, amount);
        _requireMoved(token, to, before, amount);
    }

    function _requireMoved(address token, address to, uint256 before, uint256 amount) internal view {
        uint256 current = SafeTransferLib.balanceOf(token, to);
        unchecked {
            uint256 received = current > before ? current - before : 0;
            if (received != amount) revert RevenueLedger_TokenUnsupported(token, amount, received);
        }
    }

    function _payOut(address token, address payee, uint256 amount) internal {
        _requirePayee(payee);
        SafeTransferLib.safeTransfer(token, payee, amount);
    }

    function _requirePayee(address payee) internal view {
        if (payee == address(0) || payee == address(this)) revert RevenueLedger_BadPayee(payee);
    }

    function _setTokenAllowed(address token, bool allowed) internal {
        isTokenAllowed[token] = allowed;
        emit TokenAllowed(token, allowed);
    }

    /* TILLS */

    /// @dev As CREATE2 computes it.
    function _tillOf(uint256 asset) internal view returns (address till) {
        bytes32 codeHash = _tillCreationHash;
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore8(free, 0xff)
            mstore(add(free, 0x01), shl(96, address()))
            mstore(add(free, 0x15), asset)
            mstore(add(free, 0x35), codeHash)
            till := shr(96, shl(96, keccak256(free, 0x55)))
        }
    }

    function _tillForRescue(uint256 asset, address token, address to) internal view returns (address) {
        (address owner,) = _registry.ratesOf(asset);
        // A later version has an owner, but no till.
        if (msg.sender != owner || _registry.assetOf(asset) != asset) {
            revert RevenueLedger_NotOwner(msg.sender, asset);
        }
        if (isTokenAllowed[token]) revert RevenueLedger_TokenAllowed(token);
        _requirePayee(to);
        return _tillOf(asset);
    }

    /// @dev Has a till run one of the two functions that follow, and deploys it before when it must.
    function _order(uint256 asset, address till, bytes memory order) internal {
        if (till.code.length == 0) Till.create(asset);
        assembly ("memory-safe") {
            if iszero(call(gas(), till, 0, add(order, 0x20), mload(order), 0, 0)) {
                let reason := mload(0x40)
                returndatacopy(reason, 0, returndatasize())
                revert(reason, returndatasize())
            }
        }
    }

    /// @dev Only a till runs it, in its own name, when the ledger calls it. To all others there is no such function.
    modifier onlyInTill() {
        if (address(this) == _self || msg.sender != _self) revert();
        _;
    }

    function releaseTillToken(address token, address to, uint256 amount) external onlyInTill {
        SafeTransferLib.safeTransfer(token, to, amount);
    }

    function doAsATill(address target, uint256 value, bytes calldata data) external onlyInTill {
        (bool success,) = target.call{value: value}(data);
        if (!success) revert SafeTransferLib.TransferFailed();
    }

    /// @dev What tokens ask a till before they arrive, put to the ledger. See `Till`.
    fallback(bytes calldata) external returns (bytes memory) {
        if (!Till.isReception(msg.sig)) revert();
        if (msg.sender.codehash != _tillHash) revert RevenueLedger_BadPayee(address(this));
        return abi.encode(msg.sig);
    }

    function _useTransientReentrancyGuardOnlyOnMainnet() internal pure override returns (bool) {
        return false;
    }
}
