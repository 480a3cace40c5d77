import {
  AgoraiError,
  bytes32Schema,
  type ContributionList,
  type ContributionRecord,
  contributionCountsSchema,
  contributionListSchema,
  contributionSchema,
  contributionsRequestSchema,
  type Deployment,
  type ErrorCode,
  hashMessageOf,
  parseStrictJson,
  parseWith,
  type RowProof,
  type RowRequestBody,
  revocationReceiptSchema,
  rowProofSchema,
  rowRequestSchema,
  signedRevocationSchema,
  signedWithdrawalSchema,
  storedSchema,
  uintSchema,
  withdrawalReceiptSchema,
} from '@agorai/core'
import { grantAad, sealTo } from '@agorai/sdk'
import { type Address, getAddress, isAddressEqual } from 'viem'
import { z } from 'zod'
import type { ContributionAccepted } from '../ports/contributionRecords.js'
import { acceptContribution } from './acceptContribution.js'
import { authenticateUpload } from './authenticateUpload.js'
import { createGate } from './createGate.js'
import { assertEntitled } from './entitlement.js'
import { type Route, route } from './http/route.js'
import { keptVersion } from './keptVersions.js'
import { commitmentOf, ownerOf } from './readRegistry.js'
import { readSignedJson, uploadHeaders } from './readSignedJson.js'
import { assertExpiry, assertOperator } from './requests.js'
import { revokeApplication } from './revokeApplication.js'
import { partitionsGivenBy, proveStoredRow } from './rowProofs.js'
import { assertSignature } from './signatures.js'
import { type WithdrawContributionsOptions, withdrawContributions } from './withdrawContributions.js'

export type ContributionRoutesOptions = WithdrawContributionsOptions & { addresses: Deployment }

const contributionBytesMax = 32 * 1024
const idParams = z.strictObject({ id: uintSchema })
const signed: readonly ErrorCode[] = [
  'signature_invalid',
  'request_expired',
  'wrong_operator',
  'not_confirmed',
  'chain_unavailable',
]

/** Rows that people give to a dataset: taken in with their consent, listed for its owner, taken back, and proven. */
export function contributionRoutes(options: ContributionRoutesOptions): Route[] {
  const { memory } = options
  // Opening rows keeps a core busy.
  const gate = createGate({ runningMax: 2, waitingMax: 32 })
  return [
    route({
      method: 'put',
      path: '/api/v1/contributions/{id}',
      summary: "Hand in a contributor's rows, as an application that the dataset's owner approved.",
      params: z.strictObject({ id: bytes32Schema }),
      headers: uploadHeaders,
      rawBody: 'application/json',
      response: storedSchema,
      errors: [
        ...signed,
        'contribution_refused',
        'approval_revoked',
        'consent_withdrawn',
        'nonce_used',
        'not_owner',
        'not_found',
        'content_missing',
        'key_invalid',
        'rows_invalid',
        'digest_mismatch',
        'length_mismatch',
        'payload_too_large',
        'unsupported_media_type',
        'storage_full',
        'busy',
      ],
      async handle({ params: { id }, request }) {
        const upload = await authenticateUpload(options, request, `contributions/${id}`)
        const bytes = await readSignedJson(request, upload, contributionBytesMax)
        const body = parseWith(contributionSchema, parseStrictJson(bytes))
        await memory.catchUp()
        await gate(() => acceptContribution(options, { id, account: upload.account, body }))
        return { stored: id }
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/assets/{id}/contributions',
      summary: 'How many contributions a dataset has here: never whose, nor what is in them.',
      params: idParams,
      response: contributionCountsSchema,
      errors: [],
      async handle({ params: { id } }) {
        await memory.catchUp()
        const accepted = memory.book.contributionsOf(id).filter((each) => memory.book.stateOf(each) === 'accepted')
        return {
          asset: id,
          accepted: accepted.length,
          rows: accepted.reduce((sum, { content }) => sum + content.rows, 0),
          contributors: new Set(accepted.map(({ consent }) => getAddress(consent.consent.contributor))).size,
          withdrawals: memory.book.withdrawalsOf(id).length,
        }
      },
    }),
    route({
      method: 'post',
      path: '/api/v1/assets/{id}/contributions',
      summary: 'All contributions to a dataset with their consents, and keys sealed to a delivery key, for its owner.',
      params: idParams,
      body: contributionsRequestSchema,
      response: contributionListSchema,
      errors: [...signed, 'not_owner', 'not_found'],
      async handle({ params: { id }, body: { request, signature } }) {
        const message = { ...request, asset: BigInt(request.asset), expiry: BigInt(request.expiry) }
        if (request.asset !== id) throw otherResource('request.asset')
        assertOperator(request.operator, options.operator)
        assertExpiry(message.expiry)
        const hash = hashMessageOf(options.domain, 'ContributionsRequest', message)
        await assertSignature(options.chain.publicClient, { account: request.owner, hash, signature })
        if (!isAddressEqual(await ownerOf(options, message.asset), request.owner))
          throw new AgoraiError('not_owner', 'Only the owner of the dataset is told.', { field: 'request.owner' })
        await memory.catchUp()
        return listFor(options, message)
      },
    }),
    route({
      method: 'post',
      path: '/api/v1/revocations',
      summary:
        'Take back, as the owner of a dataset, what an application was approved for. The same again gives the same.',
      body: signedRevocationSchema,
      response: revocationReceiptSchema,
      errors: [...signed, 'not_owner', 'not_found', 'storage_full'],
      handle: ({ body }) => revokeApplication(options, body),
    }),
    route({
      method: 'post',
      path: '/api/v1/withdrawals',
      summary: 'Take back, as a contributor, all that was given to a dataset. The same again gives the same answer.',
      body: signedWithdrawalSchema,
      response: withdrawalReceiptSchema,
      errors: [...signed, 'not_found', 'storage_full', 'busy'],
      async handle({ body }) {
        await memory.catchUp()
        return gate(() => withdrawContributions(options, body))
      },
    }),
    route({
      method: 'post',
      path: '/api/v1/versions/{id}/row-proofs',
      summary: 'Proof that a row is in a version: for who gave it, holds a pass, or owns the asset.',
      params: idParams,
      body: rowRequestSchema,
      response: rowProofSchema,
      errors: [
        ...signed,
        'entitlement_missing',
        'not_found',
        'row_missing',
        'version_erased',
        'content_missing',
        'busy',
      ],
      async handle({ params: { id }, body }) {
        if (body.request.version !== id) throw otherResource('request.version')
        await memory.catchUp()
        return gate(() => proveRowFor(options, body))
      },
    }),
  ]
}

const otherResource = (field: string): AgoraiError =>
  new AgoraiError('signature_invalid', 'The signed request names another resource.', { field })

async function listFor(
  { memory, keyStore }: ContributionRoutesOptions,
  request: { asset: bigint; owner: Address; deliveryKey: `0x${string}` },
): Promise<ContributionList> {
  const { asset, owner, deliveryKey } = request
  const { book } = memory
  const told = async (contribution: ContributionAccepted): Promise<ContributionRecord> => {
    const { id, consent, content, acceptedAt } = contribution
    const own = book.stateOf(contribution) === 'accepted' ? (await keyStore.get(id))?.secrets[0] : undefined
    const aad = grantAad({ version: asset, holder: owner, manifestDigest: id })
    const sealedKey = own === undefined || own === null ? null : await sealTo(deliveryKey, [own], aad)
    return { id, consent, content, acceptedAt: String(acceptedAt), state: book.stateOf(contribution), sealedKey }
  }
  const contributions: ContributionRecord[] = []
  for (const each of book.contributionsOf(String(asset))) contributions.push(await told(each))
  const withdrawals = book.withdrawalsOf(String(asset)).map(({ withdrawal, recordedAt }) => ({
    contributor: withdrawal.withdrawal.contributor,
    recordedAt: String(recordedAt),
  }))
  const revocations = book.revocationsOf(String(asset)).map(({ revocation, recordedAt }) => ({
    application: revocation.revocation.application,
    recordedAt: String(recordedAt),
  }))
  return { asset: String(asset), contributions, withdrawals, revocations }
}

/** Contributors may ask about what they gave; about all else whoever may open the version. */
async function proveRowFor(options: ContributionRoutesOptions, body: RowRequestBody): Promise<RowProof> {
  const { chain, domain, operator, storage, keyStore, memory, addresses } = options
  const { request, signature } = body
  assertOperator(request.operator, operator)
  const message = { ...request, version: BigInt(request.version), expiry: BigInt(request.expiry) }
  assertExpiry(message.expiry)
  const hash = hashMessageOf(domain, 'RowRequest', message)
  await assertSignature(chain.publicClient, { account: request.account, hash, signature })
  const commitment = await commitmentOf(options, message.version)
  const kept = await keptVersion({ storage, keyStore, book: memory.book }, commitment)
  if (kept === undefined)
    throw new AgoraiError('content_missing', 'The content of this version is not kept by this operator.')
  const { manifest, secrets } = kept.version
  const given = body.offer === undefined ? partitionsGivenBy(manifest, request.account) : []
  const offer = body.offer === undefined ? undefined : BigInt(body.offer)
  if (given.length === 0)
    await assertEntitled(chain, addresses, { version: message.version, holder: request.account, offer })
  const among = given.length > 0 ? given : secrets.map((_, partition) => partition)
  const proven = await proveStoredRow(storage, kept.version, { rowDigest: request.rowDigest, among })
  return {
    version: request.version,
    publisher: kept.key.account,
    manifestDigest: kept.key.manifestDigest,
    ...proven,
  }
}
