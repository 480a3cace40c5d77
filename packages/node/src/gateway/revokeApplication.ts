import {
  AgoraiError,
  hashMessageOf,
  type RevocationReceipt,
  type SignedRevocation,
  toRevocationMessage,
} from '@agorai/core'
import { isAddressEqual } from 'viem'
import type { ApprovalRevoked } from '../ports/contributionRecords.js'
import type { Uploader } from './authenticateUpload.js'
import type { Memory } from './memory.js'
import { ownerOf } from './readRegistry.js'
import { assertExpiry } from './requests.js'
import { assertSignature } from './signatures.js'

/**
 * Takes back what an application was approved for, as the owner of the dataset: it hands in nothing more until there is
 * a newer approval. What it handed in before is the contributors' and stays. The same revocation again gives the same
 * answer.
 *
 * @throws AgoraiError `signature_invalid`, `request_expired`, `not_owner`, `not_found` for a dataset that is not there
 */
export async function revokeApplication(
  options: Pick<Uploader, 'chain' | 'domain'> & { memory: Memory },
  { revocation, signature }: SignedRevocation,
): Promise<RevocationReceipt> {
  const { chain, domain, memory } = options
  const { asset, application } = revocation
  const message = toRevocationMessage(revocation)
  const id = hashMessageOf(domain, 'ApprovalRevocation', message)
  const known = memory.book.revocationsOf(asset).find((record) => record.id === id)
  if (known === undefined) assertExpiry(message.expiry)
  await assertSignature(chain.publicClient, { account: message.owner, hash: id, signature })
  if (known === undefined && !isAddressEqual(await ownerOf(options, message.asset), message.owner))
    throw new AgoraiError('not_owner', 'Only the owner of the dataset revokes an approval for it.', {
      field: 'revocation.owner',
    })
  const recordedAt = Math.floor(Date.now() / 1000)
  const record =
    known ??
    (await memory.record<ApprovalRevoked>({
      kind: 'approval-revoked',
      id,
      revocation: { revocation, signature },
      recordedAt,
    }))
  const kept = memory.book
    .contributionsOf(asset)
    .filter((each) => isAddressEqual(each.consent.consent.application, application))
    .filter((each) => memory.book.stateOf(each) !== 'withdrawn')
    .map((each) => each.id)
  return { id, asset, application, recordedAt: String(record.recordedAt), kept }
}
