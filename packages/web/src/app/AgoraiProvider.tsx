import { AgoraiError, devAccounts, type NodeInfo } from '@agorai/core'
import { type AgoraiClient, createAgoraiClient, getDevAccount } from '@agorai/sdk'
import { useQuery } from '@tanstack/react-query'
import { createContext, type ReactNode, useContext, useMemo, useState } from 'react'
import { isSameAccount } from '../features/wallet/accountName.js'
import type { Token } from '../format/money.js'
import { ErrorNotice, Waiting } from '../ui/Notice.js'
import { recall, remember } from './theme.js'

/** What every page needs: the node, the chain behind it, and who signs. */
export type Agorai = {
  client: AgoraiClient
  info: NodeInfo
  /** The development account that signs; undefined where the chain is not a local one, and this page only reads. */
  account: (typeof devAccounts)[number] | undefined
  chooseAccount: (index: number) => void
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

async function connect(index: number): Promise<AgoraiClient> {
  const node = window.location.origin
  const reader = await createAgoraiClient({ node })
  if (!reader.info.chain.local) return reader
  return createAgoraiClient({ node, account: getDevAccount(index, reader.info.chain.id) })
}

export function AgoraiProvider({ children }: { children: ReactNode }) {
  const [index, setIndex] = useState(() => {
    const remembered = Number(recall(accountKey) ?? defaultAccount)
    return devAccounts.some((account) => account.index === remembered) ? remembered : defaultAccount
  })
  const connection = useQuery({
    queryKey: ['client', index],
    queryFn: () => connect(index),
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: (previous) => previous,
  })
  const client = connection.data
  const agorai = useMemo((): Agorai | undefined => {
    if (client === undefined) return undefined
    const { info } = client
    // From the client, not from the choice: while the next client connects, this one still signs.
    const signer = client.wallet?.account.address
    const testUsd = info.chain.addresses.testUsd
    return {
      client,
      info,
      account: signer === undefined ? undefined : devAccounts.find(({ address }) => isSameAccount(address, signer)),
      chooseAccount: (next) => {
        remember(accountKey, String(next))
        setIndex(next)
      },
      paymentToken: testUsd === undefined ? undefined : { address: testUsd, symbol: 'tUSD', decimals: 6 },
    }
  }, [client])

  if (agorai !== undefined) return <AgoraiContext.Provider value={agorai}>{children}</AgoraiContext.Provider>
  return (
    <main id="main" className="main page-width" tabIndex={-1}>
      {connection.isError ? (
        <ErrorNotice
          error={connection.error}
          safe="Nothing was signed or moved."
          onRetry={() => connection.refetch()}
        />
      ) : (
        <Waiting>Connecting to the node…</Waiting>
      )}
    </main>
  )
}
