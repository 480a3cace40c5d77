// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @notice Numbers and words as JSON writes them.
library Text {
    function ofNumber(uint256 value) internal pure returns (string memory text) {
        do {
            text = string.concat(string(abi.encodePacked(bytes1(uint8(0x30 + value % 10)))), text);
            value /= 10;
        } while (value != 0);
    }

    function ofWord(bytes32 word) internal pure returns (string memory) {
        bytes memory text = new bytes(66);
        (text[0], text[1]) = ("0", "x");
        for (uint256 i; i < 64; ++i) {
            uint8 digit = uint8(word[i / 2]) >> (i % 2 == 0 ? 4 : 0) & 15;
            text[2 + i] = bytes1(digit < 10 ? 0x30 + digit : 0x57 + digit);
        }
        return string(text);
    }
}
