// Runs the candidates in turn, round by round, and makes the figures: medians, and what they come to beside the peers.
import { hash } from 'node:crypto'
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { receiptHeaderOf } from '@agorai/core'
import { chargeLine } from '../../packages/node/dist/gateway/sessions/chargeLine.js'

/** So many calls at a time, which share one sync of the disk. */
const connections = 64
const official = '@x402/hono 2.27.0'
/** Requests on each connection in a round. Official servers answer some hundred a second. */
const each = { product: 250, official: 10, exact: 24 }
/** Until a server's code is compiled and its channels are known. The official code is compiled after some thousand requests. */
const warmUps = 3
const eachWarmUp = { ...each, official: 25 }
const pacedSeconds = 5
const pacedRounds = 3

const median = (numbers) => [...numbers].sort((left, right) => left - right)[numbers.length >> 1]
const medianOf = (runs, name) => median(runs.map((run) => run[name]))
const round = (value) => (value >= 100 ? Math.round(value) : Number(value.toPrecision(3)))

/** `met` is computed here and nowhere else: of a ratio, or of the value where `goalIs` says so. */
function figure({ id, value, unit, peer, peerValue, goal, goalIs }) {
  const ratio = peerValue === undefined ? undefined : value / peerValue
  const judged = goalIs?.startsWith('ratio') ? ratio : value
  const met = goal === undefined ? undefined : goalIs.endsWith('most') ? judged <= goal : judged >= goal
  const peerRounded = peerValue === undefined ? undefined : round(peerValue)
  const ratioRounded = ratio === undefined ? undefined : round(ratio)
  return { id, value: round(value), unit, peer, peerValue: peerRounded, ratio: ratioRounded, goal, met }
}

export async function measure({ makers, load, folder, say, rounds, parts, model }) {
  const wants = (part) => parts.includes(part)
  const figures = []
  if (wants('vouchers') || wants('sessions')) figures.push(...(await measureCalls()))
  if (wants('exact')) figures.push(...(await measureExact()))
  return [...figures, receiptFigure()]

  async function measureCalls() {
    say('opening channels and sessions')
    const candidates = [
      await makers.unpaid('unpaid', 'empty'),
      ...(wants('vouchers')
        ? [await makers.vouchers('vouchers', connections), await makers.officialVouchers('official', connections)]
        : []),
      ...(wants('sessions')
        ? [
            await makers.sessions('session', 'empty'),
            await makers.sessions('bearer', 'empty', 'bearer'),
            await makers.unpaid('unpaid-model', 'model'),
            await makers.sessions('session-model', 'model'),
          ]
        : []),
    ]
    const runs = new Map(candidates.map(({ name }) => [name, []]))
    const loadOf = ({ name }, counts) => ({ connections, each: name === 'official' ? counts.official : counts.product })
    for (let turn = -warmUps; turn < rounds; turn++) {
      say(turn < 0 ? 'warming up' : `round ${turn + 1} of ${rounds}`)
      for (const candidate of candidates) {
        const run = await load.measure(candidate, loadOf(candidate, turn < 0 ? eachWarmUp : each))
        if (turn >= 0) runs.get(candidate.name).push(run)
      }
    }
    const rate = (name) => medianOf(runs.get(name), 'perCpu')
    const unit = 'requests per CPU-second'
    const free = { unit, peer: 'the same route unpaid' }
    const figures = [figure({ id: 'unpaid, an empty handler', value: rate('unpaid'), unit })]
    if (wants('vouchers'))
      figures.push(
        figure({
          id: 'a voucher of batch-settlement a call',
          value: rate('vouchers'),
          unit,
          peer: `${official} batch-settlement`,
          peerValue: rate('official'),
          goal: 35,
          goalIs: 'ratio at least',
        }),
        figure({ id: 'a voucher a call beside unpaid', value: rate('vouchers'), ...free, peerValue: rate('unpaid') }),
        ...['p50', 'p99'].map((name) =>
          figure({
            id: `a voucher a call, as many as there can be: ${name}`,
            value: medianOf(runs.get('vouchers'), name),
            unit: `ms, ${connections} at a time`,
            peer: `${official} batch-settlement`,
            peerValue: medianOf(runs.get('official'), name),
          }),
        ),
      )
    if (wants('sessions')) {
      const least = 'ratio at least'
      const beside = { ...free, peerValue: rate('unpaid') }
      const ofModel = { unit: `${unit}, with an inference of ${round(model.taken)} CPU-µs` }
      const besideModel = { ...free, ...ofModel, peerValue: rate('unpaid-model') }
      figures.push(
        figure({ id: 'unpaid, one inference of a model', value: rate('unpaid-model'), ...ofModel }),
        figure({ id: 'in a session, an empty handler', value: rate('session'), ...beside, goal: 0.55, goalIs: least }),
        figure({ id: 'in a session by bearer, an empty handler', value: rate('bearer'), ...beside }),
        figure({
          id: 'in a session, one inference of a model',
          value: rate('session-model'),
          ...besideModel,
          goal: 0.8,
          goalIs: least,
        }),
      )
    }
    const paid = candidates.filter(({ name }) => ['vouchers', 'session'].includes(name))
    for (const candidate of paid) {
      const bare = await makers.bare(`bare-${candidate.name}`, candidate.name === 'session' ? 'mac' : 'signature')
      figures.push(...(await measurePaced({ unpaid: candidates[0], bare, paid: candidate }, runs)))
    }
    return figures
  }

  /** How much later an answer comes for being paid for, at half of the load that the paid route can take. */
  async function measurePaced({ unpaid, bare, paid }, runs) {
    say(`${paid.name} at half of its load`)
    const rate = medianOf(runs.get(paid.name), 'perSecond') / 2
    const paced = { connections, each: Math.ceil((rate * pacedSeconds) / connections), rate }
    const [before, between, after, disk] = [[], [], [], []]
    for (let turn = 0; turn < pacedRounds; turn++) {
      disk.push(syncP99(join(folder, 'synced')))
      before.push(await load.measure(unpaid, paced))
      between.push(await load.measure(bare, paced))
      after.push(await load.measure(paid, paced))
    }
    const unit = `ms at ${round(rate)} calls a second`
    const added = Math.max(0, medianOf(after, 'p99') - medianOf(before, 'p99'))
    const same = { unit, peer: 'the same route unpaid' }
    return [
      figure({ id: `${paid.name}: p50`, value: medianOf(after, 'p50'), ...same, peerValue: medianOf(before, 'p50') }),
      figure({ id: `${paid.name}: p99`, value: medianOf(after, 'p99'), ...same, peerValue: medianOf(before, 'p99') }),
      figure({
        id: `${paid.name}: added p99`,
        value: added,
        unit,
        peer: 'p99 of fdatasync on this disk',
        peerValue: median(disk),
        goal: 2,
        goalIs: 'ratio at most',
      }),
      figure({
        id: `${paid.name}: p99 beside a server that only checks and syncs`,
        value: medianOf(after, 'p99'),
        unit,
        peer: 'the bare server',
        peerValue: medianOf(between, 'p99'),
      }),
    ]
  }

  /** From the signed payment to the answer, with the transfer mined in between; one call after the other. */
  async function measureExact() {
    say('exact on a local chain')
    const candidates = [await makers.exact('exact', {}), await makers.exact('official-exact', { isOfficial: true })]
    const runs = candidates.map(() => [])
    for (let turn = -1; turn < rounds; turn++)
      for (const [index, candidate] of candidates.entries()) {
        const run = await load.measure(candidate, { connections: 1, each: each.exact })
        if (turn >= 0) runs[index].push(run)
      }
    const [own, theirs] = runs
    const beside = (name) => ({
      value: medianOf(own, name),
      peer: `${official} exact`,
      peerValue: medianOf(theirs, name),
    })
    return [
      figure({
        id: 'exact end to end on a local chain',
        value: 1_000 / medianOf(own, 'p50'),
        unit: 'calls per second, one at a time',
        peer: `${official} exact`,
        peerValue: 1_000 / medianOf(theirs, 'p50'),
        goal: 2,
        goalIs: 'ratio at least',
      }),
      figure({ id: 'exact by the server’s CPU', ...beside('perCpu'), unit: 'calls per CPU-second' }),
      ...['p50', 'p99'].map((name) => figure({ id: `exact: ${name}`, ...beside(name), unit: 'ms' })),
    ]
  }
}

/** What 99 of 100 appends of a charge's size take to be on the disk, in ms. */
function syncP99(path) {
  const file = openSync(path, 'a')
  const charge = Buffer.alloc(300, 7)
  const times = Array.from({ length: 300 }, () => {
    const began = performance.now()
    writeSync(file, charge)
    fdatasyncSync(file)
    return performance.now() - began
  })
  closeSync(file)
  return times.sort((left, right) => left - right)[Math.floor(times.length * 0.99)]
}

/** What the receipt of a call adds to it: the answer's hash, its line in the log, its header. */
function receiptFigure() {
  const body = Buffer.from(JSON.stringify({ ok: true, result: 'hello', model: 'tiny', tokens: 12 }))
  const requestHash = hash('sha256', 'a request', 'base64url')
  const subject = 'A'.repeat(22)
  const [usage, count] = ['call=1', 100_000]
  let length = 0
  const make = (counter) => {
    const responseHash = hash('sha256', body, 'base64url')
    length += chargeLine({
      counter,
      amount: 1n,
      version: '7',
      at: 1_700_000_000,
      usage,
      requestHash,
      responseHash,
    }).length
    length += receiptHeaderOf({ subject, counter, amount: 1n, usage, requestHash, responseHash }).length
  }
  const times = Array.from({ length: 5 }, () => {
    const before = process.cpuUsage()
    for (let counter = 1; counter <= count; counter++) make(counter)
    const { user, system } = process.cpuUsage(before)
    return (user + system) / count
  })
  if (length === 0) throw new Error('no receipt was made')
  return figure({ id: 'the receipt of a call', value: Math.min(...times), unit: 'CPU-µs', goal: 3, goalIs: 'most' })
}
