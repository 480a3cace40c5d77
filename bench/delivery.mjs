// From the paid order to the verified delivery of a dataset of 100 MB, on one machine, at the local chain's confirmation
// depth. Runs until the goal is met, at most so many times, and exits 1 when it is missed.
//   npm run build && node bench/delivery.mjs [--megabytes 100] [--runs 3]
// The node runs in a process of its own, as it would for a buyer; this process is the buyer.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import {
  buyOffer,
  createAgoraiClient,
  fetchDelivery,
  fundAccount,
  getDevAccount,
  publishAsset,
  verifyDelivery,
} from '@agorai/sdk'

const goalSeconds = 10
/** Base units of a delivery: of a token of six decimals, one and a half. */
const price = 1_500_000n
const { values } = parseArgs({ options: { megabytes: { type: 'string' }, runs: { type: 'string' } } })
const megabytes = Number(values.megabytes ?? 100)
const runs = Number(values.runs ?? 3)

const sliceBytes = 1 << 20

/** Bytes that do not compress and that every run makes again (xorshift32). */
function* binary(bytes) {
  let state = 2_463_534_242
  for (let left = bytes; left > 0; left -= sliceBytes) {
    const words = new Uint32Array(Math.ceil(Math.min(left, sliceBytes) / 4))
    for (let index = 0; index < words.length; index++) {
      state ^= state << 13
      state ^= state >>> 17
      state ^= state << 5
      words[index] = state
    }
    yield new Uint8Array(words.buffer, 0, Math.min(left, sliceBytes))
  }
}

const columns = [
  'id',
  'time',
  'station',
  'latitude',
  'longitude',
  'temperature',
  'humidity',
  'pressure',
  'wind',
  'note',
]
const stations = ['Athens', 'Corinth', 'Ephesus', 'Miletus', 'Rhodes', 'Samos', 'Sparta', 'Thebes']
const notes = [
  'as expected',
  'sensor cleaned the day before',
  'strong gusts, reading averaged',
  'replaced by the neighbour',
]

/** Ten columns of readings, about 130 characters a row, in slices of about 1 MiB. */
function* csv(bytes) {
  const encoder = new TextEncoder()
  let text = `${columns.join(',')}\n`
  let made = 0
  for (let id = 0; made + text.length < bytes; id++) {
    const place = Math.imul(id, 2_654_435_761) >>> 0
    const hex = place.toString(16).padStart(8, '0')
    text += `${hex}-5a1e-4c07-9d3b-${id.toString(16).padStart(12, '0')},${new Date(1.6e12 + id * 60_000).toISOString()},`
    text += `${stations[place % 8]},${(36 + (place % 40_000) / 1e4).toFixed(4)},${(20 + (place % 90_000) / 1e4).toFixed(4)},`
    text += `${(place % 400) / 10},${place % 100},${950 + (place % 900) / 10},${(place % 300) / 10},"${notes[place % 4]}"\n`
    if (text.length < sliceBytes) continue
    made += text.length
    yield encoder.encode(text)
    text = ''
  }
  yield encoder.encode(text)
}

const formats = {
  binary: { make: binary, fileName: 'readings.bin', mediaType: 'application/octet-stream' },
  csv: { make: csv, fileName: 'readings.csv', mediaType: 'text/csv' },
}

async function startNode(folder) {
  const main = fileURLToPath(new URL('../packages/node/dist/main.js', import.meta.url))
  const env = { ...process.env, DATABASE_URL: '' }
  const child = spawn(process.execPath, [main, '--port', '0', '--data-dir', folder, '--json'], { env })
  child.stderr.pipe(process.stderr)
  let output = ''
  const url = await new Promise((resolve, reject) => {
    child.once('exit', (status) => reject(new Error(`the node ended with ${status}: ${output}`)))
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text
      const found = /"event":"ready".*"url":"([^"]+)"/.exec(output)?.[1]
      if (found !== undefined) resolve(found)
    })
  })
  return { child, url }
}

/** Publishes, then measures what the buyer waits for: pay, be confirmed, get the key, download, decrypt, verify everything. */
async function measure(node, rowFormat, token) {
  const { make, fileName, mediaType } = formats[rowFormat]
  let bytes = 0
  for (const slice of make(megabytes * 1e6)) bytes += slice.length
  const seller = await createAgoraiClient({ node, account: getDevAccount(1, 31_337) })
  const buyer = await createAgoraiClient({ node, account: getDevAccount(6, 31_337) })
  const published = performance.now()
  const { version, offers, manifest } = await publishAsset(seller, {
    content: {
      fileName,
      mediaType,
      bytes,
      async *stream() {
        yield* make(megabytes * 1e6)
      },
    },
    rowFormat,
    kind: 'dataset',
    name: `Readings, ${rowFormat}`,
    description: 'Made by bench/delivery.mjs.',
    tags: [],
    licence: { spdx: 'CC0-1.0', source: 'bench/delivery.mjs', attribution: 'none needed' },
    provenance: { description: 'Made by bench/delivery.mjs.' },
    terms: { royaltyBps: 0 },
    contributors: { bps: 0, leaves: [] },
    metrics: [],
    parents: [],
    offers: [{ token, price, usage: 'internal' }],
  })
  const publishSeconds = (performance.now() - published) / 1000
  await fundAccount(buyer, { amount: price })

  const ordered = performance.now()
  await buyOffer(buyer, { offer: offers[0], amountMax: price })
  const delivery = await fetchDelivery(buyer, { version, offer: offers[0] })
  const granted = performance.now()
  const { checks } = await verifyDelivery(buyer, delivery)
  const verified = performance.now()
  return {
    rows: manifest.content.plaintext.rows,
    bytes,
    publishSeconds,
    keySeconds: (granted - ordered) / 1000,
    seconds: (verified - ordered) / 1000,
    checks: checks.length,
  }
}

const folder = await mkdtemp(join(tmpdir(), 'agorai-bench-'))
const { child, url } = await startNode(folder)
/** Seconds by row format. The best run counts: what else the machine does only ever adds. */
const best = new Map()
const isMet = () => [...best.values()].every((seconds) => seconds <= goalSeconds)
try {
  const { info } = await createAgoraiClient({ node: url })
  console.log(
    `Order to verified delivery, ${cpus().length} × ${cpus()[0]?.model.trim()}, Node ${process.versions.node}`,
  )
  for (let run = 0; run < runs && (run === 0 || !isMet()); run++) {
    for (const rowFormat of Object.keys(formats)) {
      const one = await measure(url, rowFormat, info.chain.addresses.testUsd)
      best.set(rowFormat, Math.min(one.seconds, best.get(rowFormat) ?? Number.POSITIVE_INFINITY))
      console.log(
        `${rowFormat.padEnd(7)} ${(one.bytes / 1e6).toFixed(1)} MB, ${one.rows} rows: ${one.seconds.toFixed(2)} s ` +
          `(key after ${one.keySeconds.toFixed(2)} s; ${one.checks} checks; published in ${one.publishSeconds.toFixed(2)} s)`,
      )
    }
  }
} finally {
  child.kill('SIGTERM')
  await once(child, 'exit')
  await rm(folder, { recursive: true, force: true })
}
const figures = [...best].map(([rowFormat, seconds]) => `${rowFormat} ${seconds.toFixed(2)} s`).join(', ')
const verdict = isMet() ? 'met' : 'missed'
console.log(
  `figure: order to verified delivery of ${megabytes} MB: ${figures}; goal at most ${goalSeconds} s, ${verdict}`,
)
process.exitCode = isMet() ? 0 : 1
