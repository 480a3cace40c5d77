// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IBatchSettlement} from "../../src/payments/IBatchSettlement.sol";
import {PaymentsTest} from "./PaymentsTest.sol";

/// @notice What digests.tree says, by hashes that are computed here in the plainest words.
contract DigestsTest is PaymentsTest {
    string internal constant CONFIG =
        "ChannelConfig(address payer,address payerAuthorizer,address receiver,address receiverAuthorizer,address token,uint40 withdrawDelay,bytes32 salt)";
    string internal constant VOUCHER = "Voucher(bytes32 channelId,uint128 maxClaimableAmount)";
    string internal constant REFUND = "Refund(bytes32 channelId,uint256 nonce,uint128 amount)";
    string internal constant ENTRY = "ClaimEntry(bytes32 channelId,uint128 maxClaimableAmount,uint128 totalClaimed)";

    function typed(address place, bytes memory encoded) internal view returns (bytes32) {
        return keccak256(abi.encodePacked("\x19\x01", domainOf("x402 Batch Settlement", place), keccak256(encoded)));
    }

    function hashOf(string memory kind) internal pure returns (bytes32) {
        return keccak256(bytes(kind));
    }

    function channelIdOf(address place, IBatchSettlement.ChannelConfig memory config) internal view returns (bytes32) {
        return typed(
            place,
            bytes.concat(
                abi.encode(hashOf(CONFIG), config.payer, config.payerAuthorizer, config.receiver),
                abi.encode(config.receiverAuthorizer, config.token, config.withdrawDelay, config.salt)
            )
        );
    }

    function testFuzz_ChannelsAndWhatIsSignedForThem(
        IBatchSettlement.ChannelConfig memory config,
        uint128 amount,
        uint256 nonce
    ) public view {
        bytes32 id = channelIdOf(SETTLEMENT, config);
        assertTrue(settlement.getChannelId(config) == id, "channel");
        bytes32 voucher = typed(SETTLEMENT, abi.encode(hashOf(VOUCHER), id, amount));
        assertTrue(settlement.getVoucherDigest(id, amount) == voucher, "voucher");
        bytes32 refund = typed(SETTLEMENT, abi.encode(hashOf(REFUND), id, nonce, amount));
        assertTrue(settlement.getRefundDigest(id, nonce, amount) == refund, "refund");
    }

    function testFuzz_ClaimBatches(uint256 seed) public view {
        uint256 length = seed % 5;
        IBatchSettlement.VoucherClaim[] memory all = new IBatchSettlement.VoucherClaim[](length);
        bytes memory entries;
        for (uint256 i; i < length; ++i) {
            all[i].voucher.channel = configOf();
            all[i].voucher.channel.salt = keccak256(abi.encode(seed, i));
            all[i].voucher.maxClaimableAmount = uint128(seed >> 8);
            all[i].totalClaimed = uint128(seed >> 16);
            bytes32 id = channelIdOf(SETTLEMENT, all[i].voucher.channel);
            bytes32 entry =
                keccak256(abi.encode(hashOf(ENTRY), id, all[i].voucher.maxClaimableAmount, all[i].totalClaimed));
            entries = bytes.concat(entries, entry);
        }
        bytes32 kind = hashOf(string.concat("ClaimBatch(ClaimEntry[] claims)", ENTRY));
        assertTrue(
            settlement.getClaimBatchDigest(all) == typed(SETTLEMENT, abi.encode(kind, keccak256(entries))), "batch"
        );
    }

    function test_AnotherChainAndAnotherContractHaveOtherDigests() public {
        IBatchSettlement.ChannelConfig memory config = configOf();
        bytes32 here = settlement.getChannelId(config);
        address copy = makeAddress("a copy of the contract");
        vm.etch(copy, SETTLEMENT.code);
        assertTrue(IBatchSettlement(copy).getChannelId(config) == channelIdOf(copy, config), "of the copy");
        assertTrue(IBatchSettlement(copy).getChannelId(config) != here, "another contract");
        vm.chainId(8453);
        assertTrue(settlement.getChannelId(config) == channelIdOf(SETTLEMENT, config), "of the other chain");
        assertTrue(settlement.getChannelId(config) != here, "another chain");
    }

    function test_TheDomainIsTold() public view {
        (bytes1 fields, string memory name, string memory version, uint256 chainId, address place, bytes32 salt,) =
            settlement.eip712Domain();
        assertTrue(fields == 0x0f && salt == 0 && chainId == block.chainid && place == SETTLEMENT, "domain");
        assertTrue(hashOf(name) == hashOf("x402 Batch Settlement") && hashOf(version) == hashOf("1"), "names");
        assertTrue(settlement.CHANNEL_CONFIG_TYPEHASH() == hashOf(CONFIG), "channel");
        assertTrue(settlement.VOUCHER_TYPEHASH() == hashOf(VOUCHER), "voucher");
        assertTrue(settlement.REFUND_TYPEHASH() == hashOf(REFUND), "refund");
        assertTrue(settlement.CLAIM_ENTRY_TYPEHASH() == hashOf(ENTRY), "entry");
        bytes32 batch = hashOf(string.concat("ClaimBatch(ClaimEntry[] claims)", ENTRY));
        assertTrue(settlement.CLAIM_BATCH_TYPEHASH() == batch, "batch");
    }
}
