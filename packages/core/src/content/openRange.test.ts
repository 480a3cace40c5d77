import fc from 'fast-check'
import { expect, test } from 'vitest'
import { chunkBytes, importContentKey, sealContent, sealedBytes } from './chunks.js'
import { openRange } from './openRange.js'
import { inMemory } from './randomAccess.js'

const contentId = `0x${'07'.repeat(32)}` as const
const key = importContentKey(new Uint8Array(32).fill(3))
const plaintext = new Uint8Array(3 * chunkBytes + 17).map((_, index) => (index * 31 + (index >> 12)) % 251)

async function seal(bytes: Uint8Array): Promise<Uint8Array> {
  const sealed = new Uint8Array(sealedBytes(bytes.length))
  let at = 0
  for await (const chunk of sealContent({ key: await key, contentId, plaintext: inMemory(bytes).stream() })) {
    sealed.set(chunk, at)
    at += chunk.length
  }
  return sealed
}
const sealed = seal(plaintext)

/** The content with a record of what was read of its ciphertext. */
async function openWatched(ciphertext: Uint8Array, bytes = plaintext.length) {
  const reads: [number, number][] = []
  const watched = {
    ...inMemory(ciphertext),
    async read(start: number, end: number) {
      reads.push([start, end])
      return ciphertext.subarray(start, end)
    },
  }
  return { content: openRange({ key: await key, contentId, bytes, ciphertext: watched }), reads }
}

test('any part is what the plaintext has there, and no chunk is read that it does not lie in', async () => {
  const ciphertext = await sealed
  const place = fc.oneof(
    fc.integer({ min: 0, max: plaintext.length }),
    fc
      .tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: -1, max: 1 }))
      .map(([chunk, off]) => Math.max(0, chunk * chunkBytes + off)),
  )
  await fc.assert(
    fc.asyncProperty(place, place, async (a, b) => {
      const [start, end] = [Math.min(a, b), Math.max(a, b)]
      const { content, reads } = await openWatched(ciphertext)
      expect(Buffer.from(await content.read(start, end)).equals(plaintext.subarray(start, end))).toBe(true)
      const first = Math.floor(start / chunkBytes) * (chunkBytes + 16)
      const last = Math.min(Math.ceil(end / chunkBytes) * (chunkBytes + 16), ciphertext.length)
      expect(reads).toEqual(start === end ? [] : [[first, last]])
    }),
    { numRuns: 60 },
  )
})

test('the chunk read last is not read again', async () => {
  const { content, reads } = await openWatched(await sealed)
  await content.read(chunkBytes, chunkBytes + 5)
  await content.read(chunkBytes + 5, 2 * chunkBytes)
  expect(reads).toHaveLength(1)
})

test('a flipped byte spoils its own chunk alone, and nothing of it is given out', async () => {
  const ciphertext = (await sealed).slice()
  ciphertext[chunkBytes + 16 + 5] = (ciphertext[chunkBytes + 16 + 5] ?? 0) ^ 1
  const { content } = await openWatched(ciphertext)
  expect(await content.read(0, 10)).toEqual(plaintext.subarray(0, 10))
  await expect(content.read(chunkBytes - 1, chunkBytes + 1)).rejects.toMatchObject({
    code: 'integrity_failed',
    details: { chunk: 1 },
  })
})

test('an empty content has nothing to read, and a ciphertext of another length is refused', async () => {
  const empty = await openWatched(await seal(new Uint8Array()), 0)
  expect(await empty.content.read(0, 0)).toHaveLength(0)
  await expect(empty.content.read(0, 1)).rejects.toThrow(RangeError)
  await expect(openWatched((await sealed).subarray(1))).rejects.toMatchObject({ code: 'length_mismatch' })
})
