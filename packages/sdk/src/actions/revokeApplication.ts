import { type RevocationReceipt, revocationReceiptSchema, toRevocationMessage, toTypedData } from '@agorai/core'
import type { Address } from 'viem'
import { requestFields, signerOf, signingDomainOf } from '../contributions/signRequest.js'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { untilConfirmed } from '../http/untilConfirmed.js'
import { signMessage } from '../transactions/signMessage.js'

export type RevokeApplicationParameters = {
  /** A dataset that the client's account owns. */
  asset: bigint
  /** Account of the application that was approved. */
  application: Address
}

/**
 * Takes back every approval that an application has for a dataset: the operator takes in nothing more from it until
 * there is a newer one. What it handed in before stays; its contributors take that back by `withdrawContributions`.
 *
 * @throws AgoraiError `not_owner`, `not_found`, `wallet_declined`, `node_unavailable`
 */
export async function revokeApplication(
  client: AgoraiClient,
  { asset, application }: RevokeApplicationParameters,
): Promise<RevocationReceipt> {
  const { nonce, expiry } = requestFields(client)
  const revocation = {
    ...{ asset: String(asset), owner: signerOf(client), application },
    ...{ nonce, expiry: String(expiry) },
  }
  const document = toTypedData(signingDomainOf(client), 'ApprovalRevocation', toRevocationMessage(revocation))
  const body = JSON.stringify({ revocation, signature: await signMessage(client, document) })
  const ask = () =>
    client.http.json(revocationReceiptSchema, {
      method: 'POST',
      path: 'api/v1/revocations',
      headers: { 'content-type': 'application/json' },
      body: () => body,
      attemptsMax: 3,
    })
  return untilConfirmed(client, { ask })
}
