import { createHash } from 'node:crypto'
import { afterEach, expect, test, vi } from 'vitest'

afterEach(() => {
  vi.doUnmock('./nativeCrypto.js')
  vi.resetModules()
})

test.each(['node', 'a browser'])('what comes in parts has the sha-256 of the whole in %s', async (where) => {
  if (where === 'a browser') vi.doMock('./nativeCrypto.js', () => ({ nativeCrypto: undefined }))
  const { createBlockHash, hashBlock } = await import('./blockHash.js')
  const { createSha256 } = await import('./sha256.js')
  const block = new Uint8Array(1_000).map((_, index) => index)
  const expected = new Uint8Array(createHash('sha256').update(block).digest())
  const [hash, whole] = [createBlockHash(1_000), await createSha256()]
  for (const size of [1, 7, 1_000]) {
    for (let at = 0; at < block.length; at += size) {
      hash.update(block.subarray(at, at + size))
      whole.update(block.subarray(at, at + size))
    }
    expect(await hash.digest()).toEqual(expected)
    expect(whole.digest()).toBe(`0x${Buffer.from(expected).toString('hex')}`)
  }
  const first = hash.digest()
  hash.update(block)
  const second = hash.digest()
  expect(await first).toEqual(new Uint8Array(createHash('sha256').digest()))
  expect(await second).toEqual(expected)
  expect(await hashBlock(block)).toEqual(expected)
})
