import type { Page } from 'playwright-core'
import { createWalletClient, defineChain, type Hex, http, type LocalAccount, numberToHex } from 'viem'

/** A wallet in the browser, as an extension would put it there: EIP-1193 provider, announced by EIP-6963. */
export type InjectedWallet = {
  /** Methods that the page asked for, in order. */
  asked: string[]
  /** Whether the person at the wallet says yes. */
  approves: boolean
  /** The person goes to another chain in the wallet. */
  goTo: (chainId: number) => Promise<void>
  /** The person chooses another account in the wallet. */
  choose: (account: LocalAccount) => Promise<void>
  /** The person takes the accounts back from the page. */
  lock: () => Promise<void>
}

/** EIP-1193: the person said no; the wallet does not know the chain. EIP-1474: there is no such method. */
const codes = { declined: 4001, unknownChain: 4902, noMethod: -32_601 }

type Answer = { result: unknown } | { error: { code: number; message: string } }

const refuse = (code: number, message: string): Answer => ({ error: { code, message } })

/**
 * Puts a wallet into a page before it is opened. The key stays in this process: the page sees what a page sees of a real
 * wallet, and what it sends really goes to the chain.
 */
export async function injectWallet(
  page: Page,
  parameters: { name: string; account: LocalAccount; rpcUrl: string; chainId: number; startsOn?: number },
): Promise<InjectedWallet> {
  const { chainId: home, name, rpcUrl } = parameters
  let { account } = parameters
  const chain = defineChain({
    id: home,
    name: 'Chain under test',
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  })
  const sender = createWalletClient({ chain, transport: http(rpcUrl) })
  const known = new Set([1, parameters.startsOn ?? home])
  let chainId = parameters.startsOn ?? home
  let connected = false

  const emit = (event: string, payload: unknown) =>
    page.evaluate(
      ([name_, value]) => window.dispatchEvent(new CustomEvent(`test-wallet:${String(name_)}`, { detail: value })),
      [event, payload],
    )
  const changeChain = async (next: number) => {
    chainId = next
    await emit('chainChanged', numberToHex(next))
  }

  async function answer(method: string, params: readonly unknown[]): Promise<Answer> {
    const accounts = () => ({ result: connected ? [account.address.toLowerCase()] : [] })
    switch (method) {
      case 'eth_chainId':
        return { result: numberToHex(chainId) }
      case 'eth_accounts':
        return accounts()
      case 'eth_requestAccounts':
        if (!wallet.approves) return refuse(codes.declined, 'The person declined.')
        connected = true
        return accounts()
      case 'wallet_addEthereumChain':
        if (!wallet.approves) return refuse(codes.declined, 'The person declined.')
        known.add(Number((params[0] as { chainId: Hex }).chainId))
        return { result: null }
      case 'wallet_switchEthereumChain': {
        const next = Number((params[0] as { chainId: Hex }).chainId)
        if (!known.has(next)) return refuse(codes.unknownChain, `Chain ${next} is not known.`)
        if (!wallet.approves) return refuse(codes.declined, 'The person declined.')
        await changeChain(next)
        return { result: null }
      }
      case 'eth_signTypedData_v4': {
        if (!wallet.approves) return refuse(codes.declined, 'The person declined.')
        const { types, ...document } = JSON.parse(params[1] as string)
        const { EIP712Domain: _, ...own } = types
        return { result: await account.signTypedData({ ...document, types: own }) }
      }
      case 'eth_sendTransaction': {
        if (!wallet.approves) return refuse(codes.declined, 'The person declined.')
        if (chainId !== home) return refuse(codes.noMethod, 'This wallet has no way to send there.')
        const { to, data, value } = params[0] as { to: Hex; data: Hex; value?: Hex }
        return { result: await sender.sendTransaction({ account, to, data, value: BigInt(value ?? 0) }) }
      }
      default:
        return refuse(codes.noMethod, `${method} is not for a wallet.`)
    }
  }

  const wallet: InjectedWallet = {
    asked: [],
    approves: true,
    goTo: changeChain,
    choose: async (next) => {
      account = next
      await emit('accountsChanged', [next.address.toLowerCase()])
    },
    lock: async () => {
      connected = false
      await emit('accountsChanged', [])
    },
  }
  await page.exposeFunction('askTestWallet', (method: string, params: readonly unknown[]) => {
    wallet.asked.push(method)
    return answer(method, params)
  })
  await page.addInitScript((shown) => {
    const ask = (window as unknown as { askTestWallet(method: string, params: unknown): Promise<Answer> }).askTestWallet
    type Listener = (payload: unknown) => void
    const heard = new Map<Listener, EventListener>()
    const provider = {
      async request({ method, params = [] }: { method: string; params?: unknown }) {
        const answered = await ask(method, params)
        if ('result' in answered) return answered.result
        throw Object.assign(new Error(answered.error.message), { code: answered.error.code })
      },
      on(event: string, listener: Listener) {
        const listen = (told: Event) => listener((told as CustomEvent).detail)
        heard.set(listener, listen)
        window.addEventListener(`test-wallet:${event}`, listen)
      },
      removeListener(event: string, listener: Listener) {
        const listen = heard.get(listener)
        if (listen !== undefined) window.removeEventListener(`test-wallet:${event}`, listen)
      },
    }
    const icon =
      'data:image/svg+xml,%3Csvg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 2"%3E%3Ccircle cx="1" cy="1" r="1"/%3E%3C/svg%3E'
    const info = { uuid: '350670db-19fa-4704-a166-e52e178b59d2', rdns: 'org.example.wallet', name: shown, icon }
    const announce = () =>
      window.dispatchEvent(
        new CustomEvent('eip6963:announceProvider', { detail: Object.freeze({ info: Object.freeze(info), provider }) }),
      )
    window.addEventListener('eip6963:requestProvider', announce)
    announce()
  }, name)
  return wallet
}
