// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ECDSA} from "solady/utils/ECDSA.sol";
import {SignatureCheckerLib} from "solady/utils/SignatureCheckerLib.sol";

/// @title Signatures
/// @notice Whether an account signed a digest: accounts with code by ERC-1271, those whose code is still to be deployed by
/// ERC-6492, all others by 65 bytes in the one form that has no twin (low s, v of 27 or 28).
library Signatures {
    uint256 internal constant ERC6492_SUFFIX = 0x6492649264926492649264926492649264926492649264926492649264926492;
    uint256 internal constant PLAIN_LENGTH = 65;
    uint256 internal constant WORD = 32;

    /// @dev Not a view, because ERC-6492 deploys the account to ask it. That happens inside a verifier which takes all of
    /// it back, so what a signature names is never called with rights of ours and nothing of it stays.
    function isValid(address signer, bytes32 digest, bytes calldata signature) internal returns (bool) {
        if (signer == address(0)) return false;
        if (signer.code.length != 0 || _isWrapped(signature)) {
            return SignatureCheckerLib.isValidERC6492SignatureNow(signer, digest, signature);
        }
        if (signature.length != PLAIN_LENGTH) return false;
        bytes32 s = bytes32(signature[WORD:]);
        if (uint256(s) > ECDSA.N / 2) return false;
        // Answers zero, which no signer is, when v is not 27 or 28.
        return ecrecover(digest, uint8(signature[2 * WORD]), bytes32(signature), s) == signer;
    }

    function _isWrapped(bytes calldata signature) private pure returns (bool) {
        return signature.length >= WORD && uint256(bytes32(signature[signature.length - WORD:])) == ERC6492_SUFFIX;
    }
}
