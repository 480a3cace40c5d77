import { expect, test } from 'vitest'
import { chainNameSchema, toAccountName, toAssetName, toChainName } from './caip.js'

const registry = '0x00000000000000000000000000000000000000Ab'

test('chains, accounts and assets are named as the standards name them', () => {
  expect(toChainName(8453)).toBe('eip155:8453')
  expect(toAccountName(1, registry)).toBe(`eip155:1:${registry}`)
  expect(toAssetName(1, registry, 7n)).toBe(`eip155:1/erc721:${registry.toLowerCase()}/7`)
})

test.each([
  '',
  '1',
  'eip155:',
  'eip155:0',
  'eip155:01',
  'EIP155:1',
  'cosmos:a',
  'eip155:1:0x',
  `eip155:${'9'.repeat(20)}`,
])('%j is no chain', (name) => {
  expect(chainNameSchema.safeParse(name).success).toBe(false)
})
