import { type Hex, hashTypedData } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { describe, expect, test } from 'vitest'
import { channelDomain, channelTypes, type VoucherClaim } from './channels.js'
import { withRightParity } from './rightParity.js'

const payer = privateKeyToAccount(generatePrivateKey())
const { address } = payer
const channel: Hex = `0x${'ab'.repeat(32)}`
const { Voucher } = channelTypes
const voucher = { channelId: channel, maxClaimableAmount: 5n }
const hash = hashTypedData({ domain: channelDomain(1), types: { Voucher }, primaryType: 'Voucher', message: voucher })
const config = {
  payer: address,
  payerAuthorizer: address,
  receiver: address,
  receiverAuthorizer: address,
  token: address,
}
const claim = (signature: Hex): VoucherClaim => ({
  channel,
  config: { ...config, withdrawDelay: 900, salt: channel },
  maxClaimableAmount: 5n,
  signature,
  totalClaimed: 5n,
})

describe('withRightParity', () => {
  test('leaves what is right, sets right what is not, and leaves what is no key’s', async () => {
    const right = await payer.sign({ hash })
    const wrong: Hex = `0x${right.slice(2, 130)}${right.endsWith('1b') ? '1c' : '1b'}`
    expect((await withRightParity(1, claim(right))).signature).toBe(right)
    expect((await withRightParity(1, claim(wrong))).signature).toBe(right)
    for (const other of ['0x1234', `0x${'ff'.repeat(64)}1b`, `0x${'00'.repeat(65)}`] as const)
      expect((await withRightParity(1, claim(other))).signature).toBe(other)
  })
})
