// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title IOperatorReceiver
/// @notice What an operator's payment channels pay to: it hands all that was settled on to the ledger, split by version,
/// and answers for the operator where channels ask for a signature.
/// @dev Amounts are base units. Ether is not accepted.
interface IOperatorReceiver {
    /* ERRORS */

    error OperatorReceiver_NotOwner(address caller);
    /// @notice Totals are stated by the owner or by its authorizer.
    error OperatorReceiver_NotStater(address caller);
    error OperatorReceiver_LengthsDiffer(uint256 versions, uint256 totals);
    /// @notice Versions are stated in ascending order, each once.
    error OperatorReceiver_VersionsUnordered(uint256 version);
    error OperatorReceiver_TotalDescends(uint256 version, uint256 total, uint256 before);
    /// @notice What the totals grew by is not what was settled since.
    error OperatorReceiver_SumWrong(uint256 stated, uint256 settled);
    error OperatorReceiver_NothingToRescue(address token);
    error OperatorReceiver_BadPayee(address payee);

    /* EVENTS */

    event AuthorizerSet(address indexed authorizer);
    /// @notice `amount` went to the ledger, which names each version's part, with this contract as the payer.
    /// @param receiptsRoot Root of the usage receipts that the totals were made of.
    event Distributed(address indexed token, uint256 amount, bytes32 receiptsRoot);
    /// @notice The owner took out what came in beside the channels.
    event Rescued(address indexed token, address indexed to, uint256 amount);

    /* MONEY */

    /// @notice States what each version earned through this operator's channels in all its time, and pays each the
    /// difference to what was stated before. Versions that earned nothing since may be left out.
    /// @dev All differences together are exactly what was settled since. So stating the same again changes nothing.
    function distribute(address token, uint256[] calldata versions, uint128[] calldata totals, bytes32 receiptsRoot)
        external;

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
    /// @notice Stated for a version so far.
    function totalOf(address token, uint256 version) external view returns (uint256);
}
