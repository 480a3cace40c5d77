import { readFileSync } from 'node:fs'
import {
  accessMarketAbi,
  assetRegistryAbi,
  deployerAbi,
  operatorReceiverAbi,
  operatorReceiversAbi,
  revenueLedgerAbi,
} from '@agorai/core'
import { describe, expect, test } from 'vitest'
import { eventStates, unstoredViews } from './contracts-docs/eventStates.mjs'
import { unitOf } from './contracts-docs/units.mjs'
import { contractsMarkdown, readInterfaces, readNatSpec } from './contractsDocs.mjs'

const page = readFileSync(new URL('../docs/contracts.md', import.meta.url), 'utf8')
const abi = [
  ...assetRegistryAbi,
  ...revenueLedgerAbi,
  ...accessMarketAbi,
  ...operatorReceiverAbi,
  ...operatorReceiversAbi,
  ...deployerAbi,
]
const namesOf = (type: string) => abi.flatMap((item) => (item.type === type && 'name' in item ? [item.name] : []))

/** Of the standards that the registry and the market follow. */
const standardViews =
  /^(name|symbol|tokenURI|supportsInterface|eip712Domain|isValidSignature|balanceOf|ownerOf|getApproved|isApprovedForAll)$/

describe('docs/contracts.md', () => {
  test('is what the interfaces say (write it by `node scripts/contractsDocs.mjs`)', () => {
    expect(contractsMarkdown()).toBe(page)
  })

  test('has every function, event and error of the interfaces, each with its meaning', () => {
    const members = readInterfaces().flatMap(({ members: all }) => all)
    expect(members.length).toBeGreaterThan(150)
    for (const { kind, name } of members) expect(page).toContain(kind === 'error' ? `| \`${name}(` : `\n### ${name}\n`)
    const silent = members.filter(({ kind, doc }) => kind === 'event' && doc.notice === '').map(({ name }) => name)
    const state = Object.keys(eventStates)
    expect(silent.filter((name) => !state.includes(name))).toEqual([])
  })

  test('every event of the contracts says what state it rebuilds', () => {
    expect(Object.keys(eventStates).sort()).toEqual([...new Set(namesOf('event'))].sort())
  })

  test('every view answers from an event, or is said to be fixed', () => {
    const views = new Set(
      abi.flatMap((item) =>
        item.type === 'function' && item.stateMutability === 'view' && !standardViews.test(item.name)
          ? [item.name]
          : [],
      ),
    )
    const told = new Set(Object.values(eventStates).flatMap(({ views: own }) => own))
    const fixed = Object.keys(unstoredViews)
    expect([...views].filter((name) => !told.has(name) && !fixed.includes(name))).toEqual([])
    const functions: string[] = namesOf('function')
    expect([...told, ...fixed].filter((name) => !functions.includes(name))).toEqual([])
  })
})

describe('units', () => {
  test.each([
    ['pay', { name: 'amount', type: 'uint256' }, 'base units of the token'],
    ['Terms', { name: 'royaltyBps', type: 'uint16' }, 'of 10,000'],
    ['publishFor', { name: 'expiry', type: 'uint256' }, 'unix seconds'],
    ['RevenueAccrued', { name: 'day', type: 'uint256' }, 'unix seconds / 86,400'],
    ['pay', { name: 'version', type: 'uint256' }, undefined],
    ['pay', { name: 'token', type: 'address' }, undefined],
  ])('%s %j: %s', (owner, field, unit) => {
    expect(unitOf(owner, field)).toBe(unit)
  })

  test('a number without a known unit is refused, so that none is left out', () => {
    expect(() => unitOf('pay', { name: 'thing', type: 'uint256' })).toThrow('thing of pay has no unit')
    expect(() => unitOf('thingOf', { name: '', type: 'uint256' })).toThrow('the result of thingOf has no unit')
  })
})

test('NatSpec is read by its tags, over lines', () => {
  const said = readNatSpec(
    'Says a thing\n that goes on.\n@dev Why.\n@param a The first,\n  of two.\n@param b\n@return c The third.',
  )
  expect(said.notice).toBe('Says a thing that goes on.')
  expect(said.dev).toBe('Why.')
  expect([...said.params]).toEqual([
    ['a', 'The first, of two.'],
    ['b', ''],
  ])
  expect(said.returns).toEqual(['c The third.'])
})
