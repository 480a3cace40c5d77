import {
  AgoraiError,
  type ContributionBody,
  consentsMax,
  hashMessageOf,
  importContentKey,
  isAgoraiError,
  openContent,
  sealedBytes,
  toApprovalMessage,
  toConsentMessage,
} from '@agorai/core'
import { depositAad, measureRows, openSealed } from '@agorai/sdk'
import { type Address, type Hex, isAddressEqual } from 'viem'
import type { ContributionAccepted } from '../ports/contributionRecords.js'
import type { KeyStore } from '../ports/keyStore.js'
import type { OperatorKeys } from '../ports/keys.js'
import type { Storage } from '../ports/storage.js'
import type { Uploader } from './authenticateUpload.js'
import type { ContributionBook } from './contributionBook.js'
import type { Memory } from './memory.js'
import { ownerOf } from './readRegistry.js'
import { assertSignature } from './signatures.js'

export type AcceptContributionOptions = Uploader & {
  storage: Storage
  memory: Memory
  keys: OperatorKeys
  keyStore: KeyStore
}

/** Clocks differ by a little. */
const skewSeconds = 60

/**
 * Checks everything about a contribution and keeps it: that the owner approved the application, that the contributor
 * consented to these rows for that purpose, and that the deposited key opens rows of which both is true.
 *
 * @param account Who hands it in.
 * @throws AgoraiError what is wrong; nothing is kept then.
 */
export async function acceptContribution(
  options: AcceptContributionOptions,
  { id, account, body }: { id: Hex; account: Address; body: ContributionBody },
): Promise<void> {
  const { memory, keys, keyStore, storage } = options
  const { book } = memory
  const { sealedKey, ...record } = body
  const known = book.contributionOf(id)
  if (known !== undefined) {
    if (book.stateOf(known) === 'withdrawn') throw withdrawn()
    if (known.content.cid === body.content.cid) return
    throw otherRows()
  }
  await assertDocuments(options, { id, account, body })
  assertStanding(book, body)
  if (book.contributionsOf(body.consent.consent.asset).length >= consentsMax)
    throw new AgoraiError('payload_too_large', `A dataset takes at most ${consentsMax} contributions.`, {
      details: { consentsMax },
    })
  const secrets = await openSealed(keys.encryption.privateKey, sealedKey, depositAad(id))
  await checkRows(storage, body, secrets)
  // Opening many rows takes minutes, in which either may have been taken back.
  await memory.catchUp()
  assertStanding(book, body)
  // The key comes first: a contribution that is named in the journal can be opened.
  const { cid, bytes } = body.content
  await keyStore.put({ commitment: id, manifestDigest: id, cid, bytes, account, secrets })
  const acceptedAt = Math.floor(Date.now() / 1000)
  const standing = await memory.record<ContributionAccepted>({
    kind: 'contribution-accepted',
    id,
    acceptedAt,
    ...record,
  })
  // Another gateway of this operator may have been handed it at the same moment.
  if (standing.content.cid !== cid) throw otherRows()
}

/** Approval and consent: for one another, for this asset and operator's chain, signed, and not over. */
async function assertDocuments(
  options: AcceptContributionOptions,
  { id, account, body }: { id: Hex; account: Address; body: ContributionBody },
): Promise<void> {
  const { chain, domain } = options
  const approval = toApprovalMessage(body.approval.approval)
  const consent = toConsentMessage(body.consent.consent)
  const digest = hashMessageOf(domain, 'ConsentRecord', consent)
  if (digest !== id) throw refuse('A contribution is named by the digest of its consent record.', 'consent')
  if (!isAddressEqual(account, approval.application))
    throw refuse('The owner approved another application.', 'approval.approval.application')
  if (!isAddressEqual(account, consent.application))
    throw refuse('The contributor consented to another application.', 'consent.consent.application')
  if (approval.asset !== consent.asset) throw refuse('The consent is for another dataset.', 'consent.consent.asset')
  if (approval.purpose !== consent.purpose)
    throw refuse('The contributor consented to another purpose.', 'consent.consent.purpose')
  const now = BigInt(Math.floor(Date.now() / 1000))
  if (approval.expiry <= now) throw over('approval.approval.expiry', 'The approval of the application has ended.')
  if (consent.expiry <= now) throw over('consent.consent.expiry', 'The consent has ended.')
  if (approval.grantedAt > now + BigInt(skewSeconds))
    throw over('approval.approval.grantedAt', 'The approval is of a time to come.')
  if (consent.grantedAt > now + BigInt(skewSeconds))
    throw over('consent.consent.grantedAt', 'The consent is of a time to come.')
  const owner = await ownerOf(options, approval.asset)
  if (!isAddressEqual(owner, approval.owner))
    throw new AgoraiError('not_owner', 'The approval is not by the owner of the dataset.', {
      field: 'approval.approval.owner',
    })
  const client = chain.publicClient
  const approved = hashMessageOf(domain, 'ApplicationApproval', approval)
  await assertSignature(client, { account: approval.owner, hash: approved, signature: body.approval.signature })
  await assertSignature(client, { account: consent.contributor, hash: digest, signature: body.consent.signature })
}

/** Approval and consent: neither was taken back since it was given. */
function assertStanding(
  book: ContributionBook,
  { approval: { approval }, consent: { consent } }: Pick<ContributionBody, 'approval' | 'consent'>,
): void {
  if (Number(approval.grantedAt) <= (book.revokedAt(approval.asset, approval.application) ?? -1))
    throw new AgoraiError('approval_revoked', 'It was approved before that.', { field: 'approval.approval.grantedAt' })
  if (Number(consent.grantedAt) <= (book.withdrawnAt(consent.asset, consent.contributor) ?? -1)) throw withdrawn()
}

/** Opens the stored rows and compares them with what is stated, and with the consent. */
async function checkRows(
  storage: Storage,
  { content, consent: { consent } }: ContributionBody,
  secrets: Awaited<ReturnType<typeof openSealed>>,
): Promise<void> {
  const [own, ...more] = secrets
  if (own === undefined || more.length > 0)
    throw new AgoraiError('key_invalid', 'A contribution has one key.', { field: 'sealedKey' })
  const stored = await storage.contentBytes(content.cid)
  if (stored === undefined)
    throw new AgoraiError('content_missing', 'The rows were not uploaded.', { field: 'content.cid' })
  if (stored !== content.bytes || sealedBytes(content.plaintextBytes) !== stored)
    throw new AgoraiError('length_mismatch', `${stored} bytes are stored.`, { field: 'content.bytes' })
  const key = await importContentKey(own.contentKey)
  const opened = openContent({ key, contentId: consent.nonce, ciphertext: storage.readContent(content.cid) })
  const partitionBytes = [content.plaintextBytes]
  const measured = await measureRows({ rowFormat: 'jsonl', content: opened, secrets, partitionBytes }).catch(
    (error: unknown) => {
      if (!isAgoraiError(error, 'integrity_failed')) throw error
      throw new AgoraiError('key_invalid', 'The deposited key does not open the rows.', { cause: error })
    },
  )
  if (measured.rows !== content.rows)
    throw new AgoraiError('length_mismatch', `There are ${measured.rows} rows.`, { field: 'content.rows' })
  if (measured.root !== consent.rowsRoot)
    throw new AgoraiError('digest_mismatch', 'These are not the rows that the contributor consented to.', {
      field: 'consent.consent.rowsRoot',
    })
}

const otherRows = (): AgoraiError =>
  new AgoraiError('nonce_used', 'Other rows were handed in with this consent.', { field: 'content.cid' })
const refuse = (message: string, field: string): AgoraiError =>
  new AgoraiError('contribution_refused', message, { field })
const over = (field: string, message: string): AgoraiError => new AgoraiError('request_expired', message, { field })
const withdrawn = (): AgoraiError =>
  new AgoraiError('consent_withdrawn', 'The contributor has withdrawn since.', { field: 'consent' })
