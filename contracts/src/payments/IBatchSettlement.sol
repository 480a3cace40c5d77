// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title IBatchSettlement
/// @notice Payment channels of x402's scheme `batch-settlement`: a payer deposits once and signs cumulative vouchers, the
/// receiver's side claims them in batches and has what was claimed paid out at once.
/// @dev The interface, the errors and the events are x402's own, so that whatever talks to its contract talks to ours.
/// Amounts are base units of the channel's token, times are unix seconds.
interface IBatchSettlement {
    /* TYPES */

    /// @notice What a channel is; its hash is the channel's id, so nothing of it ever changes.
    /// @param payer Who deposits, and gets back what was not claimed.
    /// @param payerAuthorizer Whose signatures count on vouchers; zero for the payer's own, which may be a contract's.
    /// @param receiver Who is paid what was claimed.
    /// @param receiverAuthorizer Who claims and refunds by signature.
    /// @param withdrawDelay Seconds between a withdrawal's start and its end, from 15 minutes to 30 days.
    struct ChannelConfig {
        address payer;
        address payerAuthorizer;
        address receiver;
        address receiverAuthorizer;
        address token;
        uint40 withdrawDelay;
        bytes32 salt;
    }

    /// @param maxClaimableAmount Most that may be claimed of the channel, over its whole life.
    struct Voucher {
        ChannelConfig channel;
        uint128 maxClaimableAmount;
    }

    /// @param signature The payer's side's over the voucher.
    /// @param totalClaimed What is claimed over the channel's whole life, at most the voucher's maximum.
    struct VoucherClaim {
        Voucher voucher;
        bytes signature;
        uint128 totalClaimed;
    }

    /* ERRORS */

    error InvalidChannel();
    error ZeroDeposit();
    error DepositOverflow();
    error InvalidSignature();
    error NotReceiverAuthorizer();
    error NotAuthorizedToClaim();
    error NotAuthorizedToRefund();
    error ClaimExceedsCeiling();
    error ClaimExceedsBalance();
    error WithdrawalAlreadyPending();
    error WithdrawalNotPending();
    error NotAuthorizedToFinalizeWithdraw();
    error WithdrawDelayNotElapsed();
    error NothingToWithdraw();
    error WithdrawAmountExceedsAvailable();
    error WithdrawDelayOutOfRange();
    error EmptyBatch();
    error DepositCollectionFailed();
    error InvalidCollector();
    error InvalidRefundNonce();
    error ZeroRefund();

    /* EVENTS */

    /// @notice A channel got its first money; once more when it was emptied before anything was claimed.
    event ChannelCreated(bytes32 indexed channelId, ChannelConfig config);
    /// @notice A channel was emptied before anything was claimed.
    event ChannelClosed(bytes32 indexed channelId, ChannelConfig config);
    event Deposited(bytes32 indexed channelId, address indexed sender, uint128 amount, uint128 newBalance);
    event Claimed(bytes32 indexed channelId, address indexed sender, uint128 claimAmount, uint128 newTotalClaimed);
    event Settled(address indexed receiver, address indexed token, address indexed sender, uint128 amount);
    event Refunded(bytes32 indexed channelId, address indexed sender, uint128 amount);
    event WithdrawInitiated(bytes32 indexed channelId, uint128 amount, uint40 finalizeAfter);
    event WithdrawFinalized(bytes32 indexed channelId, address indexed sender, uint128 amount);

    /* MONEY */

    /// @notice Has `collector` bring exactly `amount` of the channel's token from its payer. Anyone may call.
    function deposit(ChannelConfig calldata config, uint128 amount, address collector, bytes calldata collectorData)
        external;

    /// @notice Claims of channels whose receiver or receiver authorizer is the caller. What is not above what was claimed
    /// before is passed over.
    function claim(VoucherClaim[] calldata voucherClaims) external;

    /// @notice The same for anybody who brings the signature of the one receiver authorizer of all the channels.
    function claimWithSignature(VoucherClaim[] calldata voucherClaims, bytes calldata authorizerSignature) external;

    /// @notice Pays a receiver all that was claimed for it in a token and not paid out yet. Anyone may call.
    function settle(address receiver, address token) external;

    /// @notice Starts the payer's way out: after the channel's delay it gets `amount` back, or what is left by then.
    function initiateWithdraw(ChannelConfig calldata config, uint128 amount) external;

    /// @notice Ends it.
    function finalizeWithdraw(ChannelConfig calldata config) external;

    /// @notice Gives the payer back `amount` of what was not claimed, or all of it when it is less. Only the receiver's
    /// side. Counts the refund nonce up even when nothing is left to give.
    function refund(ChannelConfig calldata config, uint128 amount) external;

    /// @notice The same for anybody who brings the receiver authorizer's signature.
    function refundWithSignature(
        ChannelConfig calldata config,
        uint128 amount,
        uint256 nonce,
        bytes calldata receiverAuthorizerSignature
    ) external;

    /* VIEWS */

    function MIN_WITHDRAW_DELAY() external view returns (uint40);
    function MAX_WITHDRAW_DELAY() external view returns (uint40);
    function CHANNEL_CONFIG_TYPEHASH() external view returns (bytes32);
    function VOUCHER_TYPEHASH() external view returns (bytes32);
    function REFUND_TYPEHASH() external view returns (bytes32);
    function CLAIM_ENTRY_TYPEHASH() external view returns (bytes32);
    function CLAIM_BATCH_TYPEHASH() external view returns (bytes32);

    /// @param balance Deposited less what went back.
    /// @param totalClaimed Claimed so far, never more than the balance.
    function channels(bytes32 channelId) external view returns (uint128 balance, uint128 totalClaimed);
    function refundNonce(bytes32 channelId) external view returns (uint256);
    /// @param initiatedAt 0 when none is pending.
    function pendingWithdrawals(bytes32 channelId) external view returns (uint128 amount, uint40 initiatedAt);
    /// @param totalClaimed Claimed for the receiver over all channels.
    /// @param totalSettled Paid out to it.
    function receivers(address receiver, address token)
        external
        view
        returns (uint128 totalClaimed, uint128 totalSettled);

    function getChannelId(ChannelConfig calldata config) external view returns (bytes32);
    function getVoucherDigest(bytes32 channelId, uint128 maxClaimableAmount) external view returns (bytes32);
    function getRefundDigest(bytes32 channelId, uint256 nonce, uint128 amount) external view returns (bytes32);
    function getClaimBatchDigest(VoucherClaim[] calldata voucherClaims) external view returns (bytes32);

    /// @notice The domain of all its signatures (EIP-5267).
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
        );
}
