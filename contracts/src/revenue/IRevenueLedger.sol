// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title IRevenueLedger
/// @notice Takes in what versions earn, splits it lazily along the royalty graph, and pays out in any order, at any time.
/// @dev Amounts are base units of the payment token. Every share is a floor of a cumulative total, so the order of calls
/// never changes a total and nothing can underflow. What is in the ledger is final: it is never refunded.
interface IRevenueLedger {
    /* TYPES */

    /// @notice Names one edge to pull along. `index` is the edge's place in `AssetRegistry.edgesOf(version)`, or 16 for
    /// the protocol fee, whose ancestor is the treasury (version 0).
    struct EdgeRef {
        uint256 version;
        uint256 index;
    }

    /// @notice Proof that `account` holds `weight` of a version's contributor tree.
    /// @param publisher Who published the version: with the two words after it, what its commitment is made of.
    /// @param path Bit i is 1 when the node at level i (leaf first) is a right child.
    /// @param proof Sibling nodes, leaf first: 192 bits of hash, then the subtree's weight in the low 64 bits.
    struct Contribution {
        uint256 version;
        address publisher;
        bytes32 manifestDigest;
        bytes32 contributorRoot;
        address account;
        uint64 weight;
        uint256 path;
        bytes32[] proof;
    }

    /// @notice An EIP-3009 authorization. Its nonce is computed by the ledger; see `payWithAuthorization`.
    struct Authorization {
        address from;
        uint256 amount;
        uint256 validAfter;
        uint256 validBefore;
        bytes signature;
    }

    /* ERRORS */

    error RevenueLedger_AmountZero();
    error RevenueLedger_VersionUnknown(uint256 version);
    error RevenueLedger_TokenNotAllowed(address token);
    /// @notice The token moved another amount than it was asked to (a fee on transfer, a rebase).
    error RevenueLedger_TokenUnsupported(address token, uint256 expected, uint256 received);
    error RevenueLedger_TotalTooLarge(uint256 version, uint256 amount);
    error RevenueLedger_EdgeUnknown(uint256 version, uint256 index);
    error RevenueLedger_ContributionInvalid(uint256 version, address account);
    error RevenueLedger_BadPayee(address payee);
    error RevenueLedger_NotGovernor(address caller);
    error RevenueLedger_NotMarket(address caller);

    /* EVENTS */

    /// @notice A sale of `version` was paid by `payer`. Everything that enters the ledger is told here, once.
    event RevenueReceived(uint256 indexed version, address indexed token, address indexed payer, uint256 amount);
    /// @notice `amount` of what `version` sold moved to `ancestor` as a royalty (to 0 as the protocol fee).
    event RevenuePulled(
        uint256 indexed version, uint256 indexed ancestor, address indexed token, uint256 index, uint256 amount
    );
    /// @notice `amount` left the ledger to `account`: to a contributor with weight interval [start, end), or to the owner
    /// when both are 0.
    event RevenueCollected(
        uint256 indexed version,
        address indexed token,
        address indexed account,
        uint64 start,
        uint64 end,
        uint256 amount
    );
    /// @notice An asset's till was emptied into its current version. `RevenueReceived` tells the same amount, paid by the till.
    event TillSwept(uint256 indexed asset, uint256 indexed version, address indexed token, uint256 amount);
    event TokenAllowed(address indexed token, bool allowed);

    /* TAKING IN */

    /// @notice Pays a sale of `version`. The caller must have approved the ledger. Costs the same whatever the graph.
    function pay(uint256 version, address token, uint256 amount) external;

    /// @notice Pays a sale out of the allowance that `payer` gave the ledger. Only the market calls, and only for the
    /// buyer who called it.
    function payFor(address payer, uint256 version, address token, uint256 amount) external;

    /// @notice Pays a sale by an EIP-3009 authorization of `authorization.from`.
    /// @dev The authorization's nonce must be keccak256(abi.encode(msg.sender, version, context)), so that nobody but the
    /// caller it was signed for can use it, and for nothing but that version and context.
    function payWithAuthorization(uint256 version, address token, Authorization calldata authorization, bytes32 context)
        external;

    /// @notice Moves a till's whole balance of `token` into the sales of the asset's current version. Anyone may call.
    function sweep(uint256 asset, address token) external returns (uint256 amount);

    /// @notice The asset's deterministic payment address. Money may be sent there before it is deployed. Reverts with
    /// `VersionUnknown` when the id is not an asset's: a later version has no till of its own.
    function tillOf(uint256 asset) external view returns (address);

    /* SPLITTING */

    /// @notice Moves what is due along each edge. Nothing due is no error.
    function pull(address token, EdgeRef[] calldata edges) external;

    /* PAYING OUT */

    /// @notice Pays each version's owner (the treasury for version 0) what is collectable. Anyone may call.
    function collect(address token, uint256[] calldata versions) external;

    /// @notice Pays each contributor what is collectable. Anyone may call.
    function collectContributions(address token, Contribution[] calldata contributions) external;

    /* GOVERNED */

    /// @notice Allows a payment token for new offers and sweeps, or stops them. Collections are never stopped.
    function setTokenAllowed(address token, bool allowed) external;

    /* VIEWS */

    function isTokenAllowed(address token) external view returns (bool);
    function treasury() external view returns (address);
    /// @notice The one contract that may spend allowances given to the ledger: the AccessMarket of this ledger and its
    /// registry, at the address that the deterministic deployer (CREATE2, salt 0) gives it.
    function market() external view returns (address);
    /// @notice Cumulative totals of a version in a token.
    function accountOf(uint256 version, address token)
        external
        view
        returns (uint256 sales, uint256 royalties, uint256 ownerCollected);
    /// @notice What has moved along an edge so far.
    function pulledOf(uint256 version, uint256 index, address token) external view returns (uint256);
    function contributionCollectedOf(uint256 version, uint64 start, address token) external view returns (uint256);
    /// @notice What a call to `collect` would pay now, before any further pull.
    function collectableOf(uint256 version, address token) external view returns (uint256);
    function contributionCollectableOf(Contribution calldata contribution, address token)
        external
        view
        returns (uint256);
    /// @notice What a `pull` of this edge would move now.
    function pullableOf(uint256 version, uint256 index, address token) external view returns (uint256);
}
