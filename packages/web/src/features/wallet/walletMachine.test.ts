import { describe, expect, test } from 'vitest'
import { noWallet, readAccount, readChainId, stepWallet, type WalletEvent, type WalletState } from './walletMachine.js'

const account = '0x976EA74026E726554dB657fA54763abd0C3a0aa9'
const other = '0x14dC79964da2C08b23698B3D3cc7Ca32193d9955'
const run = (events: readonly WalletEvent[], from: WalletState = noWallet) => events.reduce(stepWallet, from)
const connected: WalletState = { status: 'connected', id: 'a', account, chainId: 31_337 }

describe('a wallet', () => {
  test('is asked, answers, and is connected with its first account', () => {
    expect(run([{ type: 'asked', id: 'a' }])).toEqual({ status: 'connecting', id: 'a' })
    const answered: WalletEvent = {
      type: 'answered',
      id: 'a',
      accounts: [account.toLowerCase(), other],
      chainId: '0x7a69',
    }
    expect(run([{ type: 'asked', id: 'a' }, answered])).toEqual(connected)
  })

  test.each([
    ['no account', [], '0x1', 'It gave no account.'],
    ['no address', ['0x12'], '0x1', 'It gave no account.'],
    ['no list', null, '0x1', 'It gave no account.'],
    ['no chain', [account], 'mainnet', 'It names no chain.'],
  ])('that answers with %s is not connected', (_, accounts, chainId, detail) => {
    const events: WalletEvent[] = [
      { type: 'asked', id: 'a' },
      { type: 'answered', id: 'a', accounts, chainId },
    ]
    expect(run(events)).toEqual({ status: 'refused', id: 'a', declined: false, detail })
  })

  test('may decline, and be asked again', () => {
    const declined: WalletEvent = { type: 'refused', id: 'a', declined: true, detail: '' }
    const state = run([{ type: 'asked', id: 'a' }, declined])
    expect(state).toEqual({ status: 'refused', id: 'a', declined: true, detail: '' })
    expect(run([{ type: 'asked', id: 'a' }], state).status).toBe('connecting')
  })

  test('changes its account and its chain, and takes its account back', () => {
    expect(run([{ type: 'accountsChanged', id: 'a', accounts: [other] }], connected)).toMatchObject({ account: other })
    expect(run([{ type: 'chainChanged', id: 'a', chainId: '0x1' }], connected)).toMatchObject({ chainId: 1 })
    expect(run([{ type: 'accountsChanged', id: 'a', accounts: [] }], connected)).toEqual({ status: 'gone', id: 'a' })
    expect(run([{ type: 'gone', id: 'a' }], connected)).toEqual({ status: 'gone', id: 'a' })
    expect(run([{ type: 'chainChanged', id: 'a', chainId: 'x' }], connected)).toEqual(connected)
  })

  test('that was left, or was never chosen, is not heard', () => {
    expect(run([{ type: 'left' }], connected)).toEqual(noWallet)
    expect(run([{ type: 'accountsChanged', id: 'a', accounts: [other] }])).toEqual(noWallet)
    expect(run([{ type: 'chainChanged', id: 'b', chainId: '0x1' }], connected)).toEqual(connected)
    const late: WalletEvent = { type: 'answered', id: 'b', accounts: [other], chainId: '0x1' }
    expect(run([late], { status: 'connecting', id: 'a' })).toEqual({ status: 'connecting', id: 'a' })
  })
})

test('chain ids are read strictly', () => {
  expect(['0x7a69', 31_337, '31337', '0x', 0, -1, 1.5, null, '0xffffffffffffffffff'].map(readChainId)).toEqual([
    31_337,
    31_337,
    ...Array(7).fill(undefined),
  ])
})

test('accounts are shown with their checksum', () => {
  expect(readAccount([account.toLowerCase()])).toBe(account)
})
