// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {SignatureCheckerLib} from "solady/utils/SignatureCheckerLib.sol";
import {IAssetRegistry} from "../assets/IAssetRegistry.sol";
import {Commitment} from "../libraries/Commitment.sol";
import {ContentTree} from "./ContentTree.sol";
import {IContentProofs} from "./IContentProofs.sol";
import {Json} from "./Json.sol";

/// @title ContentProofs
/// @notice Reads the exact bytes of a manifest whose digest the registry committed to, and checks proofs against the roots
/// that stand in it.
contract ContentProofs is IContentProofs {
    using Json for bytes;

    bytes32 internal constant DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 internal constant RECEIPT_TYPEHASH = keccak256(
        "ChunkReceipt(bytes32 requestDigest,bytes32 manifestDigest,uint256 index,bytes32 chunkHash,uint256 sentAt)"
    );

    IAssetRegistry internal immutable _registry;

    constructor(IAssetRegistry registry) {
        _registry = registry;
    }

    /// @inheritdoc IContentProofs
    function isRowOf(Source calldata source, uint256 index, bytes32 salt, bytes calldata row, bytes32[] calldata proof)
        external
        view
        returns (bool)
    {
        bytes calldata manifest = source.manifest;
        uint256 plaintext = manifest.member(manifest.member(0, '"content"'), '"plaintext"');
        (bool hasRoot, bytes32 root) = manifest.word(manifest.member(plaintext, '"root"'));
        (bool hasRows, uint256 rows) = manifest.number(manifest.member(plaintext, '"rows"'));
        return hasRoot && hasRows
            && ContentTree.proves(root, ContentTree.rowLeafOf(index, salt, row), index, rows, proof)
            && _isCommitted(source, sha256(manifest));
    }

    /// @inheritdoc IContentProofs
    function isChunkOf(Source calldata source, uint256 index, bytes32 chunkHash, bytes32[] calldata proof)
        external
        view
        returns (bool)
    {
        return _isChunkOf(source, sha256(source.manifest), index, chunkHash, proof);
    }

    /// @inheritdoc IContentProofs
    function isWrongChunk(
        Source calldata source,
        ChunkReceipt calldata receipt,
        address operator,
        bytes calldata signature,
        bytes32 chunkHash,
        bytes32[] calldata proof
    ) external view returns (bool) {
        bytes32 digest = sha256(source.manifest);
        return receipt.chunkHash != chunkHash && receipt.manifestDigest == digest
            && _isChunkOf(source, digest, receipt.index, chunkHash, proof)
            && SignatureCheckerLib.isValidSignatureNowCalldata(operator, receiptDigest(receipt), signature);
    }

    /// @inheritdoc IContentProofs
    function receiptDigest(ChunkReceipt calldata receipt) public view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(DOMAIN_TYPEHASH, keccak256("Agorai"), keccak256("1"), block.chainid, address(_registry))
        );
        return keccak256(abi.encodePacked("\x19\x01", domain, keccak256(abi.encode(RECEIPT_TYPEHASH, receipt))));
    }

    function _isChunkOf(
        Source calldata source,
        bytes32 digest,
        uint256 index,
        bytes32 chunkHash,
        bytes32[] calldata proof
    ) internal view returns (bool) {
        bytes calldata manifest = source.manifest;
        uint256 content = manifest.member(0, '"content"');
        (bool hasRoot, bytes32 root) = manifest.word(manifest.member(content, '"chunkRoot"'));
        (bool hasChunks, uint256 chunks) = manifest.number(manifest.member(content, '"chunks"'));
        return hasRoot && hasChunks
            && ContentTree.proves(root, ContentTree.chunkLeafOf(index, chunkHash), index, chunks, proof)
            && _isCommitted(source, digest);
    }

    function _isCommitted(Source calldata source, bytes32 digest) internal view returns (bool) {
        bytes32 commitment = Commitment.make(source.publisher, digest, source.contributorRoot);
        return _registry.commitmentOf(source.version) == commitment;
    }
}
