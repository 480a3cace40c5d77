import { devAccounts } from '@agorai/core'
import { concat, encodeAbiParameters, keccak256 } from 'viem'
import { expect, test } from 'vitest'
import { createGate } from './createGate.js'

const accounts = devAccounts.map(({ address }) => address)

/** Folds a proof as the market does, by Solady's MerkleProofLib: pairs in ascending order. */
function foldProof(account: `0x${string}`, proof: readonly `0x${string}`[]): string {
  const leaf = keccak256(keccak256(encodeAbiParameters([{ type: 'address' }], [account])))
  return proof.reduce((node, other) => keccak256(node < other ? concat([node, other]) : concat([other, node])), leaf)
}

test.each([1, 2, 3, 5, 8])('each of %i accounts proves that it is behind the gate', (count) => {
  const gate = createGate(accounts.slice(0, count))
  for (const account of accounts.slice(0, count)) expect(foldProof(account, gate.proofOf(account))).toBe(gate.root)
  for (const stranger of accounts.slice(count))
    expect(() => gate.proofOf(stranger)).toThrowError(expect.objectContaining({ code: 'not_admitted' }))
})

test('neither the order of the list nor the case of its addresses matters', () => {
  const lower = accounts.map((account) => account.toLowerCase() as `0x${string}`).reverse()
  expect(createGate(lower).root).toBe(createGate(accounts).root)
  expect(createGate(lower).proofOf(accounts[0] ?? '0x')).toEqual(createGate(accounts).proofOf(accounts[0] ?? '0x'))
})

test('an empty list and what is no address are refused with the place', () => {
  expect(() => createGate([])).toThrowError(expect.objectContaining({ field: 'gate' }))
  expect(() => createGate([accounts[0] ?? '0x', '0x12'])).toThrowError(expect.objectContaining({ field: 'gate.1' }))
})
