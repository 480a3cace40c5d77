import { createPayer, type Payer } from '@agorai/sdk'
import { useAgorai } from '../../app/AgoraiProvider.js'

const payers = new WeakMap<object, Payer>()

/** Who pays for calls here. One for each client, because it remembers what was signed on its channels. */
export function usePayer(): Payer | undefined {
  const { client } = useAgorai()
  if (client.wallet === undefined) return undefined
  const payer = payers.get(client) ?? createPayer(client)
  payers.set(client, payer)
  return payer
}
