import {
  type ChannelRecord,
  createChannelBook,
  encodeMandate,
  type Mandate,
  mandateHeader,
  mandateSalt,
  toTypedData,
} from '@agorai/core'
import { getDevAccount } from '@agorai/sdk'
import fc from 'fast-check'
import { createPublicClient, custom, type Hex } from 'viem'
import { expect, test } from 'vitest'
import { createMandateBook } from './mandateBook.js'
import { createMandates } from './mandates.js'

const [owner, agent, other] = [6, 7, 3].map((index) => getDevAccount(index, 31_337)) as [Account, Account, Account]
type Account = ReturnType<typeof getDevAccount>
const token: Hex = '0x00000000000000000000000000000000000000aa'
const operator: Hex = '0x00000000000000000000000000000000000000bb'
const domain = { chainId: 31_337, assetRegistry: '0x00000000000000000000000000000000000000cc' } as const
const channel: Hex = `0x${'dd'.repeat(32)}`
const day = 86_400
/** An account without code: whatever is asked of the chain is answered so. */
const publicClient = createPublicClient({ transport: custom({ request: async () => '0x' }) })

async function setUp(change: Partial<Mandate> = {}, signer = owner) {
  const mandate: Mandate = {
    ...{ owner: owner.address, agent: agent.address, token, perCallMax: 10n, perDayMax: 25n, totalMax: 60n },
    ...{ assets: [7n], nonce: `0x${'11'.repeat(32)}`, expiry: 10_000n * BigInt(day), ...change },
  }
  const signature = await signer.signTypedData(toTypedData(domain, 'Mandate', mandate))
  const config = {
    payer: owner.address,
    payerAuthorizer: agent.address,
    ...{ receiver: operator, receiverAuthorizer: operator, token, withdrawDelay: 900 },
    salt: mandateSalt(domain, mandate),
  } as const
  let now = day
  const channels = createChannelBook()
  const book = createMandateBook()
  const mandates = createMandates({ domain, operator, publicClient, channels, book, now: () => now })
  let sequence = 0
  return {
    channels,
    mandates,
    header: new Headers({ [mandateHeader]: encodeMandate({ mandate, signature }) }),
    setNow: (seconds: number) => {
      now = seconds
    },
    now: () => now,
    payload: (maxClaimableAmount: bigint) =>
      ({
        type: 'voucher',
        channelConfig: config,
        voucher: { channelId: channel, maxClaimableAmount: String(maxClaimableAmount), signature: '0x' },
      }) as const,
    record(rest: object): boolean {
      const record = {
        channel,
        sequence,
        config,
        at: now,
        signature: '0x',
        signedMax: '0',
        ...rest,
      } as unknown as ChannelRecord
      if (channels.apply(record) === undefined) return false
      sequence += 1
      book.apply(record)
      return true
    },
  }
}

test('a channel without a mandate passes, and one with a mandate does not pass without it', async () => {
  const { mandates, payload } = await setUp()
  const plain = { ...payload(999n).channelConfig, salt: `0x${'00'.repeat(32)}` as const }
  await mandates.admit(new Headers(), { ...payload(999n), channelConfig: plain }, 7n)
  await expect(mandates.admit(new Headers(), payload(1n), 7n)).rejects.toMatchObject({ code: 'mandate_invalid' })
})

test.each([
  ['perCallMax', 11n, 7n],
  ['assets', 1n, 8n],
  ['assets', 1n, undefined],
])('rule %s', async (field, amount, asset) => {
  const { mandates, header, payload } = await setUp()
  await expect(mandates.admit(header, payload(amount), asset)).rejects.toMatchObject({ code: 'policy_refused', field })
})

test("another's signature is none, and another mandate is not the channel's", async () => {
  const forged = await setUp({}, other)
  await expect(forged.mandates.admit(forged.header, forged.payload(1n), 7n)).rejects.toMatchObject({
    code: 'signature_invalid',
  })
  const [own, wider] = [await setUp(), await setUp({ perDayMax: 1_000n })]
  await expect(own.mandates.admit(wider.header, own.payload(1n), 7n)).rejects.toMatchObject({ code: 'mandate_invalid' })
})

test('what is asked at the same time is counted together', async () => {
  const { mandates, header, payload } = await setUp()
  const held = await Promise.all([1, 2].map(() => mandates.admit(header, payload(10n), 7n)))
  await expect(mandates.admit(header, payload(10n), 7n)).rejects.toMatchObject({ field: 'perDayMax' })
  for (const { release } of held) release()
  await mandates.admit(header, payload(10n), 7n)
})

test('whatever an agent asks for, no more than the mandate is charged', async () => {
  const step = fc.record({
    kind: fc.constantFrom('call', 'open', 'top-up', 'close'),
    amount: fc.bigInt({ min: 0n, max: 12n }),
    quarters: fc.bigInt({ min: 0n, max: 4n }),
    passes: fc.integer({ min: 0, max: 60_000 }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const { mandates, channels, header, payload, record, setNow, now } = await setUp()
      const byDay = new Map<number, bigint>()
      let charged = 0n
      const add = (amount: bigint) => {
        const today = Math.floor(now() / day)
        byDay.set(today, (byDay.get(today) ?? 0n) + amount)
        charged += amount
      }
      for (const { kind, amount, quarters, passes } of steps) {
        setNow(now() + passes)
        const state = channels.get(channel)
        const session = state?.session
        if (kind === 'close') {
          if (state === undefined || session === undefined) continue
          const to = session.from + ((session.ceiling - session.from) * quarters) / 4n
          record({ kind: 'session-closed', session: 's', to: String(to), byVersion: [] })
          charged += to - session.from
          continue
        }
        if ((kind === 'top-up') !== (session !== undefined)) continue
        const from = state?.charged ?? 0n
        const ceiling = (kind === 'top-up' ? (session?.ceiling ?? 0n) : from) + amount
        const admitted = await mandates.admit(header, payload(ceiling), 7n).catch(() => undefined)
        if (admitted === undefined) continue
        expect(amount <= 10n).toBe(true)
        const texts = { from: String(from), signedMax: String(ceiling), ceiling: String(ceiling) }
        if (kind === 'open')
          record({ kind: 'session-opened', ...texts, session: 's', expiry: 0, payer: owner.address, token })
        if (kind === 'top-up') record({ kind: 'session-topped-up', ...texts, session: 's' })
        if (kind === 'call') {
          const used = (amount * quarters) / 4n
          record({ kind: 'channel-charged', ...texts, to: String(from + used), version: '1', requestHash: '0x' })
          add(used)
        }
        admitted.release()
      }
      expect(charged <= 60n).toBe(true)
      for (const sum of byDay.values()) expect(sum <= 25n).toBe(true)
    }),
    { numRuns: 40 },
  )
})
