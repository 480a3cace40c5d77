import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { bytesToHex } from 'viem/utils'
import { describe, expect, test } from 'vitest'
import { chunkBytes, importContentKey, openContent, sealContent, sealedBytes } from './chunks.js'
import { openPartitions, partitionsOf, sealedBytesOf, sealPartitions } from './partitions.js'
import { splitStream } from './splitStream.js'

const contentId = bytesToHex(randomBytes(32))
const freshSecrets = () => ({ contentKey: new Uint8Array(randomBytes(32)), saltSeed: new Uint8Array(randomBytes(32)) })

async function* slices(bytes: Uint8Array, size = 65_536): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function gather(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of stream) parts.push(part.slice())
  return Buffer.concat(parts)
}

describe('a content in partitions', () => {
  const partitionBytes = [chunkBytes + 5, 1, 3 * chunkBytes]
  const secrets = partitionBytes.map(freshSecrets)
  const plaintext = randomBytes(partitionBytes.reduce((sum, bytes) => sum + bytes))
  const sealing = { contentId, partitionBytes, secrets }
  const seal = (size?: number) => gather(sealPartitions({ ...sealing, plaintext: slices(plaintext, size) }))

  test('is each partition under its own key, one after the other, however it is sliced', async () => {
    const sealed = await seal()
    expect(sealed.length).toBe(partitionBytes.reduce((sum, bytes) => sum + sealedBytes(bytes), 0))
    for (const size of [997, chunkBytes + 6]) expect((await seal(size)).equals(sealed)).toBe(true)
    expect((await gather(openPartitions({ ...sealing, ciphertext: slices(sealed, 1_000) }))).equals(plaintext)).toBe(
      true,
    )
    const first = sealed.subarray(0, sealedBytes(chunkBytes + 5))
    const key = await importContentKey(secrets[0]?.contentKey ?? new Uint8Array())
    const alone = await gather(openContent({ key, contentId, ciphertext: slices(first) }))
    expect(alone.equals(plaintext.subarray(0, chunkBytes + 5))).toBe(true)
  })

  test('loses what its lost keys opened, and nothing else', async () => {
    const ciphertext = await seal()
    for (const lost of [0, 1, 2]) {
      const kept = secrets.map((each, partition) => (partition === lost ? null : each))
      const opened = await gather(openPartitions({ ...sealing, secrets: kept, ciphertext: slices(ciphertext) }))
      const from = partitionBytes.slice(0, lost).reduce((sum, bytes) => sum + bytes, 0)
      const rest = [plaintext.subarray(0, from), plaintext.subarray(from + (partitionBytes[lost] ?? 0))]
      expect(opened.equals(Buffer.concat(rest))).toBe(true)
    }
  })

  test('opens nothing of a partition that stands in the place of another', async () => {
    const [one, other] = [freshSecrets(), freshSecrets()]
    const parts = { contentId, partitionBytes: [10, 10], secrets: [one, other] }
    const sealed = await gather(sealPartitions({ ...parts, plaintext: slices(randomBytes(20)) }))
    const swapped = Buffer.concat([sealed.subarray(26), sealed.subarray(0, 26)])
    const opening = gather(openPartitions({ ...parts, secrets: [other, one], ciphertext: slices(swapped) }))
    await expect(opening).rejects.toMatchObject({ code: 'integrity_failed', details: { chunk: 0 } })
    const second = gather(openPartitions({ ...parts, ciphertext: slices(sealed.subarray(0, 51)) }))
    await expect(second).rejects.toMatchObject({ details: { partition: 1, chunk: 0 } })
  })

  test('is the same as ever when it has one', async () => {
    const key = await importContentKey(secrets[0]?.contentKey ?? new Uint8Array())
    const one = { contentId, partitionBytes: [plaintext.length], secrets: secrets.slice(0, 1) }
    const sealed = await gather(sealPartitions({ ...one, plaintext: slices(plaintext) }))
    expect(sealed.equals(await gather(sealContent({ key, contentId, plaintext: slices(plaintext) })))).toBe(true)
    const content = { plaintext: { bytes: plaintext.length, rows: 7 } }
    expect(sealedBytesOf(content)).toBe(sealed.length)
    expect(partitionsOf(content)).toEqual([{ contributor: null, bytes: plaintext.length, rows: 7 }])
  })
})

test('a stream is split at the stated lengths, and the last part has the rest', async () => {
  const lengths = fc.array(fc.nat(20), { minLength: 1, maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 80 }),
      lengths,
      fc.integer({ min: 1, max: 30 }),
      async (bytes, at, size) => {
        const parts: Buffer[] = []
        for await (const part of splitStream(slices(bytes, size), at)) parts.push(await gather(part))
        expect(parts.length).toBe(at.length)
        expect(Buffer.concat(parts).equals(bytes)).toBe(true)
        let from = 0
        for (const [place, length] of at.slice(0, -1).entries()) {
          expect(parts[place]?.length).toBe(Math.min(length, bytes.length - from))
          from += parts[place]?.length ?? 0
        }
      },
    ),
    { numRuns: 300 },
  )
})

test('a stream whose parts are not all read is closed', async () => {
  let closed = false
  async function* source(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield new Uint8Array(3)
    } finally {
      closed = true
    }
  }
  for await (const part of splitStream(source(), [2, 2])) {
    await gather(part)
    break
  }
  expect(closed).toBe(true)
})
