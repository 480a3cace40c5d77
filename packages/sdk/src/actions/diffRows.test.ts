import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { diffRows, type HeldRows } from './diffRows.js'

const held = (rows: readonly number[]): HeldRows => ({
  rowFormat: 'jsonl',
  async *content() {
    yield new TextEncoder().encode(rows.map((row) => `{"b":${row},"a":"x"}\n`).join(''))
  },
})

describe('rows of two versions', () => {
  test('are counted as multisets, in one pass or in many', async () => {
    const rows = fc.array(fc.nat(30), { maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(rows, rows, fc.integer({ min: 1, max: 40 }), async (from, to, rowsPerPass) => {
        const left = [...from]
        let kept = 0
        for (const row of to) {
          const at = left.indexOf(row)
          if (at === -1) continue
          left.splice(at, 1)
          kept++
        }
        const found = await diffRows({ from: held(from), to: held(to), rowsPerPass })
        expect(found).toEqual({
          ...{ added: to.length - kept, removed: from.length - kept, kept },
          passes: Math.max(1, Math.ceil((from.length + to.length) / rowsPerPass)),
        })
      }),
      { numRuns: 100 },
    )
  })

  test('are the same in another format and another order of columns', async () => {
    const csv: HeldRows = {
      rowFormat: 'csv',
      async *content() {
        yield new TextEncoder().encode('a,b\r\n1,"x"\r\n2,y\r\n')
      },
    }
    const jsonl: HeldRows = {
      rowFormat: 'jsonl',
      async *content() {
        yield new TextEncoder().encode('{"b":"y","a":"2"}\n{"b":"z","a":"3"}\n')
      },
    }
    expect(await diffRows({ from: csv, to: jsonl })).toEqual({ added: 1, removed: 1, kept: 1, passes: 1 })
  })
})
