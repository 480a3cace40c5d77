import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createChargedCalls } from './chargedCalls.js'

const nameOf = (text: string) => createHash('sha256').update(text).digest().subarray(0, 16)
const told = (name: Buffer) => name.toString('base64url')

describe('createChargedCalls', () => {
  test('counts a call once, whatever comes between', () => {
    const calls = createChargedCalls()
    const counters = [1, 63, 64, 65, 4_096, 2 ** 32, 2 ** 52]
    for (const counter of counters) {
      expect([calls.has(counter), calls.add(counter, told(nameOf('a'))), calls.has(counter)]).toEqual([
        false,
        true,
        true,
      ])
      expect(calls.add(counter, told(nameOf('b')))).toBe(true)
    }
    for (const counter of counters)
      expect(['a', 'b', 'c'].map((text) => calls.add(counter, told(nameOf(text))))).toEqual([false, false, true])
  })

  test('takes no two names for one that differ in any byte: whoever pays draws them until some bytes are the same', () => {
    for (let byte = 0; byte < 16; byte++) {
      const calls = createChargedCalls()
      const name = nameOf('a')
      expect(calls.add(1, told(name))).toBe(true)
      name[byte] = (name[byte] as number) ^ 1
      expect([calls.add(1, told(name)), calls.add(1, told(name))]).toEqual([true, false])
    }
  })
})
