import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { accessMarketAbi, assetRegistryAbi, revenueLedgerAbi } from '../generated/index.js'
import { AgoraiError, errorFromProblem, isAgoraiError } from './AgoraiError.js'
import { errorCodes } from './codes.js'
import { errorsMarkdown } from './errorsMarkdown.js'
import { fromRevert } from './fromRevert.js'

const packages = fileURLToPath(new URL('../../../', import.meta.url))

function sourcesOf(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === 'node_modules' || entry.name === 'dist' || entry.name === 'generated') return []
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return sourcesOf(path)
    return /(?<!\.test)\.tsx?$/.test(entry.name) && !path.endsWith('errors/codes.ts') ? [path] : []
  })
}

describe('the table of codes', () => {
  const code = sourcesOf(packages)
    .map((path) => readFileSync(path, 'utf8'))
    .join('\n')

  test('has every code that is thrown', () => {
    const thrown = [...code.matchAll(/new AgoraiError\(\s*'([^']*)'/g)].map((match) => match[1])
    expect(thrown.length).toBeGreaterThan(20)
    expect(thrown.filter((name) => !Object.hasOwn(errorCodes, name ?? ''))).toEqual([])
  })

  test('has no code that nothing uses', () => {
    expect(Object.keys(errorCodes).filter((name) => !code.includes(`'${name}'`))).toEqual([])
  })

  test('gives an error status and a failing exit code to each', () => {
    for (const [code, { status, exit, title, remedy }] of Object.entries(errorCodes)) {
      // A payment on its way is no failure, and whoever asked has to ask again.
      if (code === 'settlement_pending') expect(status).toBe(202)
      else expect(status).toBeGreaterThanOrEqual(400)
      expect(exit).toBeGreaterThan(0)
      expect(title).not.toMatch(/\.$/)
      expect(remedy).toMatch(/\.$/)
    }
  })

  test('is documented: docs/errors.md is current (write it by `npx vitest run errors -u`)', async () => {
    await expect(errorsMarkdown()).toMatchFileSnapshot(join(packages, '../docs/errors.md'))
  })
})

describe('AgoraiError', () => {
  test('survives the way through problem+json', () => {
    const error = new AgoraiError('price_above_max', 'The price is 12.', { field: 'price', details: { price: '12' } })
    const back = errorFromProblem(JSON.parse(JSON.stringify(error.toProblem())))
    expect(back).toMatchObject({ name: 'PriceAboveMaxError', code: 'price_above_max', field: 'price' })
    expect(back.toProblem()).toEqual(error.toProblem())
    expect(back.message).toBe('The price is above the maximum you set. The price is 12.')
  })

  test('walks its causes, even in a circle', () => {
    const root = new Error('disk')
    const error = new AgoraiError('internal', 'Outer.', {
      cause: new AgoraiError('storage_full', 'Inner.', { cause: root }),
    })
    expect(error.walk((cause) => isAgoraiError(cause, 'storage_full'))).toBe(error.cause)
    expect(error.walk((cause) => cause === root)).toBe(root)
    root.cause = error
    expect(error.walk(() => false)).toBeUndefined()
  })

  test('a problem of an unknown node code is still an error', () => {
    const problem = { ...new AgoraiError('internal', 'x').toProblem(), code: 'from_the_future' as 'internal' }
    expect(errorFromProblem(problem)).toMatchObject({ code: 'internal', shortMessage: 'x' })
  })
})

describe('reverts', () => {
  test('name their code and values', () => {
    const error = fromRevert('AccessMarket_PriceAboveMax', [12n, 10n])
    expect(error.code).toBe('price_above_max')
    expect(error.details).toEqual({ revert: 'AccessMarket_PriceAboveMax', price: '12', amountMax: '10' })
    expect(error.shortMessage).toBe('The contract answered AccessMarket_PriceAboveMax: price 12, amountMax 10.')
  })

  test('of no known name are transaction_reverted, whatever they are called', () => {
    for (const name of ['Error', 'Panic', 'Unheard', 'constructor', '__proto__', 'toString', ''])
      expect(fromRevert(name, ['why']).code).toBe('transaction_reverted')
  })

  test('show what a hostile token says short and in plain characters', () => {
    const error = fromRevert('Error', [`\u202e<b>\n${'x'.repeat(10_000)}`])
    expect(error.shortMessage).toMatch(/^[\x20-\x7e]{1,300}$/)
  })

  test('of the contracts all have a code with a remedy', () => {
    const ours = [...assetRegistryAbi, ...revenueLedgerAbi, ...accessMarketAbi].flatMap((item) =>
      item.type === 'error' && /^(AssetRegistry|RevenueLedger|AccessMarket)_/.test(item.name) ? [item] : [],
    )
    expect(new Set(ours.map(({ name }) => name)).size).toBeGreaterThan(60)
    const general = ours.filter(({ name }) => fromRevert(name, []).code === 'transaction_reverted')
    expect(general.map(({ name }) => name)).toEqual([])
  })

  test('every error of the contracts is in the ABI that reverts are decoded by', () => {
    const errorsOf = (abi: readonly { type: string; name?: string }[]) =>
      abi.filter((item) => item.type === 'error').map((item) => item.name ?? '')
    const known = new Set(errorsOf(accessMarketAbi))
    const all = [...errorsOf(assetRegistryAbi), ...errorsOf(revenueLedgerAbi)]
    expect(all.length).toBeGreaterThan(20)
    expect(all.filter((name) => !known.has(name))).toEqual([])
  })
})
