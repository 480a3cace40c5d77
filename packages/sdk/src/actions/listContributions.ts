import {
  AgoraiError,
  type ContributionList,
  type ContributionRecord,
  contributionListSchema,
  hashMessageOf,
  importContentKey,
  openContent,
  toConsentMessage,
  toTypedData,
} from '@agorai/core'
import { createMeter } from '../content/createMeter.js'
import { measureRows } from '../content/measureRows.js'
import { requestFields, signerOf, signingDomainOf } from '../contributions/signRequest.js'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { type DeliveryKey, generateDeliveryKey, grantAad, openSealed } from '../crypto/hpke.js'
import { readContent } from '../http/readContent.js'
import { untilConfirmed } from '../http/untilConfirmed.js'
import { signMessage } from '../transactions/signMessage.js'
import { toAgoraiError } from '../transactions/toAgoraiError.js'

export type ListContributionsParameters = {
  /** A dataset that the client's account owns. */
  asset: bigint
}

/** A contribution whose rows can be read, unless they were taken back or the contributor's wallet denies the consent. */
export type ListedContribution = Omit<ContributionRecord, 'state'> & {
  /** `unsigned` where the contributor did not sign the consent, or a wallet that is a contract does not say so any more. */
  state: ContributionRecord['state'] | 'unsigned'
  /**
   * Downloads, decrypts and checks the rows against the consent. What was read counts only when the iteration ends
   * without an error. Undefined when the key is destroyed, or the consent unsigned.
   */
  rows: (() => AsyncGenerator<Uint8Array>) | undefined
}

export type ListContributionsReturnType = Omit<ContributionList, 'contributions'> & {
  contributions: ListedContribution[]
}

/**
 * What was contributed to a dataset, with the consents, for its owner. Consents that hold are checked here again: the
 * operator's word is not enough to publish somebody's rows. Wallets that are contracts are asked on the chain, and what
 * one of them denies by now is told of and stops nothing else.
 *
 * @throws AgoraiError `not_owner`, `signature_invalid` for a consent of another name or dataset, `wallet_declined`,
 * `node_unavailable`, `chain_unavailable`
 */
export async function listContributions(
  client: AgoraiClient,
  { asset }: ListContributionsParameters,
): Promise<ListContributionsReturnType> {
  const deliveryKey = await generateDeliveryKey()
  const request = { asset, owner: signerOf(client), deliveryKey: deliveryKey.publicKey, ...requestFields(client) }
  const signature = await signMessage(client, toTypedData(signingDomainOf(client), 'ContributionsRequest', request))
  const body = JSON.stringify({
    request: { ...request, asset: String(asset), expiry: String(request.expiry) },
    signature,
  })
  const ask = () =>
    client.http.json(contributionListSchema, {
      method: 'POST',
      path: `api/v1/assets/${asset}/contributions`,
      headers: { 'content-type': 'application/json' },
      body: () => body,
      attemptsMax: 3,
    })
  const list = await untilConfirmed(client, { ask })
  const contributions: ListedContribution[] = []
  for (const record of list.contributions) {
    const isUsable = record.state !== 'accepted' || (await isConsented(client, asset, record))
    const rows = () => openRows(client, { asset, deliveryKey, record })
    contributions.push({
      ...record,
      state: isUsable ? record.state : 'unsigned',
      rows: isUsable && record.sealedKey !== null ? rows : undefined,
    })
  }
  return { ...list, contributions }
}

async function isConsented(client: AgoraiClient, asset: bigint, { id, consent }: ContributionRecord): Promise<boolean> {
  const message = toConsentMessage(consent.consent)
  const domain = signingDomainOf(client)
  if (message.asset !== asset || hashMessageOf(domain, 'ConsentRecord', message) !== id)
    throw new AgoraiError('signature_invalid', `Contribution ${id} has the consent of another.`, { field: 'consent' })
  const document = toTypedData(domain, 'ConsentRecord', message)
  const { contributor: address } = message
  try {
    return await client.publicClient.verifyTypedData({ ...document, address, signature: consent.signature })
  } catch (cause) {
    throw toAgoraiError(cause)
  }
}

async function* openRows(
  client: AgoraiClient,
  { asset, deliveryKey, record }: { asset: bigint; deliveryKey: DeliveryKey; record: ContributionRecord },
): AsyncGenerator<Uint8Array> {
  const { id, content, consent, sealedKey } = record
  const aad = grantAad({ version: asset, holder: signerOf(client), manifestDigest: id })
  const secrets = await openSealed(deliveryKey.privateKey, sealedKey ?? '0x', aad)
  const [own] = secrets
  if (own === undefined) throw new AgoraiError('key_invalid', 'The operator sent no key.')
  const partitionBytes = [content.plaintextBytes]
  const meter = createMeter((passing) => measureRows({ rowFormat: 'jsonl', content: passing, secrets, partitionBytes }))
  const ciphertext = readContent(client.http, content.cid, content.bytes)
  const key = await importContentKey(own.contentKey)
  yield* meter.pass(openContent({ key, contentId: consent.consent.nonce, ciphertext }))
  const { root } = await meter.result()
  if (root !== consent.consent.rowsRoot)
    throw new AgoraiError('integrity_failed', `The rows of contribution ${id} are not those that were consented to.`, {
      field: 'consent.rowsRoot',
    })
}
