// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @notice An account with code that lets one key sign for it, by ERC-1271.
contract SmartAccount {
    address internal immutable _key;
    bytes4 internal constant MAGIC = 0x1626ba7e;

    constructor(address key) {
        _key = key;
    }

    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        if (signature.length != 65) return 0;
        address signer = ecrecover(digest, uint8(signature[64]), bytes32(signature[:32]), bytes32(signature[32:64]));
        return signer == _key ? MAGIC : bytes4(0);
    }

    /// @notice Does for its key's holder what an account does; anybody may ask, in these tests.
    function execute(address target, bytes calldata data) external returns (bytes memory answer) {
        bool success;
        (success, answer) = target.call(data);
        require(success, "refused");
    }
}

/// @notice An account that answers every question as it was told to.
contract AnsweringAccount {
    bytes internal _answer;

    constructor(bytes memory answer) {
        _answer = answer;
    }

    fallback() external {
        bytes memory answer = _answer;
        assembly {
            return(add(answer, 0x20), mload(answer))
        }
    }
}

/// @notice Deploys smart accounts where everybody can compute beforehand.
contract AccountFactory {
    uint256 public made;

    function create(address key) external returns (address) {
        ++made;
        return address(new SmartAccount{salt: 0}(key));
    }

    function addressOf(address key) external view returns (address) {
        bytes32 code = keccak256(abi.encodePacked(type(SmartAccount).creationCode, abi.encode(key)));
        return address(uint160(uint256(keccak256(abi.encodePacked(hex"ff", address(this), bytes32(0), code)))));
    }
}

/// @notice What stands at Solady's fixed address on public chains, written anew: it makes the ERC-6492 account, asks it,
/// and reverts with one byte when the signature is good, with nothing when it is not.
contract RevertingVerifier {
    fallback() external {
        (address signer, bytes32 digest) = abi.decode(msg.data, (address, bytes32));
        (address factory, bytes memory data, bytes memory signature) =
            abi.decode(msg.data[64:msg.data.length - 32], (address, bytes, bytes));
        (bool made,) = factory.call(data);
        (bool answered, bytes memory answer) =
            signer.staticcall(abi.encodeWithSelector(bytes4(0x1626ba7e), digest, signature));
        bool isGood = made && answered && answer.length >= 32 && bytes4(answer) == 0x1626ba7e;
        assembly {
            revert(0, isGood)
        }
    }
}
