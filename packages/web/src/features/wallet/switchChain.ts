import { AgoraiError } from '@agorai/core'
import type { Chain, EIP1193Provider } from 'viem'
import { numberToHex } from 'viem'

const declinedCode = 4001

/**
 * Asks a wallet to go to a chain, and to learn the chain first where it does not know it (EIP-3326, EIP-3085). Wallets
 * do not agree on how they say that a chain is unknown, so anything but a plain no is followed by the second question.
 *
 * @throws AgoraiError `wallet_declined`
 */
export async function switchChain(provider: EIP1193Provider | undefined, chain: Chain): Promise<void> {
  if (provider === undefined) throw new AgoraiError('internal', 'There is no wallet to ask.')
  const chainId = numberToHex(chain.id)
  try {
    await provider.request({ method: 'wallet_switchEthereumChain', params: [{ chainId }] })
    return
  } catch (cause) {
    if (isDeclined(cause)) throw new AgoraiError('wallet_declined', 'The wallet did not change its chain.', { cause })
  }
  try {
    await provider.request({
      method: 'wallet_addEthereumChain',
      params: [
        {
          chainId,
          chainName: chain.name,
          nativeCurrency: chain.nativeCurrency,
          rpcUrls: [...chain.rpcUrls.default.http],
        },
      ],
    })
    // EIP-3085 leaves it open whether a chain that was added is also chosen.
    await provider.request({ method: 'wallet_switchEthereumChain', params: [{ chainId }] })
  } catch (cause) {
    throw new AgoraiError('wallet_declined', 'The wallet did not add the chain.', { cause })
  }
}

const isDeclined = (error: unknown): boolean => (error as { code?: unknown } | undefined)?.code === declinedCode
