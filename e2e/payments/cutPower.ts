import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createChannelBook, x402Errors } from '@agorai/core'
import type { Hex } from 'viem'
import { expect } from 'vitest'
import { openRecordFile } from '../../packages/node/src/adapters/journal/recordFile.js'
import type { ChargeRecord } from '../../packages/node/src/ports/chargeLog.js'
import type { JournalRecord } from '../../packages/node/src/ports/journal.js'
import { removeFolder } from '../../packages/node/test/support.js'
import { type PaidNode, randomNonce, target } from './paidNode.js'
import { callBody, price } from './paidService.js'
import { callInSession, openSessionAt, sessionState } from './sessionClient.js'
import { payFor, toText } from './voucherClient.js'
import { followWrites, leaveFiles, type WriteLog } from './writeLog.js'

/**
 * P10 where the power fails: a kill leaves what was written, a power cut only what was synced. All writes of a real node
 * are followed, and for every acknowledgement and for random moments the files are put together as a cut may leave them.
 */

const cuts = Number(process.env.AGORAI_POWER_CUTS ?? 200)
const rounds = process.env.AGORAI_POWER_CUTS === undefined ? 4 : 40
/** At so many of the cuts a gateway is started on what is left. */
const starts = process.env.AGORAI_POWER_CUTS === undefined ? 3 : 20

/** What a power cut left, as a gateway reads it when it starts. */
type Left = { charged: ReadonlyMap<Hex, bigint>; opened: Set<string>; closed: Set<string>; calls: Set<string> }
type Acknowledged = {
  at: number
  what: string
  isIn(left: Left): boolean
  /** Whether a gateway that started on what is left knows of it. */
  isAt(url: string): Promise<boolean>
}

async function readLeft(folder: string, names: readonly string[]): Promise<Left> {
  const book = createChannelBook()
  const left = { opened: new Set<string>(), closed: new Set<string>(), calls: new Set<string>() }
  const note = (record: JournalRecord | ChargeRecord) => {
    if (record.kind === 'session-opened') left.opened.add(record.session)
    if (record.kind === 'session-closed') left.closed.add(record.session)
    if (record.kind === 'charge') left.calls.add(`${record.session}/${Number.parseInt(record.call, 10)}`)
    if (record.kind === 'lease-returned')
      for (const line of record.calls) left.calls.add(`${record.session}/${Number.parseInt(line, 10)}`)
    if ('channel' in record && 'sequence' in record) book.apply(record)
  }
  for (const name of names.filter((each) => each.endsWith('.log'))) {
    const file = await openRecordFile<JournalRecord | ChargeRecord>(join(folder, name))
    for await (const record of file.replay()) note(record)
    await file.close()
  }
  return { ...left, charged: new Map([...book.channels()].map(({ channel, charged }) => [channel, charged])) }
}

/** Pays by vouchers and in sessions, and notes when each was acknowledged. */
async function payAndNote(paid: PaidNode, url: string): Promise<Acknowledged[]> {
  const client = await paid.newClient()
  const acknowledged: Acknowledged[] = []
  const note = (what: string, isIn: Acknowledged['isIn'], isAt: Acknowledged['isAt']) =>
    void acknowledged.push({ at: (Date.now() + 1) / 1_000, what, isIn, isAt })
  const openings: Parameters<typeof openSessionAt>[2][] = []
  /** A session that was cut off has the channel until it is closed: whoever opens it again by its nonce is given it. */
  async function closeStanding(url: string): Promise<void> {
    for (const opening of openings) {
      const opened = await openSessionAt(url, client, opening).catch(() => undefined)
      if (opened !== undefined) await sessionState(url, opened, 'close')
    }
  }
  /** Whoever is behind is told what was charged. */
  async function chargedAt(url: string): Promise<bigint> {
    const ask = () => payFor(url + target, callBody(paid.service, 'how much?'), client.voucher(0n))
    let said = await ask()
    if (said.kind === 'refused' && said.error === x402Errors.channelBusy) {
      await closeStanding(url)
      said = await ask()
    }
    if (said.kind === 'lost' || said.cumulative === undefined) throw new Error(toText(said))
    return said.cumulative
  }
  let charged = 0n
  for (let round = 0; round < rounds; round++) {
    const said = await payFor(url + target, callBody(paid.service, `round ${round}`), client.voucher(charged))
    if (said.kind !== 'answered') throw new Error(toText(said))
    charged += price
    const total = charged
    note(
      `voucher ${total}`,
      (left) => (left.charged.get(client.channel) ?? 0n) >= total,
      async (at) => (await chargedAt(at)) >= total,
    )
    const opening = { charged, budget: price * 100n, asset: paid.service.asset, nonce: randomNonce() }
    openings.push(opening)
    const opened = await openSessionAt(url, client, opening)
    const { session } = opened
    const other = callBody(paid.service, 'a counter twice')
    const stateAt = (at: string) => sessionState(at, opened)
    note(
      'session opened',
      (left) => left.opened.has(session),
      async (at) => (await stateAt(at)).session === session,
    )
    await Promise.all(
      [1, 2, 3, 4].map(async (counter) => {
        const { status } = await callInSession(url, opened, { counter, body: callBody(paid.service, `${counter}`) })
        expect(status).toBe(200)
        note(
          `call ${counter}`,
          (left) => left.calls.has(`${session}/${counter}`),
          async (at) =>
            /counter_used|session_closed/.test((await callInSession(at, opened, { counter, body: other })).text),
        )
      }),
    )
    expect((await sessionState(url, opened, 'close')).state).toBe('closed')
    charged += 4n * price
    note(
      'session closed',
      (left) => left.closed.has(session),
      async (at) => (await stateAt(at)).state === 'closed',
    )
  }
  return acknowledged
}

/** @returns How many acknowledgements were looked for. */
async function cutAt(writes: WriteLog, acknowledged: readonly Acknowledged[], at: number): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'agorai-cut-'))
  try {
    const left = await readLeft(folder, await leaveFiles(writes, { at, folder, random: Math.random }))
    const due = acknowledged.filter((each) => each.at <= at)
    expect(due.filter(({ isIn }) => !isIn(left)).map(({ what }) => what)).toEqual([])
    return due.length
  } finally {
    await removeFolder(folder)
  }
}

/** Starts a gateway on what a cut at a moment left, unaided, and asks it for all that was acknowledged. */
async function startAt(
  paid: PaidNode,
  writes: WriteLog,
  { acknowledged, at }: { acknowledged: readonly Acknowledged[]; at: number },
): Promise<void> {
  const folder = await paid.newFolder()
  try {
    for (const name of ['journal', 'charges']) await rm(join(folder, name), { recursive: true })
    await leaveFiles(writes, { at, folder, random: Math.random })
    const { url, child, exited } = await paid.start(folder)
    try {
      const lost: string[] = []
      // The last first: what asks for a voucher closes the session that stands, and its calls must be asked for before.
      const due = acknowledged.filter(({ at: when }) => when <= at).toReversed()
      for (const { what, isAt } of due) if (!(await isAt(url))) lost.push(what)
      expect(lost).toEqual([])
    } finally {
      child.kill('SIGKILL')
      await exited
    }
  } finally {
    await removeFolder(folder)
  }
}

/**
 * Lets a node sell, and looks for all that it acknowledged in what power cuts leave of its files.
 *
 * @returns What was done, for the report.
 */
export async function cutPower(paid: PaidNode, folder: string): Promise<string> {
  const node = await paid.start(folder)
  const folders = [join(folder, 'journal'), join(folder, 'charges')]
  const end = await followWrites(node.child, { folders, scratch: join(folder, 'followed') })
  const begun = Date.now() / 1_000
  const acknowledged = await payAndNote(paid, node.url)
  const ended = Date.now() / 1_000
  const writes = await end()
  node.child.kill('SIGKILL')
  await node.exited
  expect(writes.steps.filter(({ kind }) => kind === 'sync').length).toBeGreaterThan(rounds * 4)

  const atRandom = () => begun + Math.random() * (ended - begun)
  let looked = 0
  for (const { at } of acknowledged) looked += await cutAt(writes, acknowledged, at)
  for (let cut = acknowledged.length; cut < cuts; cut++) looked += await cutAt(writes, acknowledged, atRandom())
  for (let start = 0; start < starts; start++) await startAt(paid, writes, { acknowledged, at: atRandom() })
  return `P10: ${Math.max(cuts, acknowledged.length)} power cuts, ${looked} acknowledgements found, 0 lost, and in ${starts} gateways that started on them`
}
