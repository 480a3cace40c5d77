import { toTypedData, toWithdrawalMessage, type WithdrawalReceipt, withdrawalReceiptSchema } from '@agorai/core'
import { requestFields, signerOf, signingDomainOf } from '../contributions/signRequest.js'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { signMessage } from '../transactions/signMessage.js'

export type WithdrawContributionsParameters = {
  /** The dataset that the client's account gave rows to. */
  asset: bigint
}

/**
 * Takes back, as a contributor, everything that the account gave to a dataset: the operator destroys the keys of the rows
 * in every version that it keeps, leaves them out of the next one, and says where they went before. Copies that buyers
 * made stay theirs.
 *
 * @throws AgoraiError `not_found` for who gave nothing, `wallet_declined`, `node_unavailable`
 */
export async function withdrawContributions(
  client: AgoraiClient,
  { asset }: WithdrawContributionsParameters,
): Promise<WithdrawalReceipt> {
  const { nonce, expiry } = requestFields(client)
  const withdrawal = { asset: String(asset), contributor: signerOf(client), nonce, expiry: String(expiry) }
  const document = toTypedData(signingDomainOf(client), 'Withdrawal', toWithdrawalMessage(withdrawal))
  const body = JSON.stringify({ withdrawal, signature: await signMessage(client, document) })
  return client.http.json(withdrawalReceiptSchema, {
    method: 'POST',
    path: 'api/v1/withdrawals',
    headers: { 'content-type': 'application/json' },
    body: () => body,
    attemptsMax: 3,
    timeoutMs: 30 * 60_000,
  })
}
