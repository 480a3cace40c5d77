// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Json
/// @notice Finds members in the bytes of a JSON document that readers off chain accept: strict, without a member twice.
/// @dev Places are offsets. `NONE` stands for what is not there, and whatever is asked of it is not there either.
/// Of members in the order of RFC 8785 those that come early are found for little.
library Json {
    uint256 internal constant NONE = type(uint256).max;
    uint256 internal constant DIGITS_MAX = 15;
    uint256 internal constant WORD_LENGTH = 68;

    /// @notice Where the value of a member of the object at `at` begins.
    /// @param quoted The member's name between its quotes.
    function member(bytes calldata json, uint256 at, bytes memory quoted) internal pure returns (uint256) {
        if (!_has(json, at, "{")) return NONE;
        bytes32 wanted = keccak256(quoted);
        do {
            ++at;
            uint256 end = _endOfString(json, at);
            if (!_has(json, end, ":")) return NONE;
            if (keccak256(json[at:end]) == wanted) return end + 1;
            at = _endOfValue(json, end + 1);
        } while (_has(json, at, ","));
        return NONE;
    }

    /// @notice The 32 bytes that stand at `at` as a string of 0x and 64 lower-case hex digits.
    function word(bytes calldata json, uint256 at) internal pure returns (bool found, bytes32 value) {
        if (at == NONE || json.length < WORD_LENGTH || at > json.length - WORD_LENGTH) return (false, 0);
        if (bytes3(json[at:]) != '"0x' || json[at + WORD_LENGTH - 1] != '"') return (false, 0);
        uint256 read;
        for (uint256 place = at + 3; place < at + WORD_LENGTH - 1; ++place) {
            uint256 digit = uint8(json[place]);
            if (digit >= 0x30 && digit <= 0x39) digit -= 0x30;
            else if (digit >= 0x61 && digit <= 0x66) digit -= 0x57;
            else return (false, 0);
            read = read << 4 | digit;
        }
        return (true, bytes32(read));
    }

    /// @notice The whole number at `at`.
    function number(bytes calldata json, uint256 at) internal pure returns (bool found, uint256 value) {
        if (at == NONE) return (false, 0);
        uint256 place = at;
        for (; place < json.length && place - at <= DIGITS_MAX; ++place) {
            uint256 digit = uint8(json[place]);
            if (digit < 0x30 || digit > 0x39) break;
            value = value * 10 + digit - 0x30;
        }
        // What ends it is a comma or a brace: a fraction or an exponent would make it another number.
        found = place != at && place - at <= DIGITS_MAX && (_has(json, place, ",") || _has(json, place, "}"));
        if (!found) value = 0;
    }

    function _has(bytes calldata json, uint256 at, bytes1 character) private pure returns (bool) {
        return at < json.length && json[at] == character;
    }

    /// @return The place after the closing quote of the string at `at`.
    function _endOfString(bytes calldata json, uint256 at) private pure returns (uint256) {
        if (!_has(json, at, '"')) return NONE;
        for (uint256 place = at + 1; place < json.length; ++place) {
            bytes1 character = json[place];
            if (character == '"') return place + 1;
            if (character == "\\") ++place;
        }
        return NONE;
    }

    /// @return The place after the value at `at`: what ends it there is a comma or the end of what it stands in.
    function _endOfValue(bytes calldata json, uint256 at) private pure returns (uint256) {
        uint256 depth;
        for (uint256 place = at; place < json.length;) {
            bytes1 character = json[place];
            if (character == '"') {
                place = _endOfString(json, place);
                if (place == NONE) return NONE;
                continue;
            }
            if (character == "{" || character == "[") {
                ++depth;
            } else if (character == "}" || character == "]") {
                if (depth == 0) return place;
                --depth;
            } else if (character == "," && depth == 0) {
                return place;
            }
            ++place;
        }
        return NONE;
    }
}
