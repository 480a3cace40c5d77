import type { EIP1193Provider } from 'viem'

/** A wallet of this browser that announced itself (EIP-6963). Name and icon are its own word. */
export type DiscoveredWallet = {
  /** For this visit only. */
  id: string
  /** Reverse domain name: the same at the next visit. */
  rdns: string
  name: string
  /** A `data:` picture, or nothing. */
  icon?: string
  provider: EIP1193Provider
}

export type WalletDirectory = {
  subscribe: (listener: () => void) => () => void
  /** The same array until another wallet announces itself. */
  list: () => readonly DiscoveredWallet[]
}

const walletsMax = 32
const nameMax = 64
const iconMax = 100_000

/** Asks the wallets of this browser to announce themselves, and listens for those that come later. */
export function discoverWallets(target: EventTarget): WalletDirectory {
  let wallets: readonly DiscoveredWallet[] = []
  const listeners = new Set<() => void>()
  target.addEventListener('eip6963:announceProvider', (event) => {
    const wallet = readAnnouncement((event as CustomEvent<unknown>).detail)
    // The first announcement of an id stays: a later one could put another provider behind a name that was chosen.
    if (wallet === undefined || wallets.length >= walletsMax || wallets.some(({ id }) => id === wallet.id)) return
    wallets = [...wallets, wallet]
    for (const listener of listeners) listener()
  })
  target.dispatchEvent(new Event('eip6963:requestProvider'))
  return {
    list: () => wallets,
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

function readAnnouncement(detail: unknown): DiscoveredWallet | undefined {
  if (!isRecord(detail) || !isRecord(detail.info) || !isRecord(detail.provider)) return undefined
  const { uuid, rdns, name, icon } = detail.info
  if (typeof uuid !== 'string' || typeof rdns !== 'string' || typeof name !== 'string') return undefined
  // Control and direction characters could make one name look like another's.
  const shown = name.replace(/\p{C}/gu, '').trim().slice(0, nameMax)
  if (uuid === '' || shown === '' || typeof detail.provider.request !== 'function') return undefined
  const safeIcon = typeof icon === 'string' && icon.length <= iconMax && /^data:image\//.test(icon)
  return {
    id: uuid,
    rdns,
    name: shown,
    ...(safeIcon ? { icon } : {}),
    provider: detail.provider as EIP1193Provider,
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
