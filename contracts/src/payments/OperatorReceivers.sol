// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {LibClone} from "solady/utils/LibClone.sol";
import {IRevenueLedger} from "../revenue/IRevenueLedger.sol";
import {IOperatorReceivers} from "./IOperatorReceivers.sol";
import {OperatorReceiver} from "./OperatorReceiver.sol";

/// @title OperatorReceivers
/// @notice Makes the receivers of operators. It has no rights over them.
contract OperatorReceivers is IOperatorReceivers {
    address internal immutable _implementation;

    constructor(IRevenueLedger ledger) {
        _implementation = address(new OperatorReceiver(ledger));
    }

    /// @inheritdoc IOperatorReceivers
    function create(address operator) external returns (address receiver) {
        if (operator == address(0)) revert OperatorReceivers_OperatorZero();
        bool isThere;
        (isThere, receiver) = LibClone.createDeterministicClone(_implementation, abi.encodePacked(operator), 0);
        if (!isThere) emit ReceiverCreated(operator, receiver);
    }

    /// @inheritdoc IOperatorReceivers
    function receiverOf(address operator) external view returns (address) {
        return LibClone.predictDeterministicAddress(_implementation, abi.encodePacked(operator), 0, address(this));
    }
}
