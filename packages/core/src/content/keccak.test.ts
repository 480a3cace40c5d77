import { keccak_256 } from '@noble/hashes/sha3.js'
import fc from 'fast-check'
import { createKeccak } from 'hash-wasm'
import { bytesToHex } from 'viem/utils'
import { describe, expect, test } from 'vitest'
import { loadKeccak } from './keccak.js'

const keccak = await loadKeccak()
/** Bytes that differ from place to place. */
const bytesOf = (length: number, seed = 0) =>
  Uint8Array.from({ length }, (_, i) => (i * 167 + (i >> 8) * 31 + seed) & 0xff)

describe('keccak-256', () => {
  test('has the known values', () => {
    expect(bytesToHex(keccak())).toBe('0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470')
    expect(bytesToHex(keccak(new TextEncoder().encode('abc')))).toBe(
      '0x4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45',
    )
  })

  test('is that of noble at every length up to five blocks', () => {
    for (let length = 0; length <= 5 * 136; length++)
      expect(keccak(bytesOf(length)), `${length}`).toEqual(keccak_256(bytesOf(length)))
  })

  test('is that of hash-wasm around every border of what is taken in at a time', async () => {
    const judge = await createKeccak(256)
    const window = 480 * 136
    for (const whole of [1, 2, 3])
      for (const off of [-137, -136, -1, 0, 1, 136, 137]) {
        const message = bytesOf(whole * window + off)
        expect(bytesToHex(keccak(message)), `${message.length}`).toBe(`0x${judge.init().update(message).digest()}`)
      }
  })

  test('is the same however a message is cut into parts', () => {
    const lengths = fc.array(fc.oneof(fc.nat(300), fc.nat(80_000)), { maxLength: 6 })
    fc.assert(
      fc.property(lengths, (parts) => {
        const cut = parts.map((length, index) => bytesOf(length, index))
        expect(keccak(...cut)).toEqual(keccak(Uint8Array.from(cut.flatMap((part) => [...part]))))
      }),
      { numRuns: 30 },
    )
  })

  test('leaves an answer as it is when the next is made', () => {
    const first = keccak(bytesOf(5))
    keccak(bytesOf(6))
    expect(first).toEqual(keccak_256(bytesOf(5)))
  })

  test.each([0, 1, 2, 1_023, 1_024, 1_025, 2_500])('of %i pairs of nodes is that of each', (pairs) => {
    const nodes = bytesOf(pairs * 64)
    const parents = new Uint8Array(pairs * 32)
    keccak.hashPairs(nodes, parents)
    for (let pair = 0; pair < pairs; pair++) {
      const preimage = Uint8Array.of(1, ...nodes.subarray(pair * 64, (pair + 1) * 64))
      expect(parents.slice(pair * 32, (pair + 1) * 32)).toEqual(keccak_256(preimage))
    }
  })
})
