import { AgoraiError, devAccounts, type NodeInfo } from '@agorai/core'
import { type AgoraiClient, createAgoraiClient, getDevAccount } from '@agorai/sdk'
import { useQuery } from '@tanstack/react-query'
import { createContext, type ReactNode, useContext, useMemo, useState } from 'react'
import { createWalletClient, custom } from 'viem'
import { isSameAccount } from '../features/wallet/accountName.js'
import { type InjectedWallet, useInjectedWallet } from '../features/wallet/useInjectedWallet.js'
import type { Token } from '../format/money.js'
import { ErrorNotice, Waiting } from '../ui/Notice.js'
import { recall, remember } from './theme.js'

/** Who signs, as sentences name them. */
export type Signer = {
  address: `0x${string}`
  label: string
  /** Index of a development account; undefined when a wallet of the browser signs. */
  development?: number
}

/** What every page needs: the node, the chain behind it, and who signs. */
export type Agorai = {
  client: AgoraiClient
  info: NodeInfo
  /** Undefined where the chain is not a local one and no wallet is connected: this page then only reads. */
  account: Signer | undefined
  /** Lets a development account sign. */
  chooseAccount: (index: number) => void
  wallet: InjectedWallet
  /** The chain that the connected wallet is on, when it is not the one of this node: nothing can be signed then. */
  wrongChain: number | undefined
  /** The token without value of a local chain. */
  paymentToken: Token | undefined
}

const AgoraiContext = createContext<Agorai | undefined>(undefined)
const accountKey = 'agorai.account'
/** The buyer of the demonstration: the account with which a first visit makes sense. */
const defaultAccount = 6

export function useAgorai(): Agorai {
  const agorai = useContext(AgoraiContext)
  if (agorai === undefined) throw new AgoraiError('internal', 'useAgorai is used outside of AgoraiProvider.')
  return agorai
}

/** A connected wallet signs; without one, a development account where the chain is a local one. */
async function connect({ wallet, index }: { wallet: InjectedWallet; index: number }): Promise<AgoraiClient> {
  const node = window.location.origin
  const reader = await createAgoraiClient({ node })
  const { state, chosen } = wallet
  if (state.status === 'connected' && chosen !== undefined) {
    const { chain } = reader.publicClient
    const walletClient = createWalletClient({ account: state.account, chain, transport: custom(chosen.provider) })
    return createAgoraiClient({ node, walletClient })
  }
  if (!reader.info.chain.local) return reader
  return createAgoraiClient({ node, account: getDevAccount(index, reader.info.chain.id) })
}

export function AgoraiProvider({ children }: { children: ReactNode }) {
  const wallet = useInjectedWallet()
  const { state, chosen } = wallet
  const [index, setIndex] = useState(() => {
    const remembered = Number(recall(accountKey) ?? defaultAccount)
    return devAccounts.some((account) => account.index === remembered) ? remembered : defaultAccount
  })
  const signer = state.status === 'connected' ? `${state.id}:${state.account}` : index
  const connection = useQuery({
    queryKey: ['client', signer],
    queryFn: () => connect({ wallet, index }),
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: (previous) => previous,
  })
  const client = connection.data
  const agorai = useMemo((): Agorai | undefined => {
    if (client === undefined) return undefined
    const { info } = client
    const testUsd = info.chain.addresses.testUsd
    return {
      client,
      info,
      account: signerOf(client, chosen?.name),
      chooseAccount: (next) => {
        remember(accountKey, String(next))
        setIndex(next)
      },
      wallet,
      wrongChain: state.status === 'connected' && state.chainId !== info.chain.id ? state.chainId : undefined,
      paymentToken: testUsd === undefined ? undefined : { address: testUsd, symbol: 'tUSD', decimals: 6 },
    }
  }, [client, chosen, state, wallet])

  if (agorai !== undefined) return <AgoraiContext.Provider value={agorai}>{children}</AgoraiContext.Provider>
  return (
    <main id="main" className="main page-width" tabIndex={-1}>
      {connection.isError ? (
        <>
          <ErrorNotice
            error={connection.error}
            safe="Nothing was signed or moved."
            onRetry={() => connection.refetch()}
          />
          {chosen === undefined ? null : (
            <p>
              <button type="button" className="button" onClick={wallet.leave}>
                {`Go on without ${chosen.name}`}
              </button>
            </p>
          )}
        </>
      ) : (
        <Waiting>Connecting to the node…</Waiting>
      )}
    </main>
  )
}

/** From the client, not from the choice: while the next client connects, this one still signs. */
function signerOf({ wallet, info }: AgoraiClient, walletName: string | undefined): Signer | undefined {
  if (wallet === undefined) return undefined
  const { address, type } = wallet.account
  const known = info.chain.local ? devAccounts.find((each) => isSameAccount(each.address, address)) : undefined
  if (type === 'local' && known !== undefined) return { address, label: known.label, development: known.index }
  return { address, label: walletName ?? known?.label ?? 'Wallet' }
}
