import { canonicalRow, type RowProof, rowProofSchema, toTypedData } from '@agorai/core'
import { keccak256 } from 'viem/utils'
import { requestFields, signerOf, signingDomainOf } from '../contributions/signRequest.js'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { findEntitlingOffer } from '../delivery/findEntitlingOffer.js'
import { untilConfirmed } from '../http/untilConfirmed.js'
import { signMessage } from '../transactions/signMessage.js'
import { verifyRowProof } from './verifyRowProof.js'

export type ProveRowParameters = {
  version: bigint
  /** The whole row, as it was handed in; of a CSV file all values are strings. */
  row: Record<string, unknown>
  /** The offer whose pass entitles the account. Default: found; contributors and the owner need none. */
  offer?: bigint | undefined
}

/**
 * Gets the proof that a row is in a version, from the operator that keeps it, and checks it against manifest and chain.
 * Contributors may ask about their own rows, holders of a pass about all. The proof opens that row and no other, and
 * whoever is shown it needs neither the operator nor the content: see `verifyRowProof`.
 *
 * @throws AgoraiError `row_missing`, `entitlement_missing`, `version_erased`, `integrity_failed` for a proof that does not
 * hold, `wallet_declined`, `node_unavailable`
 */
export async function proveRow(client: AgoraiClient, parameters: ProveRowParameters): Promise<RowProof> {
  const { version, row } = parameters
  const offer = parameters.offer ?? (await findEntitlingOffer(client, version))
  const rowDigest = keccak256(canonicalRow(row))
  const request = { version, account: signerOf(client), rowDigest, ...requestFields(client) }
  const signature = await signMessage(client, toTypedData(signingDomainOf(client), 'RowRequest', request))
  const body = JSON.stringify({
    request: { ...request, version: String(version), expiry: String(request.expiry) },
    signature,
    ...(offer === undefined ? {} : { offer: String(offer) }),
  })
  const ask = () =>
    client.http.json(rowProofSchema, {
      method: 'POST',
      path: `api/v1/versions/${version}/row-proofs`,
      headers: { 'content-type': 'application/json' },
      body: () => body,
      attemptsMax: 3,
      timeoutMs: 10 * 60_000,
    })
  const proof = await untilConfirmed(client, { ask })
  await verifyRowProof(client, { proof, row })
  return proof
}
