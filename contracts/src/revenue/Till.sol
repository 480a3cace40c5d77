// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Till
/// @notice An asset's payment address: a contract of 63 bytes without storage, at an address that follows from the ledger
/// and the asset's id. It keeps what it is sent until the ledger takes it.
/// @dev Written by hand, because a clone would read its shared code at 2,600 a sweep. It does three things:
///
/// - A call without data is accepted, with the ether that it brings.
/// - A call of the ledger runs the ledger's own code in the till's name.
/// - What anybody else calls is put to the ledger, which may look but not touch, and its answer is passed on. So a till
///   says nothing of its own. Above all it signs nothing: ERC-1271's answer for "signed" is the question's own first four
///   bytes, and a till that echoed those, to please every token that asks whether it is welcome, would sign everything.
library Till {
    /// @dev PUSH1 63, DUP1, PUSH1 9, PUSH0, CODECOPY, PUSH0, RETURN: the 63 bytes that follow become the code.
    bytes9 private constant CONSTRUCTOR = 0x603f8060095f395ff3;
    /// @dev
    /// 00 CALLDATASIZE PUSH1 05 JUMPI STOP                      no data: keep what came
    /// 05 JUMPDEST CALLDATASIZE PUSH0 PUSH0 CALLDATACOPY        memory = the data
    /// 0a PUSH0 PUSH0 CALLDATASIZE PUSH0                        arguments of a call: no room for its answer, all the data
    /// 0e PUSH20 …                                              and the ledger, whose address follows
    bytes15 private constant BEFORE_LEDGER = 0x36600557005b365f5f375f5f365f73;
    /// @dev
    /// 23 GAS CALLER DUP3 EQ PUSH1 2e JUMPI                     is the caller the ledger?
    /// 2a STATICCALL PUSH1 30 JUMP                              no: ask the ledger
    /// 2e JUMPDEST DELEGATECALL                                 yes: run the ledger's code
    /// 30 JUMPDEST RETURNDATASIZE PUSH0 PUSH0 RETURNDATACOPY    memory = the answer
    /// 35 PUSH1 3b JUMPI RETURNDATASIZE PUSH0 REVERT            pass on a refusal
    /// 3b JUMPDEST RETURNDATASIZE PUSH0 RETURN                  or an answer
    bytes28 private constant AFTER_LEDGER = 0x5a338214602e57fa6030565bf45b3d5f5f3e603b573d5ffd5b3d5ff3;

    bytes4 private constant ON_ERC721_RECEIVED = 0x150b7a02;
    bytes4 private constant ON_ERC1155_RECEIVED = 0xf23a6e61;
    bytes4 private constant ON_ERC1155_BATCH_RECEIVED = 0xbc197c81;

    function codeOf(address ledger) internal pure returns (bytes memory) {
        return abi.encodePacked(BEFORE_LEDGER, ledger, AFTER_LEDGER);
    }

    function creationCodeOf(address ledger) internal pure returns (bytes memory) {
        return abi.encodePacked(CONSTRUCTOR, codeOf(ledger));
    }

    /// @dev Creates the caller's till of an asset, at the address that was computed before. It cannot fail: only the
    /// caller can create anything there, and does so once.
    function create(uint256 asset) internal {
        bytes memory code = creationCodeOf(address(this));
        assembly ("memory-safe") {
            pop(create2(0, add(code, 0x20), mload(code), asset))
        }
    }

    /// @dev Whether this is what tokens ask a receiver before they arrive. The answer they want is the question.
    function isReception(bytes4 question) internal pure returns (bool) {
        return
            question == ON_ERC721_RECEIVED || question == ON_ERC1155_RECEIVED || question == ON_ERC1155_BATCH_RECEIVED;
    }
}
