// What it costs to take a content in, before it is uploaded: rows and their salted root, the sealed chunks and their root, the
// CID. A file is read by the same functions as `agorai publish` reads it, in a process of its own.
//   npm run build && node bench/data/ingest.mjs [--megabytes 512]
import { fork } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const own = fileURLToPath(import.meta.url)
const mebibyte = 1_048_576

/** The figures of BENCHMARKS.md's line on ingest. `megabytes` of a binary file, a tenth of it of CSV. */
export async function measureIngest({ megabytes = 512 } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'agorai-ingest-'))
  try {
    await writeBinary(join(folder, 'content.bin'), megabytes * mebibyte)
    await writeTable(join(folder, 'content.csv'), (megabytes * mebibyte) / 10)
    const binary = await inOwnProcess(join(folder, 'content.bin'))
    const table = await inOwnProcess(join(folder, 'content.csv'))
    return [
      figure('ingest-binary', binary.bytes / binary.cpuSeconds / 1e6, 'MB per CPU-second', {
        goal: 150,
        goalIs: 'least',
      }),
      figure('ingest-binary-memory', binary.rssAboveIdle / 1e6, 'MB above idle', { goal: 300, goalIs: 'most' }),
      figure('ingest-csv', table.bytes / table.cpuSeconds / 1e6, 'MB per CPU-second'),
      figure('ingest-csv-memory', table.rssAboveIdle / 1e6, 'MB above idle', { goal: 300, goalIs: 'most' }),
    ]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Without a goal it is told for whoever wants to know. */
const figure = (id, value, unit, goal = {}) => ({ id, value, unit, ...goal })

async function inOwnProcess(path) {
  const child = fork(own, [], { env: { ...process.env, INGEST_FILE: path }, stdio: 'inherit' })
  const [[measured]] = await Promise.all([once(child, 'message'), once(child, 'exit')])
  return measured
}

/** In the child: prepares the file for a node that has the content already, so that nothing is uploaded. */
async function prepare(path) {
  const { getDevAccount, prepareAsset } = await import('@agorai/sdk')
  const { openFile } = await import('@agorai/sdk/ingest')
  const { createWalletClient, http } = await import('viem')
  const account = getDevAccount(1, 31_337)
  const wallet = createWalletClient({ account, transport: http('http://127.0.0.1:1') })
  const operator = {
    address: getDevAccount(2, 31_337).address,
    encryptionKey: `0x${'09'.padEnd(64, '0')}`,
  }
  const chain = { id: 31_337, local: true, addresses: { assetRegistry: operator.address } }
  const stored = (path) => path.split('/').at(-1)
  const json = async (_, request) =>
    request.method === undefined ? { received: 0, stored: stored(request.path) } : { stored: stored(request.path) }
  const source = await openFile(path)
  const before = process.cpuUsage()
  const idle = process.memoryUsage().rss
  let highest = idle
  const timer = setInterval(() => {
    highest = Math.max(highest, process.memoryUsage().rss)
  }, 20)
  await prepareAsset(
    { wallet, info: { chain, operator }, http: { json } },
    {
      ...{ kind: 'algorithm', name: 'Measured', description: '-', tags: [], metrics: [], members: [] },
      licence: { spdx: 'CC0-1.0', source: '-', attribution: '-' },
      terms: { royaltyBps: 0, serveBps: 0, derivatives: true, consent: false, attribution: true, commercial: true },
      contributors: { bps: 0, leaves: [] },
      provenance: { description: '-' },
      content: source,
      rowFormat: source.format.rowFormat,
    },
  )
  clearInterval(timer)
  const { user, system } = process.cpuUsage(before)
  process.send({ bytes: source.bytes, cpuSeconds: (user + system) / 1e6, rssAboveIdle: highest - idle })
}

async function writeBinary(path, bytes) {
  const file = await open(path, 'w')
  const slice = randomFillSync(Buffer.alloc(mebibyte))
  for (let written = 0; written < bytes; written += slice.length) {
    slice.writeDoubleLE(written)
    await file.write(slice)
  }
  await file.close()
}

/** Ten columns, about 100 characters a row. */
async function writeTable(path, bytes) {
  const file = await open(path, 'w')
  await file.write('id,time,station,latitude,longitude,temperature,humidity,pressure,wind,note\n')
  for (let written = 0, id = 0; written < bytes; ) {
    let text = ''
    for (; text.length < mebibyte; id++)
      text += `${id},2026-01-01T00:${id % 60}:00Z,Athens,37.98${id % 97},23.72${id % 89},${id % 41}.5,${id % 100},1013.${id % 10},${id % 17},as expected\n`
    await file.write(text)
    written += text.length
  }
  await file.close()
}

if (process.env.INGEST_FILE !== undefined) await prepare(process.env.INGEST_FILE)
else if (process.argv[1] === own) {
  const { values } = parseArgs({ options: { megabytes: { type: 'string' } } })
  for (const { id, value, unit, goal } of await measureIngest({ megabytes: Number(values.megabytes ?? 512) }))
    console.log(`${id.padEnd(22)} ${value.toFixed(1).padStart(8)} ${unit}${goal === undefined ? '' : `, goal ${goal}`}`)
}
