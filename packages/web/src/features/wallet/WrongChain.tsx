import { useMutation } from '@tanstack/react-query'
import { useAgorai } from '../../app/AgoraiProvider.js'
import { Notice } from '../../ui/Notice.js'
import { switchChain } from './switchChain.js'

/** Says that the wallet is on another chain than this node, and offers the way back. Nothing where it is on the right one. */
export function WrongChain() {
  const { client, info, wallet, wrongChain } = useAgorai()
  const { chosen } = wallet
  const change = useMutation({ mutationFn: () => switchChain(chosen?.provider, client.publicClient.chain) })
  if (wrongChain === undefined || chosen === undefined) return null
  const wanted = info.chain.local ? `the local chain ${info.chain.id}` : `chain ${info.chain.id}`
  return (
    <Notice tone="care" title={`${chosen.name} is on chain ${wrongChain}; this market is on ${wanted}`}>
      <p>Nothing can be signed until both are on the same chain. Your money on other chains is untouched.</p>
      {change.isError ? (
        <p>{`The wallet did not change its chain. Choose chain ${info.chain.id} in ${chosen.name} yourself, then go on here.`}</p>
      ) : null}
      <p>
        <button
          type="button"
          className="button button-small"
          disabled={change.isPending}
          onClick={() => change.mutate()}
        >
          {change.isPending ? `Waiting for ${chosen.name}…` : `Switch ${chosen.name} to ${wanted}`}
        </button>
      </p>
    </Notice>
  )
}
