import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { createChannelBook, operatorReceiverOf, revenueLedgerAbi } from '@agorai/core'
import type { Hex } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openJournal } from '../../packages/node/src/compose/identity.js'
import { readConfig } from '../../packages/node/src/config.js'
import type { JournalRecord } from '../../packages/node/src/ports/journal.js'
import { spawnProgram } from '../../packages/node/test/program.js'
import { type Marketplace, startMarketplace } from '../marketplace.js'
import { channelOnChain, type OpenChannel, openChannel } from './channels.js'
import { type Fleet, postgresUrl, startFleet } from './fleet.js'
import { callBody, type PaidService, price, publishPaidService, startServing } from './paidService.js'
import { callInSession, openSessionAt, sessionState } from './sessionClient.js'
import { startUpstream, type Upstream } from './upstream.js'
import {
  createVoucherClient,
  payFor,
  readRequirements,
  type Said,
  toText,
  type VoucherClient,
} from './voucherClient.js'

/**
 * P9 on four real gateways over one PostgreSQL and one chain: 10 % of all requests are sent twice on purpose, to gateways
 * that are chosen at random, and gateways are killed while they answer.
 */

const requests = Number(process.env.AGORAI_PAID_REQUESTS ?? 400)
const gateways = 4
const payers = 8
const duplicateShare = 0.1
const attemptsMax = 400

let market: Marketplace
let upstream: Upstream
let fleet: Fleet
let service: PaidService
let clients: { open: OpenChannel; client: VoucherClient }[]

const target = '/v1/completions'
const anyUrl = (): string => fleet.urls[Math.floor(Math.random() * gateways)] as string

beforeAll(async () => {
  if (postgresUrl === undefined) return
  market = await startMarketplace({ roles: ['gateway', 'indexer'] })
  await market.mint(market.curie, 1_000_000_000_000n)
  upstream = await startUpstream()
  service = await publishPaidService(market)
  fleet = await startFleet({
    roles: ['gateway,indexer', 'gateway', 'gateway', 'gateway'],
    rpcUrl: market.node.rpcUrl,
    storageFolder: join(market.node.folder, 'storage'),
    more: {
      AGORAI_UPSTREAMS: await upstream.nameIn(market.node.folder, service.asset),
      AGORAI_EXPOSURE_MAX: '1000000000',
    },
  })
  await startServing(fleet.gateway(0), service)
  clients = await openChannels()
}, 900_000)

afterAll(async () => {
  await fleet?.stop()
  await upstream?.stop()
  await market?.stop()
})

/** A payer each, with more money than all calls cost. */
async function openChannels() {
  const { operator } = fleet.gateway(0).info
  const receiver = operatorReceiverOf(market.node.info.chain.addresses, operator.address)
  const requirements = await readRequirements(
    await fetch(`${fleet.urls[0]}${target}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: callBody(service, 'how much?'),
    }),
  )
  const opened = []
  for (let at = 0; at < payers + 1; at++) {
    const key: Hex = generatePrivateKey()
    const payer = privateKeyToAccount(key)
    const amount = BigInt(requests) * price * 2n
    await market.chain.setBalance({ address: payer.address, value: 10n ** 18n })
    await market.send(market.curie, payer.address, amount)
    const withdrawDelay = Number(requirements.extra.withdrawDelay)
    const open = await openChannel(market, { payer, receiver, amount, withdrawDelay })
    opened.push({ open, client: createVoucherClient(open, requirements, key) })
  }
  return opened
}

/** Everything that the gateways wrote down. */
async function readRecords(): Promise<JournalRecord[]> {
  const { config } = readConfig([], fleet.settings('reader', 'gateway'))
  const journal = await openJournal(config)
  const records: JournalRecord[] = []
  for await (const record of journal.replay()) records.push(record)
  await journal.close()
  return records
}

/** Kills gateways at random moments until the work is done. @returns How many. */
async function killUntil(done: Promise<unknown>): Promise<number> {
  let isDone = false
  void done.finally(() => {
    isDone = true
  })
  for (let kills = 0; ; kills++) {
    const victim = 1 + (kills % (gateways - 1))
    const waitUntil = Date.now() + 500 + Math.random() * 1_500
    while (!isDone && Date.now() < waitUntil) await pause(20)
    if (isDone) return kills
    await fleet.restart(victim)
  }
}

type Tally = { accepted: bigint; duplicates: number; lost: number }

/** One payer's calls, one after the other: whatever happens to an answer, it goes on until it knows that it paid once. */
async function payOneByOne({ client }: { client: VoucherClient }, name: string, calls: number): Promise<Tally> {
  const tally: Tally = { accepted: 0n, duplicates: 0, lost: 0 }
  for (let n = 0; n < calls; n++) {
    const body = callBody(service, `${name}-${n}`)
    const charged = tally.accepted
    const voucher = client.voucher(charged)
    const isTwice = Math.random() < duplicateShare
    if (isTwice) tally.duplicates += 1
    let said: Said[] = await Promise.all(
      (isTwice ? [anyUrl(), anyUrl()] : [anyUrl()]).map((url) => payFor(url + target, body, voucher)),
    )
    for (let attempt = 0; ; attempt++) {
      for (const each of said)
        if (each.kind === 'answered') {
          expect(each).toMatchObject({ charged: price, cumulative: charged + price })
          expect(each.text).toContain(`about ${name}-${n}`)
        }
      if (said.some(({ kind }) => kind === 'answered')) break
      // Nobody answered: it may have been charged all the same, and then the gateways say so.
      if (said.some((each) => each.kind === 'refused' && each.cumulative === charged + price)) {
        tally.lost += 1
        break
      }
      if (attempt >= attemptsMax) throw new Error(`${name}-${n}: ${toText(said)}`)
      await pause(50)
      said = [await payFor(anyUrl() + target, body, voucher)]
    }
    tally.accepted += price
  }
  return tally
}

describe.skipIf(postgresUrl === undefined)('P9: four gateways', { timeout: 8 * 3_600_000 }, () => {
  test('accept each voucher once, whoever is asked, however often, and whoever is killed', async () => {
    const calls = Math.ceil(requests / 2 / payers)
    const paying = Promise.all(clients.slice(0, payers).map((each, at) => payOneByOne(each, `payer ${at}`, calls)))
    const [tallies, kills] = await Promise.all([paying, killUntil(paying)])
    const records = await readRecords()
    const book = createChannelBook()
    const hashes = new Set<string>()
    for (const record of records) {
      if (record.kind !== 'channel-charged') continue
      expect(book.apply(record)).toBeDefined()
      expect(hashes.has(record.requestHash)).toBe(false)
      hashes.add(record.requestHash)
      expect(BigInt(record.to) - BigInt(record.from)).toBe(price)
    }
    for (const [at, { accepted }] of tallies.entries()) {
      const state = book.get(clients[at]?.open.channel as Hex)
      expect(state?.charged).toBe(accepted)
      // The highest voucher is what was accepted in all.
      expect(state?.signedMax).toBe(accepted)
    }
    const sum = (of: (tally: Tally) => number) => tallies.reduce((total, tally) => total + of(tally), 0)
    expect(hashes.size).toBe(calls * payers)
    console.log(
      `P9: ${calls * payers} vouchers, ${sum(({ duplicates }) => duplicates)} sent twice, ${kills} kills, ` +
        `${sum(({ lost }) => lost)} answers lost, 0 charged twice`,
    )
  })

  test('serve the calls of one session at once, and charge each once', async () => {
    const calls = Math.ceil(requests / 2)
    const { client, open } = clients[payers] as (typeof clients)[number]
    const opened = await openSessionAt(fleet.urls[0] as string, client, {
      ...{ charged: 0n, budget: BigInt(requests) * price, asset: service.asset },
    })
    let next = 1
    let duplicates = 0
    const paying = Promise.all(
      Array.from({ length: 16 }, async () => {
        for (let counter = next++; counter <= calls; counter = next++) {
          const call = { counter, body: callBody(service, `counter ${counter}`) }
          const isTwice = Math.random() < duplicateShare
          if (isTwice) duplicates += 1
          for (let attempt = 0; ; attempt++) {
            const urls = isTwice && attempt === 0 ? [anyUrl(), anyUrl()] : [anyUrl()]
            const said = await Promise.all(urls.map((url) => callInSession(url, opened, call)))
            if (said.some(({ status }) => status === 200)) break
            // It was answered once, and the answer is gone.
            if (said.some(({ text }) => /counter_used/.test(text))) break
            if (attempt >= attemptsMax) throw new Error(`counter ${counter}: ${toText(said)}`)
            await pause(50)
          }
        }
      }),
    )
    const [, kills] = await Promise.all([paying, killUntil(paying)])
    const closing = () => sessionState(anyUrl(), opened, 'close').then(({ state }) => state, String)
    await expect.poll(closing, { timeout: 120_000, interval: 300 }).toBe('closed')
    expect(await sessionState(anyUrl(), opened)).toMatchObject({ charged: `${BigInt(calls) * price}` })
    const book = createChannelBook()
    for (const record of await readRecords())
      if ('channel' in record && record.channel === open.channel) book.apply(record as never)
    expect(book.get(open.channel)).toMatchObject({ charged: BigInt(calls) * price, session: undefined })
    console.log(`P9: ${calls} session calls, ${duplicates} sent twice, ${kills} kills, 0 charged twice`)
  })

  test('and all of it reaches the ledger by agorai-node settle, once', async () => {
    const total = BigInt(Math.ceil(requests / 2 / payers) * payers + Math.ceil(requests / 2)) * price
    const ledger = { address: market.node.info.chain.addresses.revenueLedger, abi: revenueLedgerAbi } as const
    const sales = async () => {
      const args = [service.service, market.token] as const
      return (await market.chain.readContract({ ...ledger, functionName: 'accountOf', args }))[0]
    }
    const rows = await settleByHand()
    expect(rows.filter(({ channel }) => channel !== undefined)).toHaveLength(payers + 1)
    expect(rows.at(-1)).toMatchObject({ channels: payers + 1, lost: 0 })
    expect(await sales()).toBe(total)
    for (const { open } of clients) expect((await channelOnChain(market, open)).claimed).toBeGreaterThan(0n)
    expect((await settleByHand()).at(-1)).toMatchObject({ channels: 0, transactions: [] })
    expect(await sales()).toBe(total)
  })
})

/** What the command says, line by line. */
async function settleByHand(): Promise<Record<string, unknown>[]> {
  const child = spawnProgram('agoraiNode', ['settle', '--json'], fleet.settings('gateway-0', 'worker'))
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (data) => {
      text += data
    })
  const code = await new Promise((resolve) => child.once('close', resolve))
  expect(code, text).toBe(0)
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}
