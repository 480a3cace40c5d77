// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Vm} from "../utils/Vm.sol";

/// @notice Hashes every public EIP-712 vector with Solidity's own keccak. The fixture is written by
/// scripts/writeEip712Fixture.mjs, which describes its form.
contract Eip712VectorsTest {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    string internal constant FIXTURE = "contracts/out/fixtures/eip712.txt";
    uint256 internal constant VECTORS = 1025;

    /// @dev Forge prints it.
    event log(string message);

    function test_EveryVectorHasItsDigest() public {
        uint256 count;
        for (string memory line = vm.readLine(FIXTURE); bytes(line).length != 0; line = vm.readLine(FIXTURE)) {
            bytes memory data = vm.parseBytes(line);
            bytes32 expected;
            assembly {
                expected := mload(add(data, 0x20))
            }
            (bytes32 domain, uint256 next) = encode(data, 32);
            (bytes32 message, uint256 end) = encode(data, next);
            vm.assertEq(end, data.length, "the whole line is read");
            bytes32 digest = keccak256(abi.encodePacked("\x19\x01", domain, message));
            vm.assertEq(uint256(digest), uint256(expected), string.concat("vector ", vm.toString(count)));
            ++count;
        }
        vm.assertEq(count, VECTORS, "number of vectors");
        emit log(string.concat("P8: ", vm.toString(count), " EIP-712 vectors in Solidity"));
    }

    /// @dev The 32 bytes that stand for the tree at `place` inside its parent, and where the next tree begins.
    function encode(bytes memory data, uint256 place) internal pure returns (bytes32 word, uint256 next) {
        uint256 tag = read(data, place, 1);
        if (tag == 0) return (bytes32(read(data, place + 1, 32)), place + 33);
        if (tag == 1) {
            uint256 length = read(data, place + 1, 4);
            return (keccak256(slice(data, place + 5, length)), place + 5 + length);
        }
        if (tag == 2) return encodeMembers("", data, place + 3, read(data, place + 1, 2));
        uint256 typeLength = read(data, place + 1, 2);
        bytes32 typeHash = keccak256(slice(data, place + 3, typeLength));
        uint256 count = read(data, place + 3 + typeLength, 1);
        return encodeMembers(abi.encodePacked(typeHash), data, place + 4 + typeLength, count);
    }

    function encodeMembers(bytes memory start, bytes memory data, uint256 place, uint256 count)
        internal
        pure
        returns (bytes32 word, uint256 next)
    {
        next = place;
        for (uint256 i; i < count; ++i) {
            (word, next) = encode(data, next);
            start = abi.encodePacked(start, word);
        }
        word = keccak256(start);
    }

    function read(bytes memory data, uint256 place, uint256 length) internal pure returns (uint256 value) {
        for (uint256 i; i < length; ++i) {
            value = value << 8 | uint8(data[place + i]);
        }
    }

    function slice(bytes memory data, uint256 place, uint256 length) internal pure returns (bytes memory part) {
        part = new bytes(length);
        for (uint256 i; i < length; ++i) {
            part[i] = data[place + i];
        }
    }
}
