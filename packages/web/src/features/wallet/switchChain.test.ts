import { defineChain, type EIP1193Provider } from 'viem'
import { expect, test } from 'vitest'
import { switchChain } from './switchChain.js'

const chain = defineChain({
  id: 31_337,
  name: 'Local chain',
  nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
  rpcUrls: { default: { http: ['http://127.0.0.1:4670/rpc'] } },
})

/** A wallet that answers each method with the code it is given, and remembers what it was asked. */
function walletThat(codes: Record<string, number[]>) {
  const asked: { method: string; params: unknown }[] = []
  const request = async ({ method, params }: { method: string; params?: unknown }) => {
    asked.push({ method, params })
    const code = codes[method]?.shift()
    if (code !== undefined) throw Object.assign(new Error('no'), { code })
    return null
  }
  return { provider: { request } as unknown as EIP1193Provider, asked }
}

test('a wallet that knows the chain is asked once', async () => {
  const { provider, asked } = walletThat({})
  await switchChain(provider, chain)
  expect(asked).toEqual([{ method: 'wallet_switchEthereumChain', params: [{ chainId: '0x7a69' }] }])
})

test.each([4902, -32_603])('a wallet that does not know the chain (%d) learns it, then goes there', async (code) => {
  const { provider, asked } = walletThat({ wallet_switchEthereumChain: [code] })
  await switchChain(provider, chain)
  expect(asked.map(({ method }) => method)).toEqual([
    'wallet_switchEthereumChain',
    'wallet_addEthereumChain',
    'wallet_switchEthereumChain',
  ])
  expect(asked[1]?.params).toEqual([
    {
      chainId: '0x7a69',
      chainName: 'Local chain',
      nativeCurrency: chain.nativeCurrency,
      rpcUrls: ['http://127.0.0.1:4670/rpc'],
    },
  ])
})

test('a no is not asked again', async () => {
  const { provider, asked } = walletThat({ wallet_switchEthereumChain: [4001] })
  await expect(switchChain(provider, chain)).rejects.toMatchObject({ code: 'wallet_declined' })
  expect(asked.length).toBe(1)
  const other = walletThat({ wallet_switchEthereumChain: [4902], wallet_addEthereumChain: [4001] })
  await expect(switchChain(other.provider, chain)).rejects.toMatchObject({ code: 'wallet_declined' })
})
