import { expect, test } from 'vitest'
import { sealFrom, sealPartitions } from './partitions.js'

const mebibyte = 1_048_576
const contentId = `0x${'c1'.repeat(32)}` as const
const secretsOf = (partitions: number) =>
  Array.from({ length: partitions }, (_, index) => ({
    contentKey: new Uint8Array(32).fill(index + 1),
    saltSeed: new Uint8Array(32),
  }))

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const slices: Uint8Array[] = []
  for await (const slice of stream) slices.push(slice.slice())
  return Buffer.concat(slices)
}

test.each([
  ['one chunk', [10]],
  ['nothing', [0]],
  ['exactly two chunks', [2 * mebibyte]],
  ['two chunks and a byte', [2 * mebibyte + 1]],
  ['several partitions', [mebibyte, 5, mebibyte + 7, 2 * mebibyte]],
])('from any byte on, the same as from the beginning: %s', async (_, partitionBytes) => {
  const secrets = secretsOf(partitionBytes.length)
  const content = Buffer.alloc(partitionBytes.reduce((sum, bytes) => sum + bytes, 0)).map((_, index) => index * 7)
  let read = 0
  const from = async function* (start: number) {
    for (let at = start; at < content.length; at += 100_000) {
      const slice = content.subarray(at, Math.min(content.length, at + 100_000))
      read += slice.length
      yield slice
    }
  }
  const sealing = { contentId, secrets, partitionBytes }
  const whole = await collect(sealPartitions({ ...sealing, plaintext: from(0) }))
  const edge = mebibyte + 16
  const starts = [0, 1, edge - 1, edge, edge + 1, edge + 21, 2 * edge + 5, whole.length - 1, whole.length]
  for (const start of starts.filter((each) => each <= whole.length)) {
    read = 0
    const rest = await collect(sealFrom({ ...sealing, start, plaintext: from }))
    expect(rest.equals(whole.subarray(start)), String(start)).toBe(true)
    expect(read).toBeLessThanOrEqual(whole.length - start + mebibyte)
  }
})
