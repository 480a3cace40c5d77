// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ChannelHashes} from "./ChannelHashes.sol";
import {IBatchSettlement} from "./IBatchSettlement.sol";
import {IDepositCollector} from "./IDepositCollector.sol";

/// @title BatchSettlement
/// @notice Stands in on local chains for x402's own contract, at its address: the same interface, the same rules.
/// @dev OpenZeppelin's signatures, transfers and guard, because x402's contract has them and their errors are part of how
/// it answers. No immutable values: a local node puts the code at x402's address without running a constructor.
/// What must always hold is written, numbered, in test/payments/invariant/README.md.
contract BatchSettlement is IBatchSettlement, Multicall, ReentrancyGuardTransient {
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    /// @notice Money of value is kept by x402's own contract only.
    error BatchSettlement_ChainNotLocal(uint256 chainId);

    /* STORAGE */

    struct ChannelState {
        uint128 balance;
        uint128 totalClaimed;
    }

    struct WithdrawalState {
        uint128 amount;
        uint40 initiatedAt;
    }

    struct ReceiverState {
        uint128 totalClaimed;
        uint128 totalSettled;
    }

    uint256 internal constant LOCAL_CHAIN_ID = 31337;
    uint256 internal constant SIGNATURE_LENGTH = 65;
    /// @dev Half of secp256k1's order: of the two values of s that fit a message only the lower one is accepted.
    uint256 internal constant S_MAX = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;
    /// @inheritdoc IBatchSettlement
    uint40 public constant MIN_WITHDRAW_DELAY = 15 minutes;
    /// @inheritdoc IBatchSettlement
    uint40 public constant MAX_WITHDRAW_DELAY = 30 days;
    /// @inheritdoc IBatchSettlement
    bytes32 public constant CHANNEL_CONFIG_TYPEHASH = ChannelHashes.CHANNEL_CONFIG;
    /// @inheritdoc IBatchSettlement
    bytes32 public constant VOUCHER_TYPEHASH = ChannelHashes.VOUCHER;
    /// @inheritdoc IBatchSettlement
    bytes32 public constant REFUND_TYPEHASH = ChannelHashes.REFUND;
    /// @inheritdoc IBatchSettlement
    bytes32 public constant CLAIM_ENTRY_TYPEHASH = ChannelHashes.CLAIM_ENTRY;
    /// @inheritdoc IBatchSettlement
    bytes32 public constant CLAIM_BATCH_TYPEHASH = ChannelHashes.CLAIM_BATCH;

    /// @inheritdoc IBatchSettlement
    mapping(bytes32 channelId => ChannelState) public channels;
    /// @inheritdoc IBatchSettlement
    mapping(bytes32 channelId => uint256) public refundNonce;
    /// @inheritdoc IBatchSettlement
    mapping(bytes32 channelId => WithdrawalState) public pendingWithdrawals;
    /// @inheritdoc IBatchSettlement
    mapping(address receiver => mapping(address token => ReceiverState)) public receivers;

    /* DEPOSITS */

    /// @inheritdoc IBatchSettlement
    function deposit(ChannelConfig calldata config, uint128 amount, address collector, bytes calldata collectorData)
        external
        nonReentrant
    {
        if (block.chainid != LOCAL_CHAIN_ID) revert BatchSettlement_ChainNotLocal(block.chainid);
        bool named = config.payer != address(0) && config.receiver != address(0)
            && config.receiverAuthorizer != address(0) && config.token != address(0);
        if (!named) revert InvalidChannel();
        if (config.withdrawDelay < MIN_WITHDRAW_DELAY || config.withdrawDelay > MAX_WITHDRAW_DELAY) {
            revert WithdrawDelayOutOfRange();
        }
        if (amount == 0) revert ZeroDeposit();
        if (collector == address(0)) revert InvalidCollector();

        bytes32 id = getChannelId(config);
        ChannelState storage channel = channels[id];
        uint128 balanceBefore = channel.balance;
        if (amount > type(uint128).max - balanceBefore) revert DepositOverflow();
        uint128 balance = balanceBefore + amount;
        channel.balance = balance;

        uint256 held = IERC20(config.token).balanceOf(address(this));
        IDepositCollector(collector).collect(config.payer, config.token, amount, id, collectorData);
        if (IERC20(config.token).balanceOf(address(this)) != held + amount) revert DepositCollectionFailed();

        if (balanceBefore == 0 && channel.totalClaimed == 0) emit ChannelCreated(id, config);
        emit Deposited(id, msg.sender, amount, balance);
    }

    /* CLAIMS */

    /// @inheritdoc IBatchSettlement
    function claim(VoucherClaim[] calldata voucherClaims) external nonReentrant {
        if (voucherClaims.length == 0) revert EmptyBatch();
        bytes32 domain = ChannelHashes.domainHash();
        (bytes32[] memory ids,) = _hashBatch(domain, voucherClaims);
        _claimAll(domain, ids, voucherClaims, address(0));
    }

    /// @inheritdoc IBatchSettlement
    function claimWithSignature(VoucherClaim[] calldata voucherClaims, bytes calldata authorizerSignature)
        external
        nonReentrant
    {
        if (voucherClaims.length == 0) revert EmptyBatch();
        address authorizer = voucherClaims[0].voucher.channel.receiverAuthorizer;
        bytes32 domain = ChannelHashes.domainHash();
        (bytes32[] memory ids, bytes32 digest) = _hashBatch(domain, voucherClaims);
        _requireSigned(authorizer, digest, authorizerSignature);
        _claimAll(domain, ids, voucherClaims, authorizer);
    }

    /// @inheritdoc IBatchSettlement
    function settle(address receiver, address token) external nonReentrant {
        ReceiverState storage state = receivers[receiver][token];
        uint128 claimed = state.totalClaimed;
        uint128 amount = claimed - state.totalSettled;
        if (amount == 0) return;
        state.totalSettled = claimed;
        IERC20(token).safeTransfer(receiver, amount);
        emit Settled(receiver, token, msg.sender, amount);
    }

    /* WAYS BACK */

    /// @inheritdoc IBatchSettlement
    function initiateWithdraw(ChannelConfig calldata config, uint128 amount) external nonReentrant {
        if (!_isPayerSide(config)) revert InvalidChannel();
        if (amount == 0) revert NothingToWithdraw();
        bytes32 id = getChannelId(config);
        WithdrawalState storage withdrawal = pendingWithdrawals[id];
        if (withdrawal.initiatedAt != 0) revert WithdrawalAlreadyPending();
        if (amount > _unclaimed(channels[id])) revert WithdrawAmountExceedsAvailable();
        uint40 time = uint40(block.timestamp);
        withdrawal.amount = amount;
        withdrawal.initiatedAt = time;
        emit WithdrawInitiated(id, amount, time + config.withdrawDelay);
    }

    /// @inheritdoc IBatchSettlement
    function finalizeWithdraw(ChannelConfig calldata config) external nonReentrant {
        if (!_isPayerSide(config)) revert NotAuthorizedToFinalizeWithdraw();
        bytes32 id = getChannelId(config);
        WithdrawalState memory withdrawal = pendingWithdrawals[id];
        if (withdrawal.initiatedAt == 0) revert WithdrawalNotPending();
        if (block.timestamp < uint256(withdrawal.initiatedAt) + config.withdrawDelay) revert WithdrawDelayNotElapsed();
        delete pendingWithdrawals[id];

        uint128 amount = _takeUnclaimed(id, withdrawal.amount);
        emit WithdrawFinalized(id, msg.sender, amount);
        _giveBack(id, config, amount);
    }

    /// @inheritdoc IBatchSettlement
    function refund(ChannelConfig calldata config, uint128 amount) external nonReentrant {
        if (!_isReceiverSide(config)) revert NotAuthorizedToRefund();
        _refund(getChannelId(config), config, amount);
    }

    /// @inheritdoc IBatchSettlement
    function refundWithSignature(
        ChannelConfig calldata config,
        uint128 amount,
        uint256 nonce,
        bytes calldata receiverAuthorizerSignature
    ) external nonReentrant {
        bytes32 domain = ChannelHashes.domainHash();
        bytes32 id = ChannelHashes.channelId(domain, config);
        if (nonce != refundNonce[id]) revert InvalidRefundNonce();
        bytes32 digest = ChannelHashes.refund(domain, id, nonce, amount);
        _requireSigned(config.receiverAuthorizer, digest, receiverAuthorizerSignature);
        _refund(id, config, amount);
    }

    /* VIEWS */

    /// @inheritdoc IBatchSettlement
    function getChannelId(ChannelConfig calldata config) public view returns (bytes32) {
        return ChannelHashes.channelId(ChannelHashes.domainHash(), config);
    }

    /// @inheritdoc IBatchSettlement
    function getVoucherDigest(bytes32 channelId, uint128 maxClaimableAmount) external view returns (bytes32) {
        return ChannelHashes.voucher(ChannelHashes.domainHash(), channelId, maxClaimableAmount);
    }

    /// @inheritdoc IBatchSettlement
    function getRefundDigest(bytes32 channelId, uint256 nonce, uint128 amount) external view returns (bytes32) {
        return ChannelHashes.refund(ChannelHashes.domainHash(), channelId, nonce, amount);
    }

    /// @inheritdoc IBatchSettlement
    function getClaimBatchDigest(VoucherClaim[] calldata voucherClaims) external view returns (bytes32 digest) {
        (, digest) = _hashBatch(ChannelHashes.domainHash(), voucherClaims);
    }

    /// @inheritdoc IBatchSettlement
    function eip712Domain()
        external
        view
        returns (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        )
    {
        // The first four fields of a domain, of which the fifth would be a salt.
        (fields, name, version) = (0x0f, ChannelHashes.NAME, ChannelHashes.VERSION);
        (chainId, verifyingContract, salt, extensions) = (block.chainid, address(this), 0, new uint256[](0));
    }

    /* INTERNAL */

    /// @dev Each channel's id, and what is signed for all the claims together.
    function _hashBatch(bytes32 domain, VoucherClaim[] calldata voucherClaims)
        internal
        pure
        returns (bytes32[] memory ids, bytes32 digest)
    {
        ids = new bytes32[](voucherClaims.length);
        bytes32[] memory entries = new bytes32[](ids.length);
        for (uint256 i; i < ids.length; ++i) {
            VoucherClaim calldata row = voucherClaims[i];
            bytes32 id = ChannelHashes.channelId(domain, row.voucher.channel);
            (ids[i], entries[i]) = (id, ChannelHashes.claimEntry(id, row));
        }
        digest = ChannelHashes.claimBatch(domain, entries);
    }

    /// @param authorizer Of all rows; zero when each row's receiver's side must be the caller.
    function _claimAll(bytes32 domain, bytes32[] memory ids, VoucherClaim[] calldata voucherClaims, address authorizer)
        internal
    {
        address receiver;
        address token;
        uint256 owed;
        for (uint256 i; i < ids.length; ++i) {
            VoucherClaim calldata row = voucherClaims[i];
            ChannelConfig calldata config = row.voucher.channel;
            if (config.receiverAuthorizer != authorizer || authorizer == address(0)) {
                if (authorizer != address(0)) revert NotReceiverAuthorizer();
                if (!_isReceiverSide(config)) revert NotAuthorizedToClaim();
            }
            uint256 claimed = _claim(domain, ids[i], row);
            // Most batches are of one receiver and token, whose total is then written once.
            if (config.receiver != receiver || config.token != token) {
                if (owed != 0) receivers[receiver][token].totalClaimed += owed.toUint128();
                (receiver, token, owed) = (config.receiver, config.token, 0);
            }
            // Of fewer than 2^128 rows, each below 2^128.
            unchecked {
                owed += claimed;
            }
        }
        if (owed != 0) receivers[receiver][token].totalClaimed += owed.toUint128();
    }

    /// @return claimed What the channel's total grew by.
    function _claim(bytes32 domain, bytes32 id, VoucherClaim calldata row) internal returns (uint256 claimed) {
        ChannelState storage channel = channels[id];
        // Both halves of the channel's word at once, here and where it is written.
        uint256 word;
        assembly ("memory-safe") {
            word := sload(channel.slot)
        }
        // forge-lint: disable-next-line(unsafe-typecast)
        (uint256 held, uint256 before, uint256 total) = (uint128(word), word >> 128, row.totalClaimed);
        // Told before, in the same words or in higher ones.
        if (total <= before) return 0;
        if (total > row.voucher.maxClaimableAmount) revert ClaimExceedsCeiling();
        if (total > held) revert ClaimExceedsBalance();
        address signer = row.voucher.channel.payerAuthorizer;
        bytes32 digest = ChannelHashes.voucher(domain, id, row.voucher.maxClaimableAmount);
        if (signer == address(0)) _requireSigned(row.voucher.channel.payer, digest, row.signature);
        else if (_recover(digest, row.signature) != signer) revert InvalidSignature();

        assembly ("memory-safe") {
            sstore(channel.slot, or(shl(128, total), held))
        }
        unchecked {
            claimed = total - before;
        }
        // forge-lint: disable-next-line(unsafe-typecast)
        emit Claimed(id, msg.sender, uint128(claimed), uint128(total));
    }

    /// @dev OpenZeppelin's `recover` of what is in the calldata, without a copy of it in memory for each of many claims.
    function _recover(bytes32 digest, bytes calldata signature) internal pure returns (address signer) {
        if (signature.length != SIGNATURE_LENGTH) revert ECDSA.ECDSAInvalidSignatureLength(signature.length);
        bytes32 r;
        bytes32 s;
        uint256 v;
        assembly ("memory-safe") {
            r := calldataload(signature.offset)
            s := calldataload(add(signature.offset, 0x20))
            v := byte(0, calldataload(add(signature.offset, 0x40)))
        }
        if (uint256(s) > S_MAX) revert ECDSA.ECDSAInvalidSignatureS(s);
        // forge-lint: disable-next-line(unsafe-typecast)
        signer = ecrecover(digest, uint8(v), r, s);
        if (signer == address(0)) revert ECDSA.ECDSAInvalidSignature();
    }

    function _refund(bytes32 id, ChannelConfig calldata config, uint128 requested) internal {
        if (requested == 0) revert ZeroRefund();
        unchecked {
            ++refundNonce[id];
        }
        uint128 amount = _takeUnclaimed(id, requested);
        if (amount == 0) return;
        WithdrawalState storage withdrawal = pendingWithdrawals[id];
        if (withdrawal.initiatedAt != 0) {
            if (amount < withdrawal.amount) withdrawal.amount -= amount;
            else (withdrawal.amount, withdrawal.initiatedAt) = (0, 0);
        }
        emit Refunded(id, msg.sender, amount);
        _giveBack(id, config, amount);
    }

    /// @dev Takes what was asked for out of a channel, or what is left when it is less.
    function _takeUnclaimed(bytes32 id, uint128 requested) internal returns (uint128 amount) {
        ChannelState storage channel = channels[id];
        uint128 unclaimed = _unclaimed(channel);
        amount = requested < unclaimed ? requested : unclaimed;
        channel.balance -= amount;
    }

    function _giveBack(bytes32 id, ChannelConfig calldata config, uint128 amount) internal {
        // Nothing claimed is implied: the balance is never less.
        if (channels[id].balance == 0) emit ChannelClosed(id, config);
        if (amount != 0) IERC20(config.token).safeTransfer(config.payer, amount);
    }

    function _unclaimed(ChannelState storage channel) internal view returns (uint128) {
        return channel.balance - channel.totalClaimed;
    }

    function _requireSigned(address signer, bytes32 digest, bytes calldata signature) internal view {
        if (!SignatureChecker.isValidSignatureNow(signer, digest, signature)) revert InvalidSignature();
    }

    function _isReceiverSide(ChannelConfig calldata config) internal view returns (bool) {
        return msg.sender == config.receiverAuthorizer || msg.sender == config.receiver;
    }

    function _isPayerSide(ChannelConfig calldata config) internal view returns (bool) {
        return msg.sender == config.payer || msg.sender == config.payerAuthorizer;
    }
}
