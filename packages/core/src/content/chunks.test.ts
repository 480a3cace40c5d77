import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import type { Hex } from 'viem'
import { bytesToHex } from 'viem/utils'
import { beforeAll, describe, expect, test } from 'vitest'
import { AgoraiError, isAgoraiError } from '../errors/AgoraiError.js'
import { chunkBytes, importContentKey, openContent, sealContent, sealedBytes } from './chunks.js'

const contentId = bytesToHex(randomBytes(32))
const sealedChunk = chunkBytes + 16
/** Thousands of bytes, and every byte of the shortest chunk. */
const isDeep = process.env.AGORAI_DEEP === '1'
let key: CryptoKey
beforeAll(async () => {
  key = await importContentKey(randomBytes(32))
})

async function* slices(bytes: Uint8Array, size = 65_536): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function seal(plaintext: Uint8Array, sliceBytes?: number, id: Hex = contentId): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of sealContent({ key, contentId: id, plaintext: slices(plaintext, sliceBytes) }))
    chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** What came out before the end or the error. */
async function open(
  ciphertext: Uint8Array,
  options: { id?: Hex; with?: CryptoKey; sliceBytes?: number } = {},
): Promise<{ plaintext: Buffer; error?: unknown }> {
  const chunks: Uint8Array[] = []
  try {
    const parameters = { key: options.with ?? key, contentId: options.id ?? contentId }
    for await (const chunk of openContent({ ...parameters, ciphertext: slices(ciphertext, options.sliceBytes) }))
      chunks.push(chunk)
  } catch (error) {
    return { plaintext: Buffer.concat(chunks), error }
  }
  return { plaintext: Buffer.concat(chunks) }
}

const altered = expect.objectContaining({ name: 'IntegrityFailedError', code: 'integrity_failed' })

describe('a content that is sealed and opened', () => {
  test.each([0, 1, 15, 16, 17, chunkBytes - 1, chunkBytes, chunkBytes + 1, 2 * chunkBytes, 3 * chunkBytes + 5])(
    'is the same at %i bytes',
    async (length) => {
      const plaintext = randomBytes(length)
      const sealed = await seal(plaintext)
      expect(sealed.length).toBe(sealedBytes(length))
      const opened = await open(sealed)
      expect(opened.error).toBeUndefined()
      expect(opened.plaintext.equals(plaintext)).toBe(true)
    },
  )

  test('does not depend on how either stream is sliced', async () => {
    const plaintext = randomBytes(2 * chunkBytes + 77)
    const sealed = await seal(plaintext)
    for (const sliceBytes of [997, chunkBytes - 1, chunkBytes, chunkBytes + 1, sealedChunk, 8 * chunkBytes]) {
      expect((await seal(plaintext, sliceBytes)).equals(sealed)).toBe(true)
      expect((await open(sealed, { sliceBytes })).plaintext.equals(plaintext)).toBe(true)
    }
  })

  test('is what the description says: counter IV, bound to content, place and end', async () => {
    const raw = randomBytes(32)
    const described = await importContentKey(raw)
    const plaintext = randomBytes(chunkBytes + 3)
    const chunks: Uint8Array[] = []
    for await (const chunk of sealContent({ key: described, contentId, plaintext: slices(plaintext) }))
      chunks.push(chunk)
    const { createCipheriv } = await import('node:crypto')
    const parts = [plaintext.subarray(0, chunkBytes), plaintext.subarray(chunkBytes)]
    for (const [index, part] of parts.entries()) {
      const place = Buffer.alloc(8)
      place.writeBigUInt64BE(BigInt(index))
      const cipher = createCipheriv('aes-256-gcm', raw, Buffer.concat([Buffer.alloc(4), place]))
      cipher.setAAD(Buffer.concat([Buffer.from(contentId.slice(2), 'hex'), place, Buffer.of(index)]))
      const expected = Buffer.concat([cipher.update(part), cipher.final(), cipher.getAuthTag()])
      expect(expected.equals(chunks[index] ?? Buffer.alloc(0))).toBe(true)
    }
  })
})

describe('an altered content gives nothing from the altered chunk on', () => {
  test('every single byte flipped, in every bit', async () => {
    const plaintext = isDeep ? randomBytes(4_000) : Buffer.from('label,p0,p1\n7,0,255\n1,13,8\n')
    const sealed = await seal(plaintext)
    let detected = 0
    for (let at = 0; at < sealed.length; at++)
      for (let bit = 0; bit < 8; bit++) {
        const flipped = Buffer.from(sealed)
        flipped[at] = (flipped[at] ?? 0) ^ (1 << bit)
        const opened = await open(flipped)
        expect(opened).toEqual({ plaintext: Buffer.alloc(0), error: altered })
        detected++
      }
    expect(detected).toBe((plaintext.length + 16) * 8)
    console.log(`P13: ${detected} byte flips detected`)
  })

  test('each byte of a whole chunk and of the one behind it flipped once', async () => {
    const plaintext = randomBytes(chunkBytes + 17)
    const sealed = await seal(plaintext)
    let [flipped, detected] = [0, 0]
    for (let at = 0; at < sealed.length; at += isDeep ? 1 : 9_973) {
      flipped++
      const byte = sealed[at] ?? 0
      sealed[at] = byte ^ (1 << (at % 8))
      const { plaintext: opened, error } = await open(sealed, { sliceBytes: sealed.length })
      sealed[at] = byte
      const chunk = Math.floor(at / sealedChunk)
      const isFound = isAgoraiError(error, 'integrity_failed') && error.details?.chunk === chunk
      if (isFound && opened.equals(plaintext.subarray(0, chunk * chunkBytes))) detected++
    }
    expect(detected).toBe(flipped)
    expect((await open(sealed)).plaintext.equals(plaintext)).toBe(true)
    console.log(`P13: ${detected} byte flips detected in two chunks`)
  })

  test('one byte flipped in each chunk of several', async () => {
    const plaintext = randomBytes(3 * chunkBytes + 100)
    const sealed = await seal(plaintext)
    const places = Array.from({ length: isDeep ? 116 : 2 }, (_, place) => (isDeep ? place : 99 * place))
    for (const chunk of [0, 1, 2, 3])
      for (const offset of places) {
        const flipped = Buffer.from(sealed)
        const at = chunk * sealedChunk + offset
        flipped[at] = (flipped[at] ?? 0) ^ 0x80
        const opened = await open(flipped)
        expect(opened.error).toEqual(altered)
        expect((opened.error as AgoraiError).details).toEqual({ chunk })
        expect(opened.plaintext.equals(plaintext.subarray(0, chunk * chunkBytes))).toBe(true)
      }
  })

  test('chunks moved, repeated, left out, added or foreign', async () => {
    const plaintext = randomBytes(3 * chunkBytes)
    const sealed = await seal(plaintext)
    const foreign = await seal(randomBytes(3 * chunkBytes), undefined, bytesToHex(randomBytes(32)))
    const part = (from: Buffer, chunk: number) => from.subarray(chunk * sealedChunk, (chunk + 1) * sealedChunk)
    const [a, b, c] = [part(sealed, 0), part(sealed, 1), part(sealed, 2)]
    const cases: Record<string, [Buffer[], number]> = {
      'out of order': [[b, a, c], 0],
      'later ones swapped': [[a, c, b], 1],
      twice: [[a, a, b, c], 1],
      'the last one twice': [[a, b, c, c], 2],
      'the first one missing': [[b, c], 0],
      'a middle one missing': [[a, c], 1],
      'the last one missing': [[a, b], 1],
      'all missing': [[], 0],
      'cut inside a chunk': [[a, b.subarray(0, 500)], 1],
      'cut inside a tag': [[a, b, c.subarray(0, -1)], 2],
      'less than a tag left': [[a, b.subarray(0, 15)], 1],
      'one byte more': [[a, b, c, Buffer.of(0)], 2],
      "another asset's": [[a, part(foreign, 1), c], 1],
    }
    for (const [name, [chunks, good]] of Object.entries(cases)) {
      const opened = await open(Buffer.concat(chunks))
      expect(opened.error, name).toEqual(altered)
      expect(opened.plaintext.equals(plaintext.subarray(0, good * chunkBytes)), name).toBe(true)
    }
  })

  test('another key, another content id', async () => {
    const sealed = await seal(randomBytes(100))
    const none = { plaintext: Buffer.alloc(0), error: altered }
    expect(await open(sealed, { with: await importContentKey(randomBytes(32)) })).toEqual(none)
    expect(await open(sealed, { id: bytesToHex(randomBytes(32)) })).toEqual(none)
  })

  test('an empty chunk at the end, validly sealed by whoever has the key', async () => {
    const plaintext = randomBytes(chunkBytes)
    const place = Buffer.alloc(8)
    const aad = (last: number) => Buffer.concat([Buffer.from(contentId.slice(2), 'hex'), place, Buffer.of(last)])
    const encrypt = async (index: number, last: number, bytes: Uint8Array<ArrayBuffer>) => {
      place.writeBigUInt64BE(BigInt(index))
      const iv = Buffer.concat([Buffer.alloc(4), place])
      return Buffer.from(await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: aad(last) }, key, bytes))
    }
    const two = [await encrypt(0, 0, new Uint8Array(plaintext)), await encrypt(1, 1, new Uint8Array())]
    const opened = await open(Buffer.concat(two))
    expect(opened.error).toEqual(altered)
    expect(opened.plaintext.equals(plaintext)).toBe(true)
  })

  test('any change at all to any small content', async () => {
    const change = fc.tuple(
      fc.uint8Array({ minLength: 1, maxLength: 60 }),
      fc.nat(),
      fc.uint8Array({ maxLength: 60 }),
      fc.nat(),
    )
    await fc.assert(
      fc.asyncProperty(change, async ([plaintext, at, replacement, removed]) => {
        const sealed = await seal(plaintext)
        const from = at % (sealed.length + 1)
        const to = from + (removed % (sealed.length + 1 - from))
        const other = Buffer.concat([sealed.subarray(0, from), replacement, sealed.subarray(to)])
        const opened = await open(other)
        if (other.equals(sealed)) expect(opened.plaintext.equals(plaintext)).toBe(true)
        else expect(opened).toEqual({ plaintext: Buffer.alloc(0), error: altered })
      }),
      { numRuns: 500 },
    )
  })
})

test('keys of another length are refused', async () => {
  for (const length of [0, 16, 31, 33, 64])
    await expect(importContentKey(new Uint8Array(length))).rejects.toMatchObject({ code: 'key_invalid' })
})

test('an error of the source is passed on, not mistaken for an altered content', async () => {
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(100)
    throw new AgoraiError('node_unavailable', 'The connection ended.')
  }
  const opening = openContent({ key, contentId, ciphertext: broken() }).next()
  await expect(opening).rejects.toMatchObject({ code: 'node_unavailable' })
})
