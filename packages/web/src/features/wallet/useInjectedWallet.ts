import { useCallback, useEffect, useMemo, useReducer, useRef, useSyncExternalStore } from 'react'
import { recall, remember } from '../../app/theme.js'
import { type DiscoveredWallet, discoverWallets } from './discoverWallets.js'
import { noWallet, readAccount, stepWallet, type WalletState } from './walletMachine.js'

const directory = discoverWallets(window)
const rememberedKey = 'agorai.wallet'
/** EIP-1193: the reader said no. */
const declinedCode = 4001

export type InjectedWallet = {
  state: WalletState
  /** Wallets of this browser, in the order in which they announced themselves. */
  wallets: readonly DiscoveredWallet[]
  /** The one that was chosen. */
  chosen: DiscoveredWallet | undefined
  connect: (wallet: DiscoveredWallet) => void
  /** Forgets the wallet here; the wallet itself keeps its own list of sites. */
  leave: () => void
}

/** The wallet of this browser that the reader chose, followed through every change of its account and chain. */
export function useInjectedWallet(): InjectedWallet {
  const wallets = useSyncExternalStore(directory.subscribe, directory.list)
  const [state, dispatch] = useReducer(stepWallet, noWallet)
  const chosen = state.status === 'none' ? undefined : wallets.find(({ id }) => id === state.id)

  const ask = useCallback(
    async ({ id, provider }: DiscoveredWallet, method: 'eth_accounts' | 'eth_requestAccounts') => {
      dispatch({ type: 'asked', id })
      try {
        const accounts: unknown = await provider.request({ method })
        // Asked silently, at the start of a visit: a wallet that has nothing to say is not a failure.
        if (method === 'eth_accounts' && readAccount(accounts) === undefined) return dispatch({ type: 'left' })
        dispatch({ type: 'answered', id, accounts, chainId: await provider.request({ method: 'eth_chainId' }) })
      } catch (error) {
        const { code, message } = error as { code?: unknown; message?: unknown }
        dispatch({ type: 'refused', id, declined: code === declinedCode, detail: String(message ?? '').slice(0, 200) })
      }
    },
    [],
  )

  const connect = useCallback(
    (wallet: DiscoveredWallet) => {
      remember(rememberedKey, wallet.rdns)
      void ask(wallet, 'eth_requestAccounts')
    },
    [ask],
  )
  const leave = useCallback(() => {
    remember(rememberedKey, null)
    dispatch({ type: 'left' })
  }, [])

  // The wallet of the last visit, once, as soon as it announces itself. This never opens a prompt.
  const recalled = useRef(false)
  useEffect(() => {
    const rdns = recall(rememberedKey)
    const wallet = wallets.find((each) => each.rdns === rdns)
    if (recalled.current || wallet === undefined) return
    recalled.current = true
    void ask(wallet, 'eth_accounts')
  }, [wallets, ask])

  useEffect(() => {
    if (chosen === undefined) return
    const { id, provider } = chosen
    const onAccounts = (accounts: unknown) => dispatch({ type: 'accountsChanged', id, accounts })
    const onChain = (chainId: unknown) => dispatch({ type: 'chainChanged', id, chainId })
    const onDisconnect = () => dispatch({ type: 'gone', id })
    provider.on('accountsChanged', onAccounts)
    provider.on('chainChanged', onChain)
    provider.on('disconnect', onDisconnect)
    return () => {
      provider.removeListener('accountsChanged', onAccounts)
      provider.removeListener('chainChanged', onChain)
      provider.removeListener('disconnect', onDisconnect)
    }
  }, [chosen])

  return useMemo(() => ({ state, wallets, chosen, connect, leave }), [state, wallets, chosen, connect, leave])
}
