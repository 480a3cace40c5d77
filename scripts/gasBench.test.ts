import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { findFailures } from '../bench/gas/exceptions.mjs'
import { createFigures } from '../bench/gas/figures.mjs'
import { compareSlots, computeFloor } from '../bench/gas/floor.mjs'

const word = (value: number) => `0x${value.toString(16).padStart(64, '0')}`

describe('the floor of a transaction', () => {
  test('counts slots that really changed, and the other contracts they are in', () => {
    const pre = {
      '0xAA': { storage: { [word(1)]: word(5), [word(2)]: word(7), [word(3)]: word(9) } },
      '0xbb': { storage: { [word(1)]: word(1) } },
      '0xcc': { balance: '0x1' },
    }
    const post = {
      '0xAA': { storage: { [word(1)]: word(6), [word(3)]: word(9), [word(4)]: word(1) } },
      '0xbb': { storage: { [word(1)]: word(2) } },
      '0xcc': { balance: '0x2' },
    }
    expect(compareSlots(pre, post, '0xaa')).toEqual({ created: 1, updated: 2, cleared: 1, otherAccounts: 1 })
  })

  test('is what the EVM charges: an ERC-20 transfer to a holder costs 33,388 before any code runs', () => {
    const calldata = new Uint8Array(68)
    calldata.fill(1, 0, 30)
    const logs = [{ topics: ['a', 'b', 'c'], data: word(1) }]
    const floor = computeFloor({ calldata, logs, created: 0, updated: 2, cleared: 0, otherAccounts: 0 })
    expect(floor).toBe(21_000 + 30 * 16 + 38 * 4 + 2 * 5_000 + 375 * 4 + 8 * 32)
    expect(floor).toBe(33_388)
  })
})

describe('exceptions', () => {
  const cost = { gas: 120, floor: 100, slotsNew: 2, slotsUpdated: 3 }
  const unmet = { id: 'buy', value: 120, goal: 110, met: false, cost }
  const exception = { figure: 'buy', slotsNew: 2, slotsUpdated: 3, lowerBound: 100, why: 'It writes five slots.' }

  test('an unmet figure fails, unless it is named with its slots and its bound', () => {
    expect(findFailures([unmet], [])).toEqual([
      'buy: 120 is above its goal of 110 (it writes 2 new slots and 3 in use; lower bound 100)',
    ])
    expect(findFailures([unmet], [exception])).toEqual([])
    expect(findFailures([{ ...unmet, met: true, goal: 120 }], [])).toEqual([])
  })

  test.each([
    ['another bound than the transaction has', { lowerBound: 90 }, /lower bound is 100, not 90/],
    ['other slots', { slotsNew: 1 }, /writes 2 new slots and 3 in use, not 1 and 3/],
    ['no reason', { why: '' }, /without a reason/],
    ['a figure that there is not', { figure: 'sell' }, /sell: an exception to no figure/],
  ])('an exception with %s fails', (_, change, said) => {
    expect(findFailures([unmet], [{ ...exception, ...change }]).join('\n')).toMatch(said)
  })

  test('a figure below its own lower bound fails, and so does an exception that is not needed', () => {
    expect(findFailures([{ ...unmet, value: 99 }], [exception])).toEqual([
      'buy: 99 is below its own lower bound of 100',
    ])
    expect(findFailures([{ ...unmet, met: true }], [exception])).toEqual([
      'buy: the goal is met, so it needs no exception',
    ])
  })
})

describe('figures', () => {
  /** Every operation costs 100,000, whatever it is called. */
  const everything = new Proxy(
    {},
    { get: () => ({ gas: 100_000, calldataGas: 1_000, floor: 90_000, slotsNew: 1, slotsUpdated: 1 }) },
  )
  const peers = new Proxy({}, { get: () => everything })
  const published = JSON.parse(readFileSync(new URL('../bench/gas/published.json', import.meta.url), 'utf8'))
  const figures = createFigures(everything, peers, published)

  test('`met` and the ratio are computed from what was measured', () => {
    const byId = new Map(figures.map((figure) => [figure.id, figure]))
    expect(byId.get('publish, first')).toMatchObject({ value: 100_000, goal: 105_000, met: true })
    expect(byId.get('publish, again')).toMatchObject({ value: 100_000, goal: 87_000, met: false })
    expect(byId.get('pay, first')).toMatchObject({ peer: 'Story protocol-core', peerValue: 314_830, ratio: 3.15 })
    expect(byId.get('sweep ten tills, each')?.value).toBe(10_000)
  })

  test('ids are used once, and a figure without a peer in a package says where its value is from', () => {
    expect(new Set(figures.map(({ id }) => id)).size).toBe(figures.length)
    const unpublished = figures.filter(
      (figure) => 'peer' in figure && ['Story protocol-core', '0xSplits'].includes(figure.peer as string),
    )
    expect(unpublished.length).toBeGreaterThan(5)
    for (const figure of unpublished)
      expect(figure).toMatchObject({ source: expect.stringMatching(/^github\.com\/.* commit /) })
  })
})
