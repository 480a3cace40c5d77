import { AgoraiError, type ChannelConfig } from '@agorai/core'
import { type Hex, pad, zeroAddress } from 'viem'
import { expect, test } from 'vitest'
import type { ChannelAccount } from '../ports/settlement.js'
import { bringVouchers } from './bringVouchers.js'
import type { SettlementChain } from './settlementChain.js'
import { newState } from './settlementState.js'

const address = (digit: string): Hex => `0x${digit.repeat(40)}`

const accountOf = (n: number, payerAuthorizer: Hex): ChannelAccount => {
  const channel = pad(`0x0${n}`)
  const config: ChannelConfig = {
    ...{ payer: address('1'), payerAuthorizer, receiver: address('2'), receiverAuthorizer: address('2') },
    ...{ token: address('3'), withdrawDelay: 900, salt: channel },
  }
  const state = {
    channel,
    config,
    charged: 10n,
    signedMax: 20n,
    signature: '0x12',
  } as unknown as ChannelAccount['state']
  return { state, runs: [] }
}

test('a wallet that is asked for its signature is claimed from by itself: what it does is nobody else’s loss', async () => {
  const claims: Hex[][] = []
  const chain = {
    head: async () => 1n,
    createReceiver: async () => undefined,
    channels: async (channels: readonly Hex[]) =>
      new Map(channels.map((channel) => [channel, { balance: 100n, claimed: 0n, withdrawing: false }])),
    async claim(rows: readonly { channel: Hex }[]) {
      claims.push(rows.map(({ channel }) => channel))
      // It says yes when it is estimated, and no when it is mined.
      if (rows.some(({ channel }) => channel === pad('0x02')))
        throw new AgoraiError('transaction_reverted', 'It was mined and refused.')
      return pad('0x77')
    },
  } as unknown as SettlementChain
  const accounts = [1, 2, 3, 4].map((n) => accountOf(n, n === 2 || n === 4 ? zeroAddress : address('1')))
  const { channels } = await bringVouchers(accounts, {
    ...{ chain, state: newState(), authorize: async () => '0x', onWarning: () => {}, nowMs: 0 },
  })
  expect(claims).toEqual([[pad('0x01'), pad('0x03')], [pad('0x02')], [pad('0x04')]])
  expect(channels.map(({ after, lost }) => [after, lost])).toEqual([
    [10n, 0n],
    [0n, 10n],
    [10n, 0n],
    [10n, 0n],
  ])
})
