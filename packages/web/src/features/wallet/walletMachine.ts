import { getAddress, isAddress } from 'viem'

/** What the page knows of the wallet that the reader chose. `id` tells this visit's wallets apart. */
export type WalletState =
  | { status: 'none' }
  | { status: 'connecting'; id: string }
  /** Asked to connect, it said no or failed; nothing was signed. */
  | { status: 'refused'; id: string; declined: boolean; detail: string }
  | { status: 'connected'; id: string; account: `0x${string}`; chainId: number }
  /** It was connected, and took its account back. */
  | { status: 'gone'; id: string }

export type WalletEvent =
  | { type: 'asked'; id: string }
  | { type: 'answered'; id: string; accounts: unknown; chainId: unknown }
  | { type: 'refused'; id: string; declined: boolean; detail: string }
  | { type: 'accountsChanged'; id: string; accounts: unknown }
  | { type: 'chainChanged'; id: string; chainId: unknown }
  | { type: 'gone'; id: string }
  | { type: 'left' }

export const noWallet: WalletState = { status: 'none' }

/**
 * What becomes of the wallet when something is heard of it. A wallet's word is a stranger's: accounts and chain are read
 * strictly, and what is heard of a wallet that is no longer the chosen one changes nothing.
 */
export function stepWallet(state: WalletState, event: WalletEvent): WalletState {
  if (event.type === 'left') return noWallet
  if (event.type === 'asked') return { status: 'connecting', id: event.id }
  if (state.status === 'none' || state.id !== event.id) return state
  const { id } = state
  switch (event.type) {
    case 'answered': {
      const [account, chainId] = [readAccount(event.accounts), readChainId(event.chainId)]
      if (account === undefined) return { status: 'refused', id, declined: false, detail: 'It gave no account.' }
      if (chainId === undefined) return { status: 'refused', id, declined: false, detail: 'It names no chain.' }
      return { status: 'connected', id, account, chainId }
    }
    case 'refused':
      return { status: 'refused', id, declined: event.declined, detail: event.detail }
    case 'accountsChanged': {
      if (state.status !== 'connected') return state
      const account = readAccount(event.accounts)
      return account === undefined ? { status: 'gone', id } : { ...state, account }
    }
    case 'chainChanged': {
      const chainId = readChainId(event.chainId)
      return state.status === 'connected' && chainId !== undefined ? { ...state, chainId } : state
    }
    case 'gone':
      return state.status === 'connected' ? { status: 'gone', id } : state
  }
}

/** The first of a wallet's accounts: the one that it signs with. */
export function readAccount(accounts: unknown): `0x${string}` | undefined {
  const first: unknown = Array.isArray(accounts) ? accounts[0] : undefined
  return typeof first === 'string' && isAddress(first, { strict: false }) ? getAddress(first) : undefined
}

/** A chain id as wallets give it: hexadecimal by EIP-1193, a number by some. */
export function readChainId(value: unknown): number | undefined {
  const id = typeof value === 'string' && /^0x[0-9a-f]{1,13}$/i.test(value) ? Number(value) : value
  return typeof id === 'number' && Number.isSafeInteger(id) && id > 0 ? id : undefined
}
