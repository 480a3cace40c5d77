import {
  AgoraiError,
  type ConsentedRows,
  hashMessageOf,
  importContentKey,
  type SignedApproval,
  sealContent,
  sealedBytes,
  toConsentMessage,
} from '@agorai/core'
import type { Hex } from 'viem'
import { sha256 } from 'viem'
import { hexToBytes } from 'viem/utils'
import { computeContentCid } from '../content/contentCid.js'
import { createMeter } from '../content/createMeter.js'
import { measureRows } from '../content/measureRows.js'
import { skipBytes } from '../content/readStream.js'
import { toCanonicalSource } from '../contributions/jsonLines.js'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { depositAad, sealTo } from '../crypto/hpke.js'
import { untilConfirmed } from '../http/untilConfirmed.js'
import type { ContentSource } from '../publishing/measureContent.js'
import { uploadContent } from '../publishing/uploadContent.js'
import { uploadSigned } from '../publishing/uploadSigned.js'

export type GiveContributionParameters = {
  approval: SignedApproval
  /** What `consentToContribute` gave. */
  consent: ConsentedRows
  /** The rows that the contributor consented to: JSON lines. */
  rows: Pick<ContentSource, 'fileName' | 'stream'>
}

export type GiveContributionReturnType = {
  /** Digest of the consent record, by which the contribution goes from now on. */
  id: Hex
  rows: number
  /** CID of the encrypted rows. */
  cid: string
}

/**
 * Hands in a contributor's rows, as the approved application: seals them under a fresh key, uploads them, and deposits the
 * key with the node's operator, who opens and checks everything before it accepts. Handing it in again changes nothing.
 *
 * @throws AgoraiError `rows_invalid`, `digest_mismatch` for rows that were not consented to, `contribution_refused`,
 * `consent_withdrawn`, `request_expired`, `signature_invalid`, `not_owner`, `nonce_used`, `node_unavailable`
 */
export async function giveContribution(
  client: AgoraiClient,
  { approval, consent: consented, rows }: GiveContributionParameters,
): Promise<GiveContributionReturnType> {
  const { consent, signature, saltSeed } = consented
  const { id: chainId, addresses } = client.info.chain
  const domain = { chainId, assetRegistry: addresses.assetRegistry }
  const id = hashMessageOf(domain, 'ConsentRecord', toConsentMessage(consent))
  const source = await toCanonicalSource(rows)
  const secrets = { contentKey: crypto.getRandomValues(new Uint8Array(32)), saltSeed: hexToBytes(saltSeed) }
  const key = await importContentKey(secrets.contentKey)
  const sealed = (plaintext: AsyncIterable<Uint8Array>) => sealContent({ key, contentId: consent.nonce, plaintext })
  const meter = createMeter((content) =>
    measureRows({ rowFormat: 'jsonl', content, secrets: [secrets], partitionBytes: [source.bytes] }),
  )
  const cid = await computeContentCid(sealed(meter.pass(source.stream())))
  const measured = await meter.result()
  if (measured.root !== consent.rowsRoot)
    throw new AgoraiError('digest_mismatch', 'These are not the rows that the contributor consented to.', {
      field: 'rows',
    })
  const bytes = sealedBytes(source.bytes)
  await uploadContent(client, { cid, bytes, sealed: (start) => skipBytes(sealed(source.stream()), start) })
  const sealedKey = await sealTo(client.info.operator.encryptionKey, [secrets], depositAad(id))
  const content = { cid, bytes, plaintextBytes: source.bytes, rows: measured.rows }
  const body = new TextEncoder().encode(
    JSON.stringify({ approval, consent: { consent, signature }, content, sealedKey }),
  )
  const ask = () =>
    uploadSigned(client, {
      resource: `contributions/${id}`,
      bytes: body.length,
      digest: sha256(body),
      mediaType: 'application/json',
      body: () => body,
    })
  await untilConfirmed(client, { ask })
  return { id, rows: measured.rows, cid }
}
