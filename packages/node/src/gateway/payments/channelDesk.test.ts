import {
  type BatchPayload,
  type ChannelConfig,
  type ChannelRecord,
  channelRecordName,
  createChannelBook,
  loadChannelDigests,
  type PaymentRequirements,
  x402Errors,
} from '@agorai/core'
import fc from 'fast-check'
import { bytesToHex, type Hex, type PublicClient } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { describe, expect, test } from 'vitest'
import type { Facilitator } from '../../ports/facilitator.js'
import { createChannelDesk } from './channelDesk.js'
import type { ChannelFunds } from './channelMirror.js'
import { createVoucherKeys } from './voucherKeys.js'

const digests = await loadChannelDigests(31_337)
const receiver: Hex = '0x2222222222222222222222222222222222222222'
const token: Hex = '0x3333333333333333333333333333333333333333'
const terms = {
  chainId: 31_337,
  receiver,
  withdrawDelay: 900,
  exposureMax: 10n ** 30n,
  deniableMax: 10n ** 30n,
  depositMin: 0n,
}
const payer = privateKeyToAccount(generatePrivateKey())
const configs = [0, 1].map(
  (salt): ChannelConfig => ({
    payer: payer.address,
    payerAuthorizer: payer.address,
    receiver,
    receiverAuthorizer: receiver,
    token,
    withdrawDelay: 900,
    salt: `0x${String(salt).padStart(64, '0')}`,
  }),
)
const price = 10n
const balance = 400n
const requirements: PaymentRequirements = {
  scheme: 'batch-settlement',
  network: 'eip155:31337',
  amount: String(price),
  asset: token,
  payTo: receiver,
  maxTimeoutSeconds: 300,
  extra: {},
}

/** Signed once for all runs: every voucher that a client of these channels can come to sign. */
const vouchers = await Promise.all(
  configs.map(async (channelConfig) => {
    const channelId = digests.channelOf(channelConfig)
    const amounts = Array.from({ length: Number(balance) + 20 }, (_, index) => BigInt(index))
    return Promise.all(
      amounts.map(async (max) => {
        const signature = await payer.sign({ hash: bytesToHex(digests.voucher(channelId, max)) })
        return {
          type: 'voucher' as const,
          channelConfig,
          voucher: { channelId, maxClaimableAmount: String(max), signature },
        }
      }),
    )
  }),
)

/** Several gateways over one journal; every wait of theirs ends when the scheduler says so. */
function openGateways(scheduler: Pick<fc.Scheduler, 'schedule'>, count: number) {
  const log: ChannelRecord[] = []
  const names = new Map<string, ChannelRecord>()
  const wait = (label: string) => scheduler.schedule(Promise.resolve(), label)
  return Array.from({ length: count }, (_, gateway) => {
    const book = createChannelBook()
    let seen = 0
    const catchUp = async () => {
      await wait(`gateway ${gateway} reads`)
      for (; seen < log.length; seen++) book.apply(log[seen] as ChannelRecord)
    }
    const record = async (given: ChannelRecord) => {
      await wait(`gateway ${gateway} writes`)
      const name = channelRecordName(given)
      const standing = names.get(name) ?? given
      if (!names.has(name)) {
        names.set(name, given)
        log.push(given)
      }
      await catchUp()
      return standing
    }
    const funds: ChannelFunds = { balance, totalClaimed: 0n, withdrawRequestedAt: 0, refundNonce: 0n }
    const read = () => wait('chain').then(() => funds)
    const mirror = { fresh: () => undefined, read, drop() {}, dropAll() {} }
    const nobody = {} as Facilitator & PublicClient
    const keys = createVoucherKeys()
    const desk = createChannelDesk({
      terms,
      book,
      record,
      catchUp,
      mirror,
      digests,
      keys,
      facilitator: nobody,
      publicClient: nobody,
    })
    return { desk, book, log, wait }
  })
}

/** One call: a voucher on top of what the client believes was charged, that costs so much and may fail. */
type Attempt = { gateway: number; channel: number; behind: number; cost: number; fails: boolean; again: boolean }

const attempt = fc.record({
  gateway: fc.nat(2),
  channel: fc.nat(1),
  behind: fc.nat(3),
  cost: fc.nat(Number(price)),
  fails: fc.boolean(),
  again: fc.boolean(),
})

const runs = Number(process.env.AGORAI_PAYMENT_RUNS ?? 150)

describe('the channel desk', () => {
  test('accepts each voucher once and what it accepted adds up, whatever comes between', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(attempt, { minLength: 1, maxLength: 24 }),
        async (scheduler, attempts) => {
          const gateways = openGateways(scheduler, 3)
          const accepted: { channel: Hex; from: bigint; to: bigint }[] = []

          async function call({ gateway, channel, behind, cost, fails }: Attempt): Promise<void> {
            const place = gateways[gateway] as (typeof gateways)[number]
            const id = vouchers[channel]?.[0]?.voucher.channelId as Hex
            // What the client knows may be old, or its next call may be under way already.
            const charged = place.book.get(id)?.charged ?? 0n
            const max = Number(charged + price) - Math.min(behind, Number(charged))
            const payload = vouchers[channel]?.[max]
            if (payload === undefined) return
            const taken = await place.desk.take(payload, requirements)
            if (taken.kind === 'refused') return
            try {
              await place.wait('work')
              if (fails) return
              const to = taken.from + BigInt(cost)
              const refused = await taken.commit({
                kind: 'channel-charged',
                ...taken.step,
                from: String(taken.from),
                to: String(to),
                signedMax: String(taken.signedMax),
                signature: taken.signature,
                version: '7',
                // The same for all: two gateways may be handed the very same request.
                requestHash: `0x${'00'.repeat(32)}`,
              })
              if (refused === undefined) accepted.push({ channel: id, from: taken.from, to })
            } finally {
              taken.release()
            }
          }

          const calls = attempts.flatMap((each) => (each.again ? [call(each), call(each)] : [call(each)]))
          await scheduler.waitFor(Promise.all(calls))

          const book = createChannelBook()
          for (const record of gateways[0]?.log ?? []) expect(book.apply(record)).toBeDefined()
          for (const state of book.channels()) {
            const own = accepted
              .filter(({ channel }) => channel === state.channel)
              .sort((a, b) => Number(a.from - b.from || a.to - b.to))
            // Each begins where the one before ended: nothing is sold twice and nothing is lost between two.
            let end = 0n
            for (const { from, to } of own) {
              expect(from).toBe(end)
              end = to
            }
            expect(state.charged).toBe(end)
            expect(state.charged <= state.signedMax && state.signedMax <= balance).toBe(true)
            expect(state.byVersion.get('7') ?? 0n).toBe(state.charged)
            expect(own.length).toBe(state.sequence)
          }
          expect([...book.channels()].reduce((sum, { sequence }) => sum + sequence, 0)).toBe(accepted.length)
        },
      ),
      { numRuns: runs },
    )
  }, 600_000)

  test('tells whoever is behind what was charged, also when the chain has to be asked anew', async () => {
    const schedule: fc.Scheduler['schedule'] = (value) => value
    const [gateway] = openGateways({ schedule }, 1)
    const behind = vouchers[0]?.[7] as (typeof vouchers)[number][number]
    expect(await gateway?.desk.take(behind, requirements)).toMatchObject({
      error: x402Errors.cumulativeMismatch,
      correction: { channelState: { balance: String(balance), chargedCumulativeAmount: '0' } },
    })
  })

  test('takes nothing from whoever read a voucher off the chain, and goes on with who signs', async () => {
    const schedule: fc.Scheduler['schedule'] = (value) => value
    const [gateway] = openGateways({ schedule }, 1)
    if (gateway === undefined) throw new Error('no gateway')
    const config = configs[0] as ChannelConfig
    const payloadOf = (max: number) => vouchers[0]?.[max] as (typeof vouchers)[number][number]
    const { channelId, signature } = payloadOf(10).voucher
    gateway.book.apply({
      ...{ kind: 'channel-charged', channel: channelId, sequence: 0, config, at: 1, version: '7' },
      ...{ from: '0', to: '3', signedMax: '10', signature, requestHash: `0x${'00'.repeat(32)}` },
    })
    const outcomeOf = async (payload: BatchPayload, amount: string) => {
      const taken = await gateway.desk.take(payload, { ...requirements, amount })
      if (taken.kind === 'refused') return taken.error
      taken.release()
      return taken.kind
    }
    // What the last call did not use is just what this one may cost.
    expect(await outcomeOf(payloadOf(10), '7')).toBe('voucher_shown')
    expect(await outcomeOf(payloadOf(13), '10')).toBe('taken')
    // A voucher came after it, and nothing was claimed since: it can only be the payer's.
    const next = payloadOf(20).voucher
    gateway.book.apply({
      ...{ kind: 'channel-charged', channel: channelId, sequence: 1, at: 2, version: '7', from: '3', to: '5' },
      ...{ signedMax: '20', signature: next.signature, requestHash: `0x${'00'.repeat(32)}` },
    })
    expect(await outcomeOf(payloadOf(10), '5')).toBe('taken')
    expect(await outcomeOf(payloadOf(20), '15')).toBe('voucher_shown')
    // A refund goes to nobody but the payer.
    expect(await outcomeOf({ ...payloadOf(5), type: 'refund' }, '10')).toBe('taken')
  })
})
