import { batchSettlementAbi, type ChannelConfig, type PaymentRequired } from '@agorai/core'
import { createPublicClient, createWalletClient, custom, encodeFunctionResult, type Hex, zeroHash } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { foundry } from 'viem/chains'
import { expect, test } from 'vitest'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { createPayer } from './payer.js'
import { recoverChannel } from './recoverChannel.js'
import { signVoucher } from './signChannel.js'

/** An operator may say anything. What it says counts as far as a voucher of the payer covers it. */

const account = privateKeyToAccount(`0x${'11'.repeat(32)}`)
const stranger = privateKeyToAccount(`0x${'22'.repeat(32)}`)
const channel: Hex = `0x${'dd'.repeat(32)}`
const address = '0x00000000000000000000000000000000000000aa'
const config: ChannelConfig = {
  ...{ payer: account.address, payerAuthorizer: account.address, receiver: address, receiverAuthorizer: address },
  ...{ token: address, withdrawDelay: 900, salt: zeroHash },
}

/** A payer on a chain where the channel holds 1,000, of which 10 were claimed. */
function payerOf(signer: typeof account) {
  const funds = encodeFunctionResult({ abi: batchSettlementAbi, functionName: 'channels', result: [1_000n, 10n] })
  const transport = custom({ request: async () => funds })
  const client = {
    info: { chain: { id: foundry.id } },
    publicClient: createPublicClient({ chain: foundry, transport }),
    wallet: createWalletClient({ account: signer, chain: foundry, transport }),
  } as unknown as AgoraiClient
  return createPayer(client)
}

async function corrective(charged: bigint, signed: bigint, signer = account): Promise<PaymentRequired> {
  const { signature } = await signVoucher(payerOf(signer), channel, signed)
  const extra = {
    channelState: { chargedCumulativeAmount: String(charged) },
    voucherState: { signedMaxClaimable: String(signed), signature },
  }
  return { accepts: [{ scheme: 'batch-settlement', extra }] } as unknown as PaymentRequired
}

const recover = (said?: PaymentRequired, kept?: Parameters<typeof recoverChannel>[3]) =>
  recoverChannel(payerOf(account), channel, config, kept, said)

test('by the chain alone', async () => {
  expect(await recover()).toMatchObject({ balance: 1_000n, charged: 10n, answered: false })
})

test("by the operator's word, covered by a voucher", async () => {
  expect(await recover(await corrective(50n, 60n))).toMatchObject({ charged: 50n, signedMax: 60n, answered: true })
})

test.each([
  ['more than the voucher', 61n, 60n, account],
  ['less than was claimed', 9n, 60n, account],
  ["another's voucher", 50n, 60n, stranger],
] as const)('not by %s', async (_, charged, signed, signer) => {
  await expect(recover(await corrective(charged, signed, signer))).rejects.toMatchObject({ code: 'overcharged' })
})

test('more than all answers came to is seen, unless an answer was lost', async () => {
  const kept = { config, balance: 1_000n, charged: 40n, signedMax: 60n }
  const said = await corrective(50n, 60n)
  await expect(recover(said, { ...kept, answered: true })).rejects.toMatchObject({ code: 'overcharged' })
  expect(await recover(said, { ...kept, answered: false })).toMatchObject({ charged: 50n })
})
