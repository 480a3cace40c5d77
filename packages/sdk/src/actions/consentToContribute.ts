import {
  AgoraiError,
  type ConsentedRows,
  consentRecordSchema,
  createRowRoot,
  parseWith,
  type SignedApproval,
  toConsentMessage,
  toTypedData,
} from '@agorai/core'
import { bytesToHex } from 'viem/utils'
import { readRows } from '../content/readRows.js'
import { type ChainClient, walletOf } from '../createChainClient.js'
import type { ContentSource } from '../publishing/measureContent.js'
import { randomWord, signMessage } from '../transactions/signMessage.js'

export type ConsentToContributeParameters = {
  /** What the owner of the dataset approved: dataset, application and purpose come from it. */
  approval: SignedApproval
  /** The contributor's rows: JSON lines. */
  rows: Pick<ContentSource, 'stream'>
  /** Name under which the contributor is credited in public: better none that says who it is. */
  label: string
  /** How long the rows may go into new versions. Default: 365 days. */
  validForSeconds?: number | undefined
}

const validForSecondsDefault = 365 * 86_400

/**
 * Signs, as a contributor, that rows may go into a dataset, for the purpose and through the application that its owner
 * approved. The record commits to the rows by a salted root, so it says nothing of them once the salt is destroyed.
 * Next step: the application's `giveContribution`.
 *
 * @throws AgoraiError `rows_invalid` with the line, `wallet_declined`, `invalid_request`
 */
export async function consentToContribute(
  client: ChainClient,
  parameters: ConsentToContributeParameters,
): Promise<ConsentedRows> {
  const { approval, rows, label, validForSeconds = validForSecondsDefault } = parameters
  const { asset, application, purpose } = approval.approval
  const contributor = walletOf(client).account.address
  const saltSeed = crypto.getRandomValues(new Uint8Array(32))
  const tree = await createRowRoot(saltSeed)
  for await (const row of readRows('jsonl', rows.stream())) tree.add(row)
  if (tree.rows === 0) throw new AgoraiError('rows_invalid', 'There are no rows to give.', { field: 'rows' })
  const now = Math.floor(Date.now() / 1000)
  const consent = parseWith(consentRecordSchema, {
    ...{ asset, contributor, application, purpose, label, rowsRoot: tree.root() },
    grantedAt: String(now),
    nonce: randomWord(),
    expiry: String(now + validForSeconds),
  })
  const { id: chainId, addresses } = client.info.chain
  const domain = { chainId, assetRegistry: addresses.assetRegistry }
  const document = toTypedData(domain, 'ConsentRecord', toConsentMessage(consent))
  return { consent, signature: await signMessage(client, document), saltSeed: bytesToHex(saltSeed) }
}
