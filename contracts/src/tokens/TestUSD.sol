// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ERC20} from "solady/tokens/ERC20.sol";
import {SignatureCheckerLib} from "solady/utils/SignatureCheckerLib.sol";
import {IERC3009} from "./IERC3009.sol";

/// @title TestUSD
/// @notice A dollar without value for local chains: anyone may mint it, and it cannot be deployed anywhere else.
/// @dev Signs as USDC does (EIP-2612, EIP-3009), so a buyer's code is the same on a real chain.
contract TestUSD is ERC20, IERC3009 {
    /* ERRORS */

    error TestUSD_ChainNotLocal(uint256 chainId);
    error TestUSD_BadSignature(address signer);
    error TestUSD_AuthorizationUsed(address authorizer, bytes32 nonce);
    error TestUSD_AuthorizationNotYetValid(uint256 validAfter);
    error TestUSD_AuthorizationExpired(uint256 validBefore);
    error TestUSD_CallerNotPayee(address caller, address payee);

    /* STORAGE */

    uint256 internal constant LOCAL_CHAIN_ID = 31337;
    /// @dev Half of secp256k1's order: of the two values of s that fit a message only the lower one is accepted.
    uint256 internal constant S_MAX = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    bytes32 internal constant TRANSFER_TYPEHASH = keccak256(
        "TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    bytes32 internal constant RECEIVE_TYPEHASH = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    bytes32 internal constant CANCEL_TYPEHASH = keccak256("CancelAuthorization(address authorizer,bytes32 nonce)");

    /// @inheritdoc IERC3009
    mapping(address authorizer => mapping(bytes32 nonce => bool)) public authorizationState;

    constructor() {
        if (block.chainid != LOCAL_CHAIN_ID) revert TestUSD_ChainNotLocal(block.chainid);
    }

    /* TOKEN */

    function name() public pure override returns (string memory) {
        return "Test USD (no value)";
    }

    function symbol() public pure override returns (string memory) {
        return "tUSD";
    }

    function decimals() public pure override returns (uint8) {
        return 6;
    }

    /// @notice The EIP-712 version, as USDC answers it.
    function version() external pure returns (string memory) {
        return "1";
    }

    /// @notice Gives anyone any amount.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    /// @notice EIP-2612, for signatures with a low s only.
    function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        public
        override
    {
        if (uint256(s) > S_MAX) revert TestUSD_BadSignature(owner);
        super.permit(owner, spender, value, deadline, v, r, s);
    }

    /* AUTHORIZATIONS */

    /// @inheritdoc IERC3009
    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external {
        bytes memory signature = abi.encodePacked(r, s, v);
        _transferAuthorized(TRANSFER_TYPEHASH, from, to, value, validAfter, validBefore, nonce, signature);
    }

    /// @inheritdoc IERC3009
    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external {
        _transferAuthorized(TRANSFER_TYPEHASH, from, to, value, validAfter, validBefore, nonce, signature);
    }

    /// @inheritdoc IERC3009
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external {
        if (msg.sender != to) revert TestUSD_CallerNotPayee(msg.sender, to);
        bytes memory signature = abi.encodePacked(r, s, v);
        _transferAuthorized(RECEIVE_TYPEHASH, from, to, value, validAfter, validBefore, nonce, signature);
    }

    /// @inheritdoc IERC3009
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external {
        if (msg.sender != to) revert TestUSD_CallerNotPayee(msg.sender, to);
        _transferAuthorized(RECEIVE_TYPEHASH, from, to, value, validAfter, validBefore, nonce, signature);
    }

    /// @inheritdoc IERC3009
    function cancelAuthorization(address authorizer, bytes32 nonce, uint8 v, bytes32 r, bytes32 s) external {
        _useNonce(authorizer, nonce);
        _checkSignature(
            authorizer, keccak256(abi.encode(CANCEL_TYPEHASH, authorizer, nonce)), abi.encodePacked(r, s, v)
        );
        emit AuthorizationCanceled(authorizer, nonce);
    }

    /* INTERNAL */

    function _transferAuthorized(
        bytes32 typeHash,
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes memory signature
    ) internal {
        if (block.timestamp <= validAfter) revert TestUSD_AuthorizationNotYetValid(validAfter);
        if (block.timestamp >= validBefore) revert TestUSD_AuthorizationExpired(validBefore);
        _useNonce(from, nonce);
        _checkSignature(
            from, keccak256(abi.encode(typeHash, from, to, value, validAfter, validBefore, nonce)), signature
        );
        emit AuthorizationUsed(from, nonce);
        _transfer(from, to, value);
    }

    function _useNonce(address authorizer, bytes32 nonce) internal {
        if (authorizationState[authorizer][nonce]) revert TestUSD_AuthorizationUsed(authorizer, nonce);
        authorizationState[authorizer][nonce] = true;
    }

    function _checkSignature(address signer, bytes32 structHash, bytes memory signature) internal view {
        bytes32 digest = keccak256(abi.encodePacked("\x19\x01", DOMAIN_SEPARATOR(), structHash));
        if (_recovers(signer, digest, signature)) return;
        if (!SignatureCheckerLib.isValidERC1271SignatureNow(signer, digest, signature)) {
            revert TestUSD_BadSignature(signer);
        }
    }

    /// @dev One signature has one encoding: 65 bytes, low s, v of 27 or 28 (with any other, nobody is recovered).
    function _recovers(address signer, bytes32 digest, bytes memory signature) internal pure returns (bool) {
        if (signature.length != 65 || signer == address(0)) return false;
        bytes32 r;
        bytes32 s;
        assembly ("memory-safe") {
            r := mload(add(signature, 0x20))
            s := mload(add(signature, 0x40))
        }
        return uint256(s) <= S_MAX && ecrecover(digest, uint8(signature[64]), r, s) == signer;
    }
}
