import { AgoraiError } from '@agorai/core'
import { type Address, type Hex, pad } from 'viem'
import { expect, test } from 'vitest'
import type { ChannelAccount } from '../ports/settlement.js'
import { type HandedOn, handOn, nothingHandedOn } from './handedOn.js'
import type { SettlementBook } from './settlementBook.js'
import type { SettlementChain, VersionPayment } from './settlementChain.js'
import { settleRound } from './settlementRound.js'
import { newState } from './settlementState.js'

const address = (digit: string): Hex => `0x${digit.repeat(40)}`
const [receiver, token, channel] = [address('2'), address('3'), pad('0x01')]

/** One channel that was charged, claimed and settled for one unit of each version. */
function bookOf(versions: number): SettlementBook {
  const config = { receiver, receiverAuthorizer: receiver, token }
  const state = { channel, config, charged: BigInt(versions) } as unknown as ChannelAccount['state']
  const runs = Array.from({ length: versions }, (_, place) => ({
    ...{ version: BigInt(place + 1), to: BigInt(place + 1), at: 0 },
  }))
  const account = { state, runs }
  return { apply() {}, account: () => account, accounts: () => [account] }
}

/** A receiver in which all of that waits; a block a statement. @param before What happens before each is mined. */
function chainOf(versions: number, before: (pay: (payments: readonly VersionPayment[]) => void, nth: number) => void) {
  const claimed = BigInt(versions)
  const blocks: (readonly VersionPayment[])[] = []
  const statements: number[] = []
  let handedOn: HandedOn = nothingHandedOn
  const pay = (payments: readonly VersionPayment[]) => {
    blocks.push(payments)
    handedOn = handOn(handedOn, payments, BigInt(blocks.length))
  }
  const chain = {
    receiver,
    head: async () => BigInt(blocks.length),
    channels: async () => new Map([[channel, { balance: claimed, claimed, withdrawing: false }]]),
    receiverOf: async () => {
      const { amount: distributed, history } = handedOn
      return { claimed, settled: claimed, distributed, history }
    },
    payments: async (_: Address, from: bigint, to: bigint) =>
      blocks.filter((_payments, place) => BigInt(place) + 1n >= from && BigInt(place) + 1n <= to).flat(),
    createReceiver: async () => undefined,
    async distribute(_: Address, history: Hex, payments: readonly VersionPayment[]) {
      statements.push(payments.length)
      before(pay, statements.length)
      if (history !== handedOn.history) throw new AgoraiError('transaction_reverted', 'The history differs.')
      pay(payments)
      return pad('0x77')
    },
  } as unknown as SettlementChain
  return { chain, statements, totals: () => handedOn.totals }
}

const roundOf = (chain: SettlementChain, versions: number) =>
  settleRound({
    ...{ chain, book: bookOf(versions), state: newState(), policy: { value: 1n, deniableValue: 1n, seconds: 0 } },
    ...{ catchUp: async () => {}, authorize: async () => '0x', onWarning: (message) => expect.fail(message) },
  })

test('more versions than one transaction takes are paid in several, each once', async () => {
  const { chain, statements, totals } = chainOf(950, () => {})
  const { versions, transactions } = await roundOf(chain, 950)
  expect(statements).toEqual([400, 400, 150])
  expect(transactions).toHaveLength(3)
  expect(versions).toHaveLength(950)
  expect([...totals().values()].every((total) => total === 1n)).toBe(true)
  expect(totals().size).toBe(950)
})

test('what another worker handed on meanwhile is left out, and the rest goes on', async () => {
  const { chain, statements, totals } = chainOf(950, (pay, nth) => {
    if (nth === 2) pay(Array.from({ length: 500 }, (_, place) => ({ version: BigInt(place + 401), amount: 1n })))
  })
  await roundOf(chain, 950)
  expect(statements).toEqual([400, 400, 50])
  expect([...totals().values()].every((total) => total === 1n)).toBe(true)
  expect(totals().size).toBe(950)
})

test('a refusal for another reason is told', async () => {
  const { chain } = chainOf(3, () => {
    throw new AgoraiError('transaction_reverted', 'The token is frozen.')
  })
  await expect(roundOf(chain, 3)).rejects.toThrow('The token is frozen.')
})
