import { mnemonicToAccount } from 'viem/accounts'
import { expect, test } from 'vitest'
import { assertLocalChain, devAccounts, devMnemonic, isLocalChain } from './devAccounts.js'

test('addresses are those of the public seed phrase', () => {
  expect(devAccounts).toHaveLength(8)
  for (const { index, address } of devAccounts)
    expect(address).toBe(mnemonicToAccount(devMnemonic, { addressIndex: index }).address)
})

test('only chain 31337 is local', () => {
  expect(isLocalChain(31_337)).toBe(true)
  expect(() => assertLocalChain(31_337)).not.toThrow()
  for (const chainId of [1, 10, 8453, 11_155_111, 0, -31_337]) {
    expect(isLocalChain(chainId)).toBe(false)
    expect(() => assertLocalChain(chainId)).toThrow(expect.objectContaining({ code: 'chain_not_local' }))
  }
})
