import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ChainInconsistentError } from './ChainInconsistentError.js'
import { place, placesPerLog, scanLogs } from './scanLogs.js'

/** What `JSON.parse` gives of an answer, as far as it is looked for; undefined when it is none. */
function parsed(text: string): unknown {
  try {
    const { result } = JSON.parse(text)
    return result.map((log: Record<string, unknown>) => {
      const { address, data, blockNumber, blockHash, transactionHash, logIndex, removed = false, topics = [] } = log
      const texts = [address, data, blockNumber, blockHash, transactionHash, logIndex, ...(topics as unknown[])]
      if (texts.some((each) => typeof each !== 'string') || typeof removed !== 'boolean') throw new TypeError('no log')
      return { texts, removed }
    })
  } catch {
    return undefined
  }
}

function found(text: string): unknown {
  try {
    const logs = scanLogs(Buffer.from(text))
    return Array.from({ length: logs.count }, (_, log) => {
      const at = (index: number) => logs.places[log * placesPerLog + index] ?? -1
      const textAt = (index: number) => logs.text.toString('utf8', at(index), at(index + 1))
      const topics = Array.from({ length: at(place.topicCount) }, (_, topic) => textAt(place.topics + 2 * topic))
      const { address, data, blockNumber, blockHash, transactionHash, logIndex } = place
      const texts = [address, data, blockNumber, blockHash, transactionHash, logIndex].map(textAt)
      return { texts: [...texts, ...topics], removed: at(place.removed) === 1 }
    })
  } catch (error) {
    expect(error).toBeInstanceOf(ChainInconsistentError)
    return undefined
  }
}

/** Text that JSON writes without an escape. */
const plain = fc.string({ unit: 'grapheme' }).filter((text) => JSON.stringify(text) === `"${text}"`)
const hex = fc.string({ unit: fc.constantFrom(...'0123456789abcdef') }).map((digits) => `0x${digits}`)
const value = fc.oneof(hex, plain)
const log = fc
  .record({
    address: value,
    topics: fc.array(value, { maxLength: 4 }),
    data: value,
    blockNumber: value,
    blockHash: value,
    transactionHash: value,
    logIndex: value,
  })
  .chain((parts) =>
    fc
      .record({
        flags: fc.constantFrom({}, { removed: true }, { removed: false }),
        others: fc.dictionary(fc.oneof(plain, fc.constant('note')), fc.oneof(fc.jsonValue(), fc.constant('"\\\n'))),
      })
      .map(
        // Names in any order, and others between them.
        ({ flags, others }) => ({ ...others, ...flags, ...parts, transactionIndex: '0x0', nothing: null }),
      ),
  )
const answer = fc
  .record({ logs: fc.array(log, { maxLength: 70 }), indent: fc.constantFrom(0, 2, '\t'), id: fc.jsonValue() })
  .map(({ logs, indent, id }) => JSON.stringify({ jsonrpc: '2.0', id, result: logs }, null, indent))

describe('scanLogs', () => {
  test('finds what JSON.parse does, in any order and between whatever else there is', () => {
    fc.assert(
      fc.property(answer, (text) => {
        expect(parsed(text)).toBeDefined()
        expect(found(text)).toEqual(parsed(text))
      }),
      { numRuns: 200 },
    )
  })

  test('refuses an answer that is cut off or spoiled, or finds the same in it as JSON.parse', () => {
    const character = fc.constantFrom(...'{}[],:"\\0x1tfn- \n\u0001é'.split(''))
    fc.assert(
      fc.property(
        answer,
        fc.double({ min: 0, max: 1, noNaN: true }),
        character,
        fc.nat(2),
        (text, where, inserted, cut) => {
          const at = Math.floor(where * text.length)
          for (const put of [text.slice(0, at), `${text.slice(0, at)}${inserted}${text.slice(at + cut)}`]) {
            // Half a character is none in an answer.
            const spoiled = `${Buffer.from(put)}`
            const here = found(spoiled)
            // Strings with escapes are none of a log.
            if (here !== undefined) expect(here).toEqual(parsed(spoiled))
            else if (!spoiled.includes('\\')) expect(parsed(spoiled)).toBeUndefined()
          }
        },
      ),
      { numRuns: 1_000 },
    )
  })

  const whole = {
    address: '0x1',
    topics: [],
    data: '0x',
    blockNumber: '0x1',
    blockHash: '0x2',
    transactionHash: '0x3',
    logIndex: '0x4',
  }
  const text = JSON.stringify(whole)

  test.each([
    ['nothing', ''],
    ['an error', '{"jsonrpc":"2.0","id":1,"error":{"code":-32005,"message":"too much"}}'],
    ['a list alone', `[${text}]`],
    ['no list', '{"result":null}'],
    ['more after it', `{"result":[${text}]}]`],
    ['two logs without a comma', `{"result":[${text}${text}]}`],
    ['a comma too many', `{"result":[${text},]}`],
    ['a number where text is', `{"result":[${text.replace('"0x1"', '1')}]}`],
    ['five topics', `{"result":[${text.replace('[]', '["1","2","3","4","5"]')}]}`],
    ['a log without its data', `{"result":[${text.replace('data', 'date')}]}`],
    ['a number that is none', `{"result":[${text}],"id":01}`],
    ['brackets that do not match', `{"result":[${text}],"id":[{]}}`],
    ['an escape that is none', `{"result":[${text}],"id":"\\q"}`],
  ])('refuses %s', (_, answered) => {
    expect(() => scanLogs(Buffer.from(answered))).toThrow(ChainInconsistentError)
  })
})
