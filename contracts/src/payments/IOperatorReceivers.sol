// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title IOperatorReceivers
/// @notice Makes each operator's receiver, at an address that follows from the operator's.
interface IOperatorReceivers {
    error OperatorReceivers_OperatorZero();

    event ReceiverCreated(address indexed operator, address indexed receiver);

    /// @notice Makes an operator's receiver, if it is not there yet. Anyone may call.
    function create(address operator) external returns (address receiver);

    /// @notice Where an operator's receiver is or will be.
    function receiverOf(address operator) external view returns (address);
}
