// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title IRevenueLedger
/// @notice Takes in what versions earn, splits it lazily along the graph, and pays out in any order, at any time.
/// @dev Amounts are base units of the payment token. Every share is a floor of a cumulative total, so the order of calls
/// never changes a total and nothing can underflow. What is in the ledger is final: it is never refunded.
interface IRevenueLedger {
    /* TYPES */

    /// @notice Proof that `account` holds `weight` of a version's contributor tree. In a collection the account is a
    /// member version's id.
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

    /// @notice A ruling's share of what an owner earns of one version in one token from the ruling on.
    /// @param creditor The version that receives it, as a royalty.
    /// @param bps Share of what is left after the liens before it, of 10,000.
    /// @param base What the owner had earned at the ruling, after the liens before it.
    /// @param cap Most that it ever moves, in base units.
    /// @param moved Moved so far.
    struct Lien {
        uint48 creditor;
        uint16 bps;
        uint128 base;
        uint128 cap;
        uint128 moved;
    }

    /* ERRORS */

    error RevenueLedger_AmountZero();
    error RevenueLedger_LengthsDiffer(uint256 versions, uint256 amounts);
    error RevenueLedger_VersionUnknown(uint256 version);
    error RevenueLedger_TokenNotAllowed(address token);
    /// @notice An allowed token is income: it is swept, not rescued.
    error RevenueLedger_TokenAllowed(address token);
    /// @notice The token moved another amount than it was asked to (a fee on transfer, a rebase).
    error RevenueLedger_TokenUnsupported(address token, uint256 expected, uint256 received);
    error RevenueLedger_TotalTooLarge(uint256 version, uint256 amount);
    error RevenueLedger_ContributionInvalid(uint256 version, address account);
    /// @notice A member of a collection has a lower id than the collection; nobody else's contribution is a member.
    error RevenueLedger_MemberInvalid(uint256 version, address account);
    error RevenueLedger_LienInvalid(uint256 version, uint256 creditor, uint256 bps, uint256 cap);
    error RevenueLedger_LiensTooMany(uint256 version);
    error RevenueLedger_BadPayee(address payee);
    error RevenueLedger_NotGovernor(address caller);
    error RevenueLedger_NotArbiter(address caller);
    error RevenueLedger_NotMarket(address caller);
    error RevenueLedger_NotOwner(address caller, uint256 asset);

    /* EVENTS */

    /// @notice A sale of `version` was paid by `payer`, which is the till when it was swept. All money that enters the
    /// ledger is told here, once.
    event RevenueReceived(uint256 indexed version, address indexed token, address indexed payer, uint256 amount);
    /// @notice `amount` of what `version` sold moved to `ancestor` as a royalty (to 0 as the protocol fee).
    event RevenuePulled(uint256 indexed version, uint256 indexed ancestor, address indexed token, uint256 amount);
    /// @notice `amount` of what `version` sold moved to `supplier` as a sale of its work.
    event SupplyPulled(uint256 indexed version, uint256 indexed supplier, address indexed token, uint256 amount);
    /// @notice `amount` of what a collection holds for its members moved to `member` as a royalty.
    event MemberCredited(
        uint256 indexed version,
        uint256 indexed member,
        address indexed token,
        uint64 start,
        uint64 weight,
        uint256 amount
    );
    /// @notice `amount` left the ledger to the owner of `version` (to the treasury for version 0).
    event RevenueCollected(uint256 indexed version, address indexed token, address indexed owner, uint256 amount);
    /// @notice `amount` left the ledger to a contributor with weight interval [start, start + weight).
    event ContributionCollected(
        uint256 indexed version,
        address indexed token,
        address indexed account,
        uint64 start,
        uint64 weight,
        uint256 amount
    );
    event LienSet(
        uint256 indexed version, address indexed token, uint256 indexed creditor, uint16 bps, uint128 base, uint128 cap
    );
    /// @notice `amount` of what the owner of `version` earned moved to `creditor`, by the lien at `index`.
    event LienMoved(
        uint256 indexed version, address indexed token, uint256 indexed creditor, uint256 index, uint256 amount
    );
    /// @notice The owner took out of a till what is no income: ether (token 0), another token, or token `id` of `token`.
    event TillRescued(uint256 indexed asset, address indexed token, address indexed to, uint256 idOrAmount);
    event TokenAllowed(address indexed token, bool allowed);
    event ArbiterSet(address indexed arbiter);

    /* TAKING IN */

    /// @notice Pays a sale of `version`. The caller must have approved the ledger. Costs the same whatever the graph.
    function pay(uint256 version, address token, uint256 amount) external;

    /// @notice Pays many sales, the first amount for the first version and so on, by one transfer of their sum. Each is as
    /// if it had been paid alone; one that is refused refuses all. The caller must have approved the ledger for the sum.
    function payMany(address token, uint256[] calldata versions, uint256[] calldata amounts) external;

    /// @notice Pays a sale out of the allowance that `payer` gave the ledger. Only the market calls, and only for a
    /// buyer who called it or signed, or for itself.
    /// @dev Selectors are compared in ascending order, and its name gives it a low one.
    function payFrom(address payer, uint256 version, address token, uint256 amount) external;

    /// @notice Moves money that may still go back from `payer` to the market, out of the allowance that `payer` gave the
    /// ledger. Only the market calls. It enters no account.
    function holdFrom(address payer, address token, uint256 amount) external;

    /// @notice Pays a sale by an EIP-3009 authorization of `authorization.from`.
    /// @dev The authorization's nonce must be keccak256(abi.encode(msg.sender, version, context)), so that nobody but the
    /// caller it was signed for can use it, and for nothing but that version and context.
    function payWithAuthorization(uint256 version, address token, Authorization calldata authorization, bytes32 context)
        external;

    /// @notice Moves the whole balances of tills into the sales of the versions that the registry names. Anyone may call.
    /// An empty till is skipped.
    function sweepMany(address token, uint256[] calldata assets) external;

    /// @notice The asset's deterministic payment address. Money may be sent there before it is deployed. Reverts with
    /// `VersionUnknown` when the id is not an asset's: a later version has no till of its own.
    function tillOf(uint256 asset) external view returns (address);

    /// @notice Takes the whole balance of a token that is not allowed for payment out of a till. Only the asset's owner.
    function rescueToken(uint256 asset, address token, address to) external;
    /// @notice Takes all ether out of a till. Only the asset's owner.
    function rescueEther(uint256 asset, address to) external;
    /// @notice Takes an ERC-721 token out of a till. Only the asset's owner.
    function rescueNft(uint256 asset, address collection, uint256 id, address to) external;

    /* SPLITTING */

    /// @notice Moves what each version owes along all its edges, and the protocol fee. Nothing due is no error. Anyone
    /// may call.
    /// @dev With S the version's sales and D its sales at the last pull, an edge at rate r moves ⌊S·r⌋ − ⌊D·r⌋: the sum
    /// over all pulls is ⌊S·r⌋, whenever they were made.
    function pullMany(address token, uint256[] calldata versions) external;

    /// @notice Credits members of collections with what is due to them. Anyone may call.
    function creditMembers(address token, Contribution[] calldata members) external;

    /* PAYING OUT */

    /// @notice Pays each version's owner (the treasury for version 0) what is collectable, after its liens. Anyone may
    /// call.
    function collectMany(address token, uint256[] calldata versions) external;

    /// @notice Pays each contributor what is collectable. Anyone may call.
    function collectContributions(address token, Contribution[] calldata contributions) external;

    /* GOVERNED */

    /// @notice Allows a payment token for new offers and sweeps, or stops them. Collections are never stopped.
    function setTokenAllowed(address token, bool allowed) external;

    /// @notice Names who may set liens. Zero names nobody.
    function setArbiter(address arbiter) external;

    /// @notice Sets a lien after those that stand already; at most 4. Only the arbiter. See `Lien`.
    function setLien(uint256 version, address token, uint256 creditor, uint16 bps, uint128 cap) external;

    /* VIEWS */

    function isTokenAllowed(address token) external view returns (bool);
    function treasury() external view returns (address);
    function arbiter() external view returns (address);
    /// @notice The one contract that may spend allowances given to the ledger.
    function market() external view returns (address);
    /// @notice Cumulative totals of a version in a token.
    /// @param pulledSales The sales at the last pull that moved anything.
    function accountOf(uint256 version, address token)
        external
        view
        returns (uint256 sales, uint256 royalties, uint256 ownerCollected, uint256 pulledSales);
    function liensOf(uint256 version, address token) external view returns (Lien[] memory);
    /// @notice Paid to a contributor, or credited to a member, by the start of its weight interval.
    function contributionCollectedOf(uint256 version, uint64 start, address token) external view returns (uint256);
    /// @notice What `collectMany` would pay the owner now, before any further pull.
    function collectableOf(uint256 version, address token) external view returns (uint256);
    /// @notice What `collectContributions` or `creditMembers` would move now, before any further pull.
    function contributionCollectableOf(Contribution calldata contribution, address token)
        external
        view
        returns (uint256);
    /// @notice What `pullMany` would move out of a version now, along all its edges together.
    function pullableOf(uint256 version, address token) external view returns (uint256);
}
