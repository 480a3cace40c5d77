// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {EfficientHashLib} from "solady/utils/EfficientHashLib.sol";
import {IBatchSettlement} from "./IBatchSettlement.sol";

/// @title ChannelHashes
/// @notice What is signed for channels: EIP-712 documents of the domain "x402 Batch Settlement", version "1", of the
/// contract that computes them on the chain that it is on.
/// @dev The domain is computed in each call and handed on, so that code without immutable values can be put anywhere.
library ChannelHashes {
    string internal constant NAME = "x402 Batch Settlement";
    string internal constant VERSION = "1";

    bytes32 internal constant DOMAIN =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 internal constant CHANNEL_CONFIG = keccak256(
        "ChannelConfig(address payer,address payerAuthorizer,address receiver,address receiverAuthorizer,address token,uint40 withdrawDelay,bytes32 salt)"
    );
    bytes32 internal constant VOUCHER = keccak256("Voucher(bytes32 channelId,uint128 maxClaimableAmount)");
    bytes32 internal constant REFUND = keccak256("Refund(bytes32 channelId,uint256 nonce,uint128 amount)");
    bytes32 internal constant CLAIM_ENTRY =
        keccak256("ClaimEntry(bytes32 channelId,uint128 maxClaimableAmount,uint128 totalClaimed)");
    bytes32 internal constant CLAIM_BATCH = keccak256(
        "ClaimBatch(ClaimEntry[] claims)ClaimEntry(bytes32 channelId,uint128 maxClaimableAmount,uint128 totalClaimed)"
    );

    function domainHash() internal view returns (bytes32) {
        return
            keccak256(
                abi.encode(DOMAIN, keccak256(bytes(NAME)), keccak256(bytes(VERSION)), block.chainid, address(this))
            );
    }

    function channelId(bytes32 domain, IBatchSettlement.ChannelConfig calldata config) internal pure returns (bytes32) {
        bytes32 kind = CHANNEL_CONFIG;
        bytes32 structHash;
        // The seven words as they stand. A word that is no address makes the id of a channel that never had money.
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, kind)
            calldatacopy(add(free, 0x20), config, 0xe0)
            structHash := keccak256(free, 0x100)
        }
        return _digest(domain, structHash);
    }

    function voucher(bytes32 domain, bytes32 channel, uint128 maxClaimable) internal pure returns (bytes32) {
        return _digest(domain, EfficientHashLib.hash(VOUCHER, channel, bytes32(uint256(maxClaimable))));
    }

    function refund(bytes32 domain, bytes32 channel, uint256 nonce, uint128 amount) internal pure returns (bytes32) {
        return _digest(domain, keccak256(abi.encode(REFUND, channel, nonce, amount)));
    }

    function claimEntry(bytes32 channel, IBatchSettlement.VoucherClaim calldata row) internal pure returns (bytes32) {
        return EfficientHashLib.hash(
            CLAIM_ENTRY, channel, bytes32(uint256(row.voucher.maxClaimableAmount)), bytes32(uint256(row.totalClaimed))
        );
    }

    /// @param entries The hashes of the claims, in their order.
    function claimBatch(bytes32 domain, bytes32[] memory entries) internal pure returns (bytes32) {
        return _digest(domain, EfficientHashLib.hash(CLAIM_BATCH, EfficientHashLib.hash(entries)));
    }

    function _digest(bytes32 domain, bytes32 structHash) private pure returns (bytes32 digest) {
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, hex"1901")
            mstore(add(free, 0x02), domain)
            mstore(add(free, 0x22), structHash)
            digest := keccak256(free, 0x42)
        }
    }
}
