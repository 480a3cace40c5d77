import type { Hex } from 'viem'
import { bytesToHex, hexToBytes } from 'viem/utils'
import { type Keccak, loadKeccak } from '../content/keccak.js'
import { batchSettlementAddress, type ChannelConfig } from './channels.js'

/** EIP-712 digests of the settlement contract of one chain, made without anything that is slow. */
export type ChannelDigests = {
  /** The channel's id, which its configuration hashes to. */
  channelOf(config: ChannelConfig): Hex
  voucher(channel: Hex, maxClaimableAmount: bigint): Uint8Array
  refund(channel: Hex, nonce: bigint, amount: bigint): Uint8Array
  claimBatch(claims: readonly { channel: Hex; maxClaimableAmount: bigint; totalClaimed: bigint }[]): Uint8Array
  /** The EIP-3009 nonce of a deposit, which names the channel. */
  depositNonce(channel: Hex, salt: Hex): Hex
}

const text = new TextEncoder()
const typeTexts = {
  domain: 'EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)',
  config:
    'ChannelConfig(address payer,address payerAuthorizer,address receiver,address receiverAuthorizer,address token,uint40 withdrawDelay,bytes32 salt)',
  voucher: 'Voucher(bytes32 channelId,uint128 maxClaimableAmount)',
  refund: 'Refund(bytes32 channelId,uint256 nonce,uint128 amount)',
  claimBatch:
    'ClaimBatch(ClaimEntry[] claims)ClaimEntry(bytes32 channelId,uint128 maxClaimableAmount,uint128 totalClaimed)',
  claimEntry: 'ClaimEntry(bytes32 channelId,uint128 maxClaimableAmount,uint128 totalClaimed)',
} as const

/** @param chainId Of the chain that the contract is on. */
export async function loadChannelDigests(chainId: number): Promise<ChannelDigests> {
  const keccak = await loadKeccak()
  const hashOf = (value: string) => keccak(text.encode(value))
  const { domain, config, voucher, refund, claimBatch, claimEntry } = typeTexts
  const separator = keccak(
    hashOf(domain),
    hashOf('x402 Batch Settlement'),
    hashOf('1'),
    wordOf(BigInt(chainId)),
    wordOf(BigInt(batchSettlementAddress)),
  )
  const types = { config: hashOf(config), voucher: hashOf(voucher), refund: hashOf(refund) }
  const claims = { batch: hashOf(claimBatch), entry: hashOf(claimEntry) }
  const finish = createFinish(keccak, separator)
  // One buffer for the struct that is hashed on every call: nothing here waits, so nobody else writes into it.
  const struct = new Uint8Array(96)
  struct.set(types.voucher, 0)
  return {
    channelOf: (channel) => bytesToHex(finish(keccak(types.config, ...wordsOf(channel)))),
    voucher(channel, maxClaimableAmount) {
      writeHex(struct, 32, channel)
      writeWord(struct, 64, maxClaimableAmount)
      return finish(keccak(struct))
    },
    refund: (channel, nonce, amount) =>
      finish(keccak(types.refund, hexToBytes(channel), wordOf(nonce), wordOf(amount))),
    claimBatch: (rows) =>
      finish(
        keccak(
          claims.batch,
          keccak(
            ...rows.map((row) =>
              keccak(claims.entry, hexToBytes(row.channel), wordOf(row.maxClaimableAmount), wordOf(row.totalClaimed)),
            ),
          ),
        ),
      ),
    depositNonce: (channel, salt) => bytesToHex(keccak(hexToBytes(channel), wordOf(BigInt(salt)))),
  }
}

const wordsOf = (channel: ChannelConfig): Uint8Array[] => [
  ...[channel.payer, channel.payerAuthorizer, channel.receiver, channel.receiverAuthorizer, channel.token].map(
    (address) => wordOf(BigInt(address)),
  ),
  wordOf(BigInt(channel.withdrawDelay)),
  hexToBytes(channel.salt),
]

/** `keccak256(0x1901 ‖ separator ‖ struct hash)` */
function createFinish(keccak: Keccak, separator: Uint8Array): (struct: Uint8Array) => Uint8Array {
  const message = new Uint8Array(66)
  message.set([0x19, 0x01], 0)
  message.set(separator, 2)
  return (struct) => {
    message.set(struct, 34)
    return keccak(message)
  }
}

function wordOf(value: bigint): Uint8Array {
  const word = new Uint8Array(32)
  writeWord(word, 0, value)
  return word
}

function writeWord(bytes: Uint8Array, at: number, value: bigint): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  view.setBigUint64(at, value >> 192n)
  view.setBigUint64(at + 8, value >> 128n)
  view.setBigUint64(at + 16, value >> 64n)
  view.setBigUint64(at + 24, value)
}

/** Hex digits as bytes; what they are was checked where they came in. */
function writeHex(bytes: Uint8Array, at: number, hex: Hex): void {
  for (let index = 0; index < 32; index++)
    bytes[at + index] = (digitOf(hex.charCodeAt(2 + 2 * index)) << 4) | digitOf(hex.charCodeAt(3 + 2 * index))
}

/** '0'–'9' are 0x30 up, 'A'–'F' 0x41 up, 'a'–'f' 0x61 up. */
const digitOf = (code: number): number => (code < 0x3a ? code - 0x30 : (code & 0x1f) + 9)
