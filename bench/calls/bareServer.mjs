// As little as a server can do that checks a payment and has it on the disk before it answers: one signature or one MAC,
// one line in a file, one sync for all that wait. What a call waits for here it waits for anywhere on this machine.
//   node bench/calls/bareServer.mjs <settings as JSON>
import { createHmac, hash, randomBytes } from 'node:crypto'
import { fdatasync, openSync, writeSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const secp256k1 = createRequire(new URL('../../packages/node/package.json', import.meta.url))('secp256k1')
const { folder, checks } = JSON.parse(process.argv[2])
const file = openSync(join(folder, 'bare.log'), 'a')
const key = randomBytes(32)
const digest = randomBytes(32)
const { signature } = secp256k1.ecdsaSign(digest, key)
const publicKey = secp256k1.publicKeyCreate(key)

const isPaid = {
  signature: () => secp256k1.ecdsaVerify(signature, digest, publicKey),
  mac: (body) => createHmac('sha256', key).update(hash('sha256', body)).digest().length === 32,
}[checks]

/** Of about the size of a charge. */
const line = Buffer.alloc(300, 'a')
let waiting = []
let isSyncing = false

function sync() {
  const group = waiting
  waiting = []
  isSyncing = group.length > 0
  if (!isSyncing) return
  writeSync(file, Buffer.concat(group.map(() => line)))
  fdatasync(file, (error) => {
    if (error !== null) throw error
    for (const answer of group) answer()
    setImmediate(sync)
  })
}

const text = JSON.stringify({ ok: true, result: 'hello', model: 'tiny', tokens: 12 })
const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }
const server = createServer((request, response) => {
  const parts = []
  request.on('data', (part) => parts.push(part))
  request.on('end', () => {
    if (!isPaid(Buffer.concat(parts))) throw new Error('what was signed here does not verify')
    waiting.push(() => response.writeHead(200, headers).end(text))
    if (!isSyncing) setImmediate(sync)
  })
})
process.once('SIGINT', () => process.exit(0))
process.stdin.once('end', () => process.exit(0)).resume()
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })))
