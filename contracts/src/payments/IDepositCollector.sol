// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title IDepositCollector
/// @notice Brings a payer's deposit to the channels' contract, in one of the ways that a payer can allow it.
interface IDepositCollector {
    error OnlyX402BatchSettlement();

    /// @notice Moves `amount` of `token` from `payer` to the caller, which is the channels' contract.
    /// @param channelId What the payer allowed it for.
    /// @param collectorData The payer's word, in the collector's own form.
    function collect(address payer, address token, uint256 amount, bytes32 channelId, bytes calldata collectorData)
        external;

    /// @notice The channels' contract.
    function x402BatchSettlement() external view returns (address);
}
