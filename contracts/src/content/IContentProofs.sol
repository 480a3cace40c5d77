// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title IContentProofs
/// @notice Says of content that lies off chain what can be proven of it: that a row is in it, and that an operator sent
/// another chunk than was published. It holds nothing, changes nothing and answers everybody alike.
/// @dev What is malformed is no error, just not proven.
interface IContentProofs {
    /* TYPES */

    /// @notice A version's manifest, with what the registry's commitment is made of.
    /// @param manifest The exact bytes that were published.
    struct Source {
        uint256 version;
        address publisher;
        bytes32 contributorRoot;
        bytes manifest;
    }

    /// @notice An operator's signed word that it sent this chunk of a content in a delivery.
    /// @param requestDigest The signed delivery request that the operator's delivery receipt names too.
    /// @param index The chunk's place in the ciphertext, from 0.
    /// @param chunkHash sha-256 of the sealed chunk as it was sent.
    /// @param sentAt When it was sent.
    struct ChunkReceipt {
        bytes32 requestDigest;
        bytes32 manifestDigest;
        uint256 index;
        bytes32 chunkHash;
        uint256 sentAt;
    }

    /* FUNCTIONS */

    /// @notice Whether a row stands in the content that a version published, at this place.
    /// @param index The row's place, from 0.
    /// @param salt The row's own salt, which opens this row alone.
    /// @param row The row's bytes.
    /// @param proof Siblings from the leaf to `content.plaintext.root` of the manifest.
    function isRowOf(Source calldata source, uint256 index, bytes32 salt, bytes calldata row, bytes32[] calldata proof)
        external
        view
        returns (bool);

    /// @notice Whether a chunk, by its hash, stands in the ciphertext that a version published, at this place.
    /// @param index The chunk's place, from 0.
    /// @param chunkHash sha-256 of the sealed chunk.
    /// @param proof Siblings from the leaf to `content.chunkRoot` of the manifest.
    function isChunkOf(Source calldata source, uint256 index, bytes32 chunkHash, bytes32[] calldata proof)
        external
        view
        returns (bool);

    /// @notice Whether an operator signed that it sent another chunk than the one that the version published.
    /// @param operator Who is said to have signed the receipt.
    /// @param signature Over the receipt as EIP-712 document of the registry's domain.
    /// @param chunkHash sha-256 of the right chunk.
    /// @param proof Siblings from the right chunk's leaf to `content.chunkRoot` of the manifest.
    function isWrongChunk(
        Source calldata source,
        ChunkReceipt calldata receipt,
        address operator,
        bytes calldata signature,
        bytes32 chunkHash,
        bytes32[] calldata proof
    ) external view returns (bool);

    /// @notice What an operator signs for a chunk that it sends.
    function receiptDigest(ChunkReceipt calldata receipt) external view returns (bytes32);
}
