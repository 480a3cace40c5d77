import { sessionBytes32, toTypedData } from '@agorai/core'
import { isAddressEqual } from 'viem/utils'
import { signerOf, signingDomainOf } from '../contributions/signRequest.js'
import { walletOf } from '../createChainClient.js'
import { signMessage } from '../transactions/signMessage.js'
import type { Payer } from './payer.js'

/**
 * Whether the payer's word can be given without asking anybody: a key in this process signs, and it is the payer's own. An
 * agent spends another's money, and a wallet would ask its holder each time.
 */
export const signsByItself = (payer: Payer): boolean =>
  walletOf(payer.client).account.type === 'local' && isAddressEqual(payer.address, signerOf(payer.client))

/**
 * Gives the operator the payer's signature for what a session's calls came to so far. The operator keeps the highest: a
 * claim of more is then its word against the payer's.
 *
 * @param total Base units.
 * @throws AgoraiError `session_refused`, `signature_invalid`, `invalid_request` above the ceiling, `node_unavailable`
 */
export async function acknowledgeTotal(payer: Payer, session: string, total: bigint): Promise<void> {
  const { client } = payer
  const at = BigInt(Math.floor(Date.now() / 1000))
  const message = { session: sessionBytes32(session), payer: payer.address, total, at }
  const signature = await signMessage(client, toTypedData(signingDomainOf(client), 'SessionAcknowledgement', message))
  const response = await client.http.send({
    method: 'POST',
    path: `api/v1/sessions/${session}/acknowledgements`,
    headers: { 'content-type': 'application/json' },
    body: () => JSON.stringify({ total: String(total), at: String(at), signature }),
    // The same word again changes nothing.
    attemptsMax: 3,
  })
  await response.body?.cancel()
}
