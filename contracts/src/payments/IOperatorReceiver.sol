// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title IOperatorReceiver
/// @notice What an operator's payment channels pay to: it hands what was settled on to the ledger, split by version,
/// and answers for the operator where channels ask for a signature.
/// @dev Amounts are base units. Ether is not accepted.
interface IOperatorReceiver {
    /* ERRORS */

    error OperatorReceiver_NotOwner(address caller);
    /// @notice What versions get is stated by the owner or by its authorizer.
    error OperatorReceiver_NotStater(address caller);
    error OperatorReceiver_LengthsDiffer(uint256 versions, uint256 amounts);
    /// @notice Something was handed on that the caller did not know of, or this very statement was made before.
    error OperatorReceiver_HistoryDiffers(bytes16 stated, bytes16 current);
    /// @notice More was stated than was settled and still waits.
    error OperatorReceiver_NotSettled(uint256 amount, uint256 waiting);
    error OperatorReceiver_NothingToRescue(address token);
    error OperatorReceiver_BadPayee(address payee);

    /* EVENTS */

    event AuthorizerSet(address indexed authorizer);
    /// @notice `amount` went to the ledger, which tells each version's part in `RevenueReceived`, with this contract as the
    /// payer, in the order of `historyOf`. It pays the ledger for nothing else.
    /// @param receiptsRoot Root of the usage receipts that the parts were made of.
    event Distributed(address indexed token, uint256 amount, bytes32 receiptsRoot);
    /// @notice The owner took out what came in beside the channels.
    event Rescued(address indexed token, address indexed to, uint256 amount);

    /* MONEY */

    /// @notice Pays versions their parts of what was settled: the first amount to the first version, and so on. What is not
    /// stated waits.
    /// @param history As `historyOf` says it where the amounts were computed. Nothing else may have been handed on since, so
    /// neither a repetition nor another process of the operator pays anything twice.
    function distribute(
        address token,
        bytes16 history,
        uint256[] calldata versions,
        uint256[] calldata amounts,
        bytes32 receiptsRoot
    ) external;

    /// @notice Takes out what came in beside the channels. What was settled is never part of it.
    function rescueToken(address token, address to) external;

    /* SIGNATURES */

    /// @notice Names whose signatures count from now on; zero for the owner's. The signatures of the one before end.
    function setAuthorizer(address authorizer) external;

    /// @notice ERC-1271, for the channels' contract alone: nobody else's question is answered, so no signature ever moves
    /// what is held here.
    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4);

    /* VIEWS */

    /// @notice The operator.
    function owner() external view returns (address);
    function authorizer() external view returns (address);
    /// @notice Handed on so far.
    function distributedOf(address token) external view returns (uint256);
    /// @notice One word for every payment to a version so far, in their order; zero before the first. After a payment it is
    /// the first half of keccak256(abi.encode(history before, version, amount)).
    function historyOf(address token) external view returns (bytes16);
}
