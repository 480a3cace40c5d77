import { expect, test } from 'vitest'
import { computeContentCid } from './contentCid.js'
import { createCidMeter, createMeter } from './createMeter.js'
import { readRows } from './readRows.js'
import { collectBytes } from './readStream.js'

async function* sliced(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const patterned = (bytes: number): Uint8Array => new Uint8Array(bytes).map((_, index) => (index * 31) % 256)

test.each([0, 1, 700_000])('leaves a stream of %i bytes as it is and knows its CID and length', async (bytes) => {
  const content = patterned(bytes)
  const meter = createCidMeter()
  const passed = await collectBytes(meter.pass(sliced(content, 65_537)))
  expect(Buffer.from(passed).equals(content)).toBe(true)
  expect(await meter.result()).toEqual({ cid: await computeContentCid(sliced(content, 1_000)), bytes })
})

test('a reader that stops early ends the measure too', async () => {
  const meter = createCidMeter()
  for await (const slice of meter.pass(sliced(patterned(700_000), 65_537))) if (slice.length > 0) break
  await expect(meter.result()).rejects.toThrow('not read to its end')
})

test('what the measure refuses is what the reader is told', async () => {
  const meter = createMeter(async (content) => {
    for await (const row of readRows('csv', content)) if (row.length === 0) return
  })
  const content = new TextEncoder().encode(`a,b\n${'1,2\n'.repeat(50_000)}3\n${'1,2\n'.repeat(200_000)}`)
  const refused = { code: 'rows_invalid', details: { line: 50_002 } }
  await expect(collectBytes(meter.pass(sliced(content, 65_536)))).rejects.toMatchObject(refused)
  await expect(meter.result()).rejects.toMatchObject(refused)
})
