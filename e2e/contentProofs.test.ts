import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer, request as httpRequest, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import {
  type ContentManifest,
  canonicalRow,
  chunkBytes,
  contentProofsAbi,
  createChunkTree,
  createRowTree,
  cutChunks,
  hashChunk,
  mapChunks,
  sealPartitions,
  toTypedData,
} from '@agorai/core'
import {
  type AgoraiClient,
  collectBytes,
  createAgoraiClient,
  fetchDelivery,
  getDevAccount,
  proveWrongChunk,
  publishAsset,
  type WrongChunk,
} from '@agorai/sdk'
import { bytesToHex, type Hex, zeroHash } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Marketplace, startMarketplace } from './marketplace.js'

let market: Marketplace
beforeAll(async () => {
  market = await startMarketplace({ contentBytesMax: 64 * 1024 * 1024 })
})
afterAll(() => market.stop())

async function publish(content: Uint8Array, rowFormat: 'csv' | 'binary', client: AgoraiClient = market.ada) {
  return publishAsset(client, {
    content: {
      fileName: rowFormat === 'csv' ? 'rows.csv' : 'bytes.bin',
      mediaType: rowFormat === 'csv' ? 'text/csv' : 'application/octet-stream',
      bytes: content.length,
      async *stream() {
        for (let at = 0; at < content.length; at += 65_536) yield content.subarray(at, at + 65_536)
      },
    },
    rowFormat,
    kind: 'dataset',
    name: 'Rows to prove',
    description: 'Rows and chunks, each to be proven.',
    tags: [],
    licence: { spdx: 'CC0-1.0', source: 'This test', attribution: 'Nobody' },
    provenance: { description: 'Made for a test.' },
    terms: { royaltyBps: 0 },
    contributors: { bps: 0, leaves: [] },
    metrics: [],
    offers: [],
  })
}

const deliver = (version: bigint) => fetchDelivery(market.ada, { version })
const ask = (functionName: 'isRowOf' | 'isChunkOf', args: readonly unknown[]): Promise<boolean> =>
  market.chain.readContract({
    address: market.ada.info.chain.addresses.contentProofs,
    abi: contentProofsAbi,
    functionName,
    args,
  } as never) as Promise<boolean>

const sourceOf = ({ version, publisher, manifestBytes }: Awaited<ReturnType<typeof deliver>>) => ({
  version,
  publisher,
  contributorRoot: zeroHash,
  manifest: bytesToHex(manifestBytes),
})

async function sealedChunks(delivery: Awaited<ReturnType<typeof deliver>>): Promise<Uint8Array[]> {
  const { manifest, secrets } = delivery
  const sealed = sealPartitions({
    contentId: manifest.contentId,
    partitionBytes: [manifest.content.plaintext.bytes],
    secrets: secrets.filter((each) => each !== null),
    plaintext: delivery.plaintext(),
  })
  const chunks: Uint8Array[] = []
  for await (const { bytes } of cutChunks(manifest.content, sealed)) chunks.push(Uint8Array.from(bytes))
  return chunks
}

describe('the contract agrees with the trees of the SDK', () => {
  test.each([1, 2, 3, 7, 12, 33])('on every row of %i', async (rows) => {
    const values = Array.from({ length: rows }, (_, index) => `${index},${randomBytes(3).toString('hex')}`)
    const { version } = await publish(new TextEncoder().encode(`n,value\n${values.join('\n')}\n`), 'csv')
    const delivery = await deliver(version)
    const source = sourceOf(delivery)
    const tree = await createRowTree(delivery.secrets[0]?.saltSeed)
    const bytes = values.map((value) => {
      const [n, text] = value.split(',')
      return canonicalRow({ n, value: text })
    })
    for (const row of bytes) tree.add(row)
    expect(tree.root()).toBe(delivery.manifest.content.plaintext.root)
    for (const [index, row] of bytes.entries()) {
      const proof = tree.proof(index)
      expect(await ask('isRowOf', [source, BigInt(index), tree.salt(index), bytesToHex(row), proof])).toBe(true)
      const other = bytesToHex(canonicalRow({ n: 'x', value: 'y' }))
      expect(await ask('isRowOf', [source, BigInt(index), tree.salt(index), other, proof])).toBe(false)
      expect(await ask('isRowOf', [source, BigInt(index + 1), tree.salt(index), bytesToHex(row), proof])).toBe(false)
    }
  })

  test.each([0, 1, 2, 5, 9])('on every chunk of %i MiB and a bit', async (mebibytes) => {
    const { version } = await publish(randomBytes(mebibytes * chunkBytes + 77), 'binary')
    const delivery = await deliver(version)
    const source = sourceOf(delivery)
    const tree = await createChunkTree()
    const hashes: Uint8Array[] = []
    for (const chunk of await sealedChunks(delivery)) hashes.push(await hashChunk(chunk))
    for (const hash of hashes) tree.add(hash)
    const { chunkRoot, chunks } = delivery.manifest.content
    expect([tree.root(), tree.chunks, hashes.length]).toEqual([chunkRoot, chunks, mebibytes + 1])
    for (const [index, hash] of hashes.entries()) {
      const proof = tree.proof(index)
      expect(await ask('isChunkOf', [source, BigInt(index), bytesToHex(hash), proof])).toBe(true)
      expect(await ask('isChunkOf', [source, BigInt(index), bytesToHex(randomBytes(32)), proof])).toBe(false)
      expect(await ask('isChunkOf', [source, BigInt(index + 1), bytesToHex(hash), proof])).toBe(false)
    }
  })
})

/* AN OPERATOR WHO LIES */

type Lie = {
  /** The chunk that is altered wherever it is sent. */
  chunk: number
  /** What the asked-for chunk is answered with, and signed for: the same lie, the truth, or nothing. */
  signed: 'lie' | 'truth' | 'nothing'
}

let lying: Server | undefined
afterEach(() => {
  lying?.closeAllConnections()
  lying?.close()
})

/** The node with an operator's hand in between, who has the operator's key and alters what is sent. */
async function startLiar(manifest: ContentManifest, { chunk, signed }: Lie): Promise<string> {
  const keys = JSON.parse(await readFile(join(market.node.folder, 'keys', 'operator.json'), 'utf8')) as Record<
    string,
    Hex
  >
  const account = privateKeyToAccount(keys.signingKey ?? '0x')
  const { assetRegistry } = market.ada.info.chain.addresses
  const domain = { chainId: market.ada.info.chain.id, assetRegistry }
  const { start, end } = mapChunks(manifest.content).spanOf(chunk)
  const server = createServer((incoming, outgoing) => {
    const url = new URL(incoming.url ?? '/', market.node.url)
    const body: Buffer[] = []
    incoming.on('data', (part: Buffer) => body.push(part))
    incoming.on('end', () => {
      const forwarded = httpRequest(
        url,
        { method: incoming.method, headers: { ...incoming.headers, host: url.host } },
        (answer) => {
          const parts: Buffer[] = []
          answer.on('data', (part: Buffer) => parts.push(part))
          answer.on('end', async () => {
            const whole = Buffer.concat(parts)
            const headers = { ...answer.headers }
            if (url.pathname.startsWith('/api/v1/content/')) {
              const asked = url.searchParams.get('chunk')
              if (asked === null) {
                const from = Number(/bytes (\d+)-/.exec(String(headers['content-range'] ?? 'bytes 0-'))?.[1])
                if (from <= start && from + whole.length >= end) alter(whole, start - from)
              } else if (signed === 'nothing') headers['agorai-chunk-receipt'] = undefined
              else if (signed === 'lie') {
                alter(whole, 0)
                const { signature: _, ...receipt } = JSON.parse(
                  Buffer.from(String(headers['agorai-chunk-receipt']), 'base64url').toString(),
                )
                const lie = { ...receipt, chunkHash: bytesToHex(await hashChunk(whole)) }
                const message = { ...lie, index: BigInt(lie.index), sentAt: BigInt(lie.sentAt) }
                const signature = await account.signTypedData(toTypedData(domain, 'ChunkReceipt', message))
                headers['agorai-chunk-receipt'] = Buffer.from(JSON.stringify({ ...lie, signature })).toString(
                  'base64url',
                )
              }
            }
            outgoing.writeHead(answer.statusCode ?? 500, JSON.parse(JSON.stringify(headers)))
            outgoing.end(whole)
          })
        },
      )
      forwarded.end(Buffer.concat(body))
    })
  })
  lying = server
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const alter = (bytes: Buffer, at: number): void => {
  bytes.writeUInt8(bytes.readUInt8(at + 5) ^ 1, at + 5)
}

describe('an operator who sends another chunk', () => {
  const content = randomBytes(4 * chunkBytes + 1_000)

  async function buyFrom(lie: Lie, sources: readonly string[] = []) {
    const { version } = await publish(content, 'binary')
    const { manifest } = await deliver(version)
    const node = await startLiar(manifest, lie)
    const client = await createAgoraiClient({ node, account: getDevAccount(1, market.ada.info.chain.id) })
    const proofs: WrongChunk[] = []
    const onWrongChunk = (wrong: WrongChunk) => void proofs.push(wrong)
    const delivery = await fetchDelivery(client, { version, sources, onWrongChunk })
    return { delivery, proofs }
  }

  test.each([0, 2, 4])(
    'is proven on chain by its own signature, and nothing of chunk %i is handed out',
    async (chunk) => {
      const { delivery, proofs } = await buyFrom({ chunk, signed: 'lie' })
      let read = 0
      const reading = (async () => {
        for await (const slice of delivery.plaintext()) read += slice.length
      })()
      await expect(reading).rejects.toMatchObject({ code: 'integrity_failed', details: { chunk } })
      expect(read).toBe(chunk * chunkBytes)
      expect(proofs).toHaveLength(1)
      const [proof] = JSON.parse(JSON.stringify(proofs)) as [WrongChunk]
      expect(await proveWrongChunk(market.boole, proof)).toEqual({ proven: true })
      // Nothing but the operator's very words proves anything.
      const { receipt } = proof
      for (const other of [
        { ...proof, operator: market.ada.info.chain.addresses.assetRegistry },
        { ...proof, receipt: { ...receipt, chunkHash: proof.chunkHash } },
        { ...proof, receipt: { ...receipt, index: String(Number(receipt.index) + 1) } },
        { ...proof, receipt: { ...receipt, sentAt: '1' } },
        { ...proof, version: '999' },
        { ...proof, chain: 1 },
        { ...proof, chunkHash: receipt.chunkHash },
      ])
        expect(await proveWrongChunk(market.boole, other)).toEqual({ proven: false })
    },
  )

  test('is made up for by another node that has the right one; the proof stays', async () => {
    const { delivery, proofs } = await buyFrom({ chunk: 1, signed: 'lie' }, [market.node.url])
    expect(content.equals(await collectBytes(delivery.plaintext()))).toBe(true)
    expect(proofs).toHaveLength(1)
    expect(await proveWrongChunk(market.boole, proofs[0] as WrongChunk)).toEqual({ proven: true })
  })

  test('who sends the right one when it has to sign is no liar: the delivery goes on', async () => {
    const { delivery, proofs } = await buyFrom({ chunk: 3, signed: 'truth' })
    expect(content.equals(await collectBytes(delivery.plaintext()))).toBe(true)
    expect(proofs).toEqual([])
  })

  test('who does not sign is proven nothing, and is not believed', async () => {
    const { delivery, proofs } = await buyFrom({ chunk: 1, signed: 'nothing' })
    await expect(collectBytes(delivery.plaintext())).rejects.toMatchObject({
      code: 'integrity_failed',
      details: { chunk: 1 },
    })
    expect(proofs).toEqual([])
  })

  test('a delivery goes on from any byte of the plaintext', async () => {
    const { version } = await publish(content, 'binary')
    const delivery = await deliver(version)
    for (const start of [0, 1, chunkBytes - 1, chunkBytes, 2 * chunkBytes + 5, content.length - 1, content.length]) {
      const rest = await collectBytes(delivery.plaintext({ start }))
      expect(content.subarray(start).equals(rest), `from ${start}`).toBe(true)
    }
  })
})

describe('who may ask for receipts', () => {
  test('only who has a delivery of this operator, for a chunk of its content, and not without end', async () => {
    const { version } = await publish(randomBytes(100), 'binary')
    const { grant, manifest } = await deliver(version)
    const { cid } = manifest.content
    const header = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const receipt = { ...grant.receipt, signature: grant.receiptSignature }
    const get = async (chunk: string, delivery?: string) => {
      const response = await fetch(`${market.node.url}/api/v1/content/${cid}?chunk=${chunk}`, {
        ...(delivery === undefined ? {} : { headers: { 'agorai-delivery': delivery } }),
      })
      const problem = response.ok ? undefined : ((await response.json()) as { code: string })
      return { status: response.status, code: problem?.code, retryAfter: response.headers.get('retry-after') }
    }
    expect(await get('0', header(receipt))).toMatchObject({ status: 200 })
    expect(await get('0')).toMatchObject({ code: 'invalid_request' })
    expect(await get('0', '{}')).toMatchObject({ code: 'invalid_request' })
    expect(await get('x', header(receipt))).toMatchObject({ code: 'invalid_request' })
    expect(await get('1', header(receipt))).toMatchObject({ code: 'not_found' })
    expect(await get('0', header({ ...receipt, grantedAt: '1' }))).toMatchObject({ code: 'signature_invalid' })
    const answers = await Promise.all(Array.from({ length: 120 }, () => get('0', header(receipt))))
    const refused = answers.filter(({ code }) => code === 'rate_limited')
    expect(refused.length).toBeGreaterThan(10)
    expect(refused.every(({ status, retryAfter }) => status === 429 && Number(retryAfter) > 0)).toBe(true)
  })
})
