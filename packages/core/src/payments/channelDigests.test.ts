import fc from 'fast-check'
import { bytesToHex, type Hex } from 'viem'
import { encodeAbiParameters, hashTypedData, keccak256 } from 'viem/utils'
import { describe, expect, test } from 'vitest'
import { loadChannelDigests } from './channelDigests.js'
import { channelDomain, channelTypes, uint128Max } from './channels.js'

const hex = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((value): Hex => bytesToHex(value))
const amount = fc.bigInt(0n, uint128Max)

describe('loadChannelDigests', async () => {
  const chainId = 8_453
  const domain = channelDomain(chainId)
  const digests = await loadChannelDigests(chainId)

  test('a channel hashes as EIP-712 says', () => {
    const config = fc.record({
      payer: hex(20),
      payerAuthorizer: hex(20),
      receiver: hex(20),
      receiverAuthorizer: hex(20),
      token: hex(20),
      withdrawDelay: fc.integer({ min: 900, max: 2_592_000 }),
      salt: hex(32),
    })
    fc.assert(
      fc.property(config, (message) => {
        const { ChannelConfig } = channelTypes
        expect(digests.channelOf(message)).toBe(
          hashTypedData({ domain, types: { ChannelConfig }, primaryType: 'ChannelConfig', message }),
        )
      }),
    )
  })

  test('so do vouchers, refunds and claims', () => {
    fc.assert(
      fc.property(hex(32), amount, fc.bigInt(0n, 2n ** 256n - 1n), amount, (channelId, first, nonce, second) => {
        const { Voucher, Refund, ClaimBatch, ClaimEntry } = channelTypes
        const voucher = { channelId, maxClaimableAmount: first }
        expect(bytesToHex(digests.voucher(channelId, first))).toBe(
          hashTypedData({ domain, types: { Voucher }, primaryType: 'Voucher', message: voucher }),
        )
        const refund = { channelId, nonce, amount: second }
        expect(bytesToHex(digests.refund(channelId, nonce, second))).toBe(
          hashTypedData({ domain, types: { Refund }, primaryType: 'Refund', message: refund }),
        )
        const claims = [
          { ...voucher, totalClaimed: second },
          { ...voucher, totalClaimed: 0n },
        ]
        const rows = claims.map((claim) => ({ ...claim, channel: channelId }))
        expect(bytesToHex(digests.claimBatch(rows))).toBe(
          hashTypedData({ domain, types: { ClaimBatch, ClaimEntry }, primaryType: 'ClaimBatch', message: { claims } }),
        )
        expect(digests.depositNonce(channelId, '0x1f')).toBe(
          keccak256(encodeAbiParameters([{ type: 'bytes32' }, { type: 'uint256' }], [channelId, 0x1fn])),
        )
      }),
    )
  })
})
