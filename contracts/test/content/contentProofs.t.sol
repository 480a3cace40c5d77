// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAssetRegistry} from "../../src/assets/IAssetRegistry.sol";
import {IContentProofs} from "../../src/content/IContentProofs.sol";
import {AgoraiTest} from "../utils/AgoraiTest.sol";
import {SmartAccount} from "../utils/Accounts.sol";
import {Text} from "../utils/Text.sol";

/// @notice What contentProofs.tree says.
contract ContentProofsTest is AgoraiTest {
    uint256 internal constant OPERATOR_KEY = 0x0BE;
    bytes32 internal constant RECEIPT_TYPEHASH = keccak256(
        "ChunkReceipt(bytes32 requestDigest,bytes32 manifestDigest,uint256 index,bytes32 chunkHash,uint256 sentAt)"
    );

    IContentProofs internal proofs;
    address internal operator = vm.addr(OPERATOR_KEY);

    function setUp() public override {
        super.setUp();
        proofs = IContentProofs(create2("ContentProofs", abi.encode(registry)));
    }

    /* A TREE IN THE PLAINEST WORDS */

    function rootOf(bytes32[] memory leaves) internal pure returns (bytes32) {
        bytes32[] memory level = leaves;
        while (level.length > 1) {
            bytes32[] memory above = new bytes32[]((level.length + 1) / 2);
            for (uint256 i; i < above.length; ++i) {
                above[i] = 2 * i + 1 == level.length
                    ? level[2 * i]
                    : keccak256(abi.encodePacked(bytes1(0x01), level[2 * i], level[2 * i + 1]));
            }
            level = above;
        }
        return level[0];
    }

    function proofOf(bytes32[] memory leaves, uint256 index) internal pure returns (bytes32[] memory proof) {
        bytes32[] memory level = leaves;
        proof = new bytes32[](64);
        uint256 used;
        while (level.length > 1) {
            if (index ^ 1 < level.length) proof[used++] = level[index ^ 1];
            bytes32[] memory above = new bytes32[]((level.length + 1) / 2);
            for (uint256 i; i < above.length; ++i) {
                above[i] = 2 * i + 1 == level.length
                    ? level[2 * i]
                    : keccak256(abi.encodePacked(bytes1(0x01), level[2 * i], level[2 * i + 1]));
            }
            (level, index) = (above, index / 2);
        }
        assembly ("memory-safe") {
            mstore(proof, used)
        }
    }

    function chunkHash(uint256 index) internal pure returns (bytes32) {
        return keccak256(abi.encode("chunk", index));
    }

    function chunkLeaves(uint256 count) internal pure returns (bytes32[] memory leaves) {
        leaves = new bytes32[](count);
        for (uint64 i; i < count; ++i) {
            leaves[i] = keccak256(abi.encodePacked(bytes1(0), i, chunkHash(i)));
        }
    }

    function salt(uint256 index) internal pure returns (bytes32) {
        return keccak256(abi.encode("salt", index));
    }

    function row(uint256 index) internal pure returns (bytes memory) {
        return bytes(string.concat('{"n":"', Text.ofNumber(index), '"}'));
    }

    function rowLeaves(uint256 count) internal pure returns (bytes32[] memory leaves) {
        leaves = new bytes32[](count);
        for (uint64 i; i < count; ++i) {
            leaves[i] = keccak256(abi.encodePacked(bytes1(0), i, salt(i), row(i)));
        }
    }

    /* A MANIFEST AS IT IS PUBLISHED */

    function manifestOf(uint256 chunks, uint256 rows) internal pure returns (bytes memory) {
        string memory first = string.concat(
            '{"agorai":"1","content":{"bytes":1048592,"chunkRoot":"',
            Text.ofWord(rootOf(chunkLeaves(chunks))),
            '","chunks":',
            Text.ofNumber(chunks),
            ',"cid":"bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354","partitions":[{"bytes":12,',
            '"contributor":null,"rows":1},{"bytes":9,"contributor":0,"rows":1}],"plaintext":{"bytes":1048576,'
        );
        string memory second = string.concat(
            '"fileName":"rows.jsonl","mediaType":"application/x-ndjson","root":"',
            Text.ofWord(rootOf(rowLeaves(rows))),
            '","rowFormat":"jsonl","rows":',
            Text.ofNumber(rows),
            '}},"description":"It says \\"content\\": {[ and more.","name":"Rows"}'
        );
        return bytes(string.concat(first, second));
    }

    function publishManifest(bytes memory manifest) internal returns (IContentProofs.Source memory source) {
        IAssetRegistry.Publication memory stated = publication(list(), 0, 0, 0);
        stated.manifestDigest = sha256(manifest);
        source.version = publishAs(ada, IAssetRegistry.Kind.Dataset, stated);
        (source.publisher, source.manifest) = (ada, manifest);
    }

    function receiptOf(IContentProofs.Source memory source, uint256 index, bytes32 hash)
        internal
        view
        returns (IContentProofs.ChunkReceipt memory)
    {
        return IContentProofs.ChunkReceipt({
            requestDigest: keccak256("a request"),
            manifestDigest: sha256(source.manifest),
            index: index,
            chunkHash: hash,
            sentAt: block.timestamp
        });
    }

    function sign(uint256 key, IContentProofs.ChunkReceipt memory receipt) internal view returns (bytes memory) {
        return signFor(key, address(registry), keccak256(abi.encode(RECEIPT_TYPEHASH, receipt)));
    }

    function isWrong(
        IContentProofs.Source memory source,
        IContentProofs.ChunkReceipt memory receipt,
        bytes memory signature,
        uint256 chunks
    ) internal view returns (bool) {
        uint256 index = receipt.index;
        return proofs.isWrongChunk(
            source, receipt, operator, signature, chunkHash(index), proofOf(chunkLeaves(chunks), index % chunks)
        );
    }

    /* ROWS AND CHUNKS */

    function testFuzz_EachIsProvenAtItsPlace(uint256 count, uint256 index) public {
        count = bound(count, 1, 40);
        index = bound(index, 0, count - 1);
        IContentProofs.Source memory source = publishManifest(manifestOf(count, count));
        bytes32[] memory proof = proofOf(chunkLeaves(count), index);
        assertTrue(proofs.isChunkOf(source, index, chunkHash(index), proof), "the chunk");
        assertTrue(!proofs.isChunkOf(source, index, chunkHash(index + 1), proof), "another chunk");
        for (uint256 place; place <= count; ++place) {
            bool is_ = proofs.isChunkOf(source, place, chunkHash(index), proof);
            assertTrue(is_ == (place == index), "another place");
        }
        proof = proofOf(rowLeaves(count), index);
        assertTrue(proofs.isRowOf(source, index, salt(index), row(index), proof), "the row");
        assertTrue(!proofs.isRowOf(source, index, salt(index), row(index + 1), proof), "another row");
        assertTrue(!proofs.isRowOf(source, index, salt(index + 1), row(index), proof), "another salt");
        assertTrue(!proofs.isRowOf(source, index + 1, salt(index), row(index), proof), "another place of a row");
        assertTrue(!proofs.isRowOf(source, index + (1 << 64), salt(index), row(index), proof), "a place beyond 64 bits");
    }

    function test_ANodeIsNoLeaf() public {
        bytes32[] memory leaves = rowLeaves(4);
        bytes32[] memory proof = new bytes32[](1);
        proof[0] = keccak256(abi.encodePacked(bytes1(0x01), leaves[2], leaves[3]));
        // A tree of two leaves whose first is the node over the first two of four.
        bytes memory passedOff = abi.encodePacked(leaves[0], leaves[1]);
        IContentProofs.Source memory source = publishManifest(manifestOf(1, 4));
        assertTrue(!proofs.isRowOf(source, 0, leaves[0], passedOff, proof), "a node");
    }

    function test_AProofHasOneLength() public {
        IContentProofs.Source memory source = publishManifest(manifestOf(5, 5));
        bytes32[] memory proof = proofOf(chunkLeaves(5), 1);
        bytes32[] memory longer = new bytes32[](4);
        bytes32[] memory shorter = new bytes32[](2);
        for (uint256 i; i < 3; ++i) {
            longer[i] = proof[i];
            if (i < 2) shorter[i] = proof[i];
        }
        assertTrue(proofs.isChunkOf(source, 1, chunkHash(1), proof), "as it is");
        assertTrue(!proofs.isChunkOf(source, 1, chunkHash(1), longer), "longer");
        assertTrue(!proofs.isChunkOf(source, 1, chunkHash(1), shorter), "shorter");
        assertTrue(!proofs.isChunkOf(source, 1, chunkHash(1), new bytes32[](0)), "none");
    }

    /* THE MANIFEST */

    function test_OnlyThePublishedBytesCount() public {
        IContentProofs.Source memory source = publishManifest(manifestOf(3, 3));
        bytes32[] memory proof = proofOf(chunkLeaves(3), 2);
        assertTrue(proofs.isChunkOf(source, 2, chunkHash(2), proof), "as it was published");
        source.publisher = boole;
        assertTrue(!proofs.isChunkOf(source, 2, chunkHash(2), proof), "another publisher");
        source.publisher = ada;
        source.contributorRoot = bytes32(uint256(1));
        assertTrue(!proofs.isChunkOf(source, 2, chunkHash(2), proof), "other contributors");
        source.contributorRoot = 0;
        ++source.version;
        assertTrue(!proofs.isChunkOf(source, 2, chunkHash(2), proof), "a version that there is not");
        --source.version;
        source.manifest = bytes.concat(source.manifest, " ");
        assertTrue(!proofs.isChunkOf(source, 2, chunkHash(2), proof), "other bytes");
        assertTrue(!proofs.isRowOf(source, 2, salt(2), row(2), proofOf(rowLeaves(3), 2)), "other bytes, of a row");
    }

    function test_MembersAreFoundWhateverStandsBeforeThem() public {
        string memory root = Text.ofWord(rootOf(chunkLeaves(1)));
        string[5] memory before = [
            '{"a":"}\\"],\\\\",',
            '{"a":{"content":{"chunkRoot":"0x"}},"b":[1,[2,{"c":"]"}],"}"],',
            '{"content_":1e5,"conten":null,"contents":{"x":true},',
            '{"\\"content\\"":-1.5,',
            "{"
        ];
        for (uint256 i; i < before.length; ++i) {
            bytes memory manifest =
                bytes(string.concat(before[i], '"content":{"plaintext":{},"chunkRoot":"', root, '","chunks":1}}'));
            IContentProofs.Source memory source = publishManifest(manifest);
            assertTrue(proofs.isChunkOf(source, 0, chunkHash(0), new bytes32[](0)), before[i]);
        }
    }

    function test_WhateverIsMalformedProvesNothing() public {
        string memory root = Text.ofWord(rootOf(chunkLeaves(1)));
        string[14] memory manifests = [
            "",
            "{",
            '{"',
            '{"content"',
            '{"content":',
            '{"content":{"chunks":1}}',
            string.concat('{"content":{"chunkRoot":"', root, '"}}'),
            string.concat('{"content":{"chunkRoot":"', root, '","chunks":1'),
            string.concat('{"content":{"chunkRoot":"', root, '","chunks":1.5}}'),
            string.concat('{"content":{"chunkRoot":"', root, '","chunks":1e0}}'),
            string.concat('{"content":{"chunkRoot":"', root, '","chunks":1000000000000000}}'),
            string.concat('{"content":{"chunkRoot":"', root, '","chunks":}}'),
            string.concat('[{"content":{"chunkRoot":"', root, '","chunks":1}}]'),
            string.concat('{"a":{"content":{"chunkRoot":"', root, '","chunks":1}}}')
        ];
        for (uint256 i; i < manifests.length; ++i) {
            IContentProofs.Source memory source = publishManifest(bytes(manifests[i]));
            assertTrue(!proofs.isChunkOf(source, 0, chunkHash(0), new bytes32[](0)), manifests[i]);
            assertTrue(!proofs.isRowOf(source, 0, salt(0), row(0), new bytes32[](0)), manifests[i]);
        }
        bytes memory upper = bytes(string.concat('{"content":{"chunkRoot":"', root, '","chunks":1}}'));
        for (uint256 i = 26; i < 90; ++i) {
            if (upper[i] >= "a" && upper[i] <= "f") upper[i] = bytes1(uint8(upper[i]) - 32);
        }
        IContentProofs.Source memory shouted = publishManifest(upper);
        assertTrue(!proofs.isChunkOf(shouted, 0, chunkHash(0), new bytes32[](0)), "upper case");
    }

    function testFuzz_AnyBytesAreAnswered(bytes memory manifest, uint256 cut) public {
        IContentProofs.Source memory source = publishManifest(manifest);
        assertTrue(!proofs.isChunkOf(source, 0, chunkHash(0), new bytes32[](0)), "any bytes");
        bytes memory whole = manifestOf(1, 1);
        cut = bound(cut, 0, 200);
        assembly ("memory-safe") {
            mstore(whole, cut)
        }
        source = publishManifest(whole);
        assertTrue(!proofs.isRowOf(source, 0, salt(0), row(0), new bytes32[](0)), "a part of a manifest");
    }

    /* RECEIPTS */

    function testFuzz_ALieIsProvenAndAnHonestReceiptNever(uint256 count, uint256 index, bytes32 sent) public {
        count = bound(count, 1, 40);
        index = bound(index, 0, count - 1);
        IContentProofs.Source memory source = publishManifest(manifestOf(count, 1));
        IContentProofs.ChunkReceipt memory lie = receiptOf(source, index, sent);
        assertTrue(isWrong(source, lie, sign(OPERATOR_KEY, lie), count), "a lie");
        IContentProofs.ChunkReceipt memory honest = receiptOf(source, index, chunkHash(index));
        bytes memory signature = sign(OPERATOR_KEY, honest);
        assertTrue(!isWrong(source, honest, signature, count), "an honest receipt");
        // Whatever stands for the right chunk: the tree has one chunk at this place.
        bytes32[] memory leaves = chunkLeaves(count);
        for (uint256 other; other < count; ++other) {
            bytes32[] memory proof = proofOf(leaves, other);
            assertTrue(
                !proofs.isWrongChunk(source, honest, operator, signature, chunkHash(other), proof), "another chunk"
            );
            assertTrue(!proofs.isWrongChunk(source, honest, operator, signature, sent, proof), "no chunk at all");
        }
    }

    function test_NothingButTheOperatorsWordCounts() public {
        IContentProofs.Source memory source = publishManifest(manifestOf(3, 1));
        IContentProofs.ChunkReceipt memory lie = receiptOf(source, 1, "a lie");
        bytes memory signature = sign(OPERATOR_KEY, lie);
        assertTrue(isWrong(source, lie, signature, 3), "as it was signed");
        assertTrue(!isWrong(source, lie, sign(BUYER_KEY, lie), 3), "another signer");
        assertTrue(!isWrong(source, lie, "", 3), "no signature");
        lie.sentAt++;
        assertTrue(!isWrong(source, lie, signature, 3), "another time");
        lie.sentAt--;
        lie.chunkHash = "another lie";
        assertTrue(!isWrong(source, lie, signature, 3), "another chunk sent");
        lie.chunkHash = "a lie";
        lie.index = 2;
        assertTrue(!isWrong(source, lie, signature, 3), "another place");
        lie.index = 1;
        lie.requestDigest = keccak256("another request");
        assertTrue(!isWrong(source, lie, signature, 3), "another request");
        lie = receiptOf(source, 1, "a lie");
        lie.manifestDigest = keccak256("another manifest");
        assertTrue(!isWrong(source, lie, sign(OPERATOR_KEY, lie), 3), "another manifest");
        lie = receiptOf(source, 4, "a lie");
        assertTrue(!isWrong(source, lie, sign(OPERATOR_KEY, lie), 3), "a place that there is not");
        operator = address(0);
        assertTrue(!isWrong(source, lie, "", 3), "nobody");
    }

    function test_ReceiptsOfAnotherChainOrRegistryDoNotCount() public {
        IContentProofs.Source memory source = publishManifest(manifestOf(3, 1));
        IContentProofs.ChunkReceipt memory lie = receiptOf(source, 1, "a lie");
        bytes memory elsewhere = signFor(OPERATOR_KEY, address(market), keccak256(abi.encode(RECEIPT_TYPEHASH, lie)));
        assertTrue(!isWrong(source, lie, elsewhere, 3), "another registry");
        bytes memory signature = sign(OPERATOR_KEY, lie);
        vm.chainId(block.chainid + 1);
        assertTrue(!isWrong(source, lie, signature, 3), "another chain");
    }

    function test_AWalletWithCodeAnswersForItsOperator() public {
        IContentProofs.Source memory source = publishManifest(manifestOf(3, 1));
        IContentProofs.ChunkReceipt memory lie = receiptOf(source, 1, "a lie");
        bytes memory signature = sign(OPERATOR_KEY, lie);
        operator = address(new SmartAccount(vm.addr(OPERATOR_KEY)));
        assertTrue(isWrong(source, lie, signature, 3), "its key signed");
        assertTrue(!isWrong(source, lie, sign(BUYER_KEY, lie), 3), "another key signed");
    }

    /* GAS */

    function test_gas() public {
        IContentProofs.Source memory source = publishManifest(manifestOf(1024, 1));
        IContentProofs.ChunkReceipt memory lie = receiptOf(source, 600, "a lie");
        assertTrue(isWrong(source, lie, sign(OPERATOR_KEY, lie), 1024), "a lie");
        uint256 gas = vm.lastCallGas().gasTotalUsed;
        assertTrue(gas < 250_000, "a wrong chunk of 1,024 is proven for little");
        vm.snapshotValue("gas", "prove a wrong chunk of 1,024", gas);
    }
}
