import {
  AgoraiError,
  hashMessageOf,
  hexSchema,
  parseStrictJson,
  parseWith,
  type SigningDomain,
  targetOf,
  uploadRequestSchema,
} from '@agorai/core'
import { type Address, getAddress, type Hex } from 'viem'
import type { Chain } from '../ports/chain.js'
import { assertExpiry, assertOperator } from './requests.js'
import { assertSignature } from './signatures.js'
import type { Denials } from './takedowns/denials.js'

export type Uploader = {
  chain: Chain
  domain: SigningDomain
  /** The operator that uploads must be signed for. */
  operator: Address
  denials: Denials
}

/** What the uploader put its name to. */
export type Upload = {
  account: Address
  bytes: number
  digest: Hex
  /** EIP-712 digest of the signed request: the name of this one request. */
  request: Hex
}

const headerCharactersMax = 8_192

/**
 * Checks the wallet's signature over an upload, before any of its body is read. The signature names the body by its
 * digest, so a copy of it can do nothing but store the same bytes again: it needs no memory of nonces.
 *
 * @throws AgoraiError `signature_invalid`, `request_expired`, `wrong_operator`, `invalid_request`, `length_mismatch`,
 * `taken_down` for an account that this operator does not serve
 */
export async function authenticateUpload(
  { chain, domain, operator, denials }: Uploader,
  request: Request,
  resource: string,
  /** Length of the body, where it is a part of what was signed for. */
  partBytes?: number,
): Promise<Upload> {
  const { account, bytes, digest, nonce, expiry, ...rest } = parseRequest(request.headers.get('agorai-request'))
  const signature = parseSignature(request.headers.get('agorai-signature'))
  if (rest.resource !== resource)
    throw new AgoraiError('signature_invalid', 'The signed request names another resource.', {
      field: 'request.resource',
    })
  assertOperator(rest.operator, operator)
  const message = {
    account: getAddress(account),
    resource,
    bytes: BigInt(bytes),
    digest,
    operator,
    nonce,
    expiry: BigInt(expiry),
  }
  assertExpiry(message.expiry)
  const stated = request.headers.get('content-length')
  if (stated !== null && stated !== String(partBytes ?? bytes))
    throw new AgoraiError('length_mismatch', 'The body has another length than was stated for it.', {
      field: 'request.bytes',
    })
  const hash = hashMessageOf(domain, 'UploadRequest', message)
  await assertSignature(chain.publicClient, { account: message.account, hash, signature })
  denials.assertServed(targetOf.account(message.account))
  return { account: message.account, bytes: Number(message.bytes), digest, request: hash }
}

function parseRequest(header: string | null) {
  if (header === null) throw missing('agorai-request')
  if (header.length > headerCharactersMax || !/^[A-Za-z0-9_-]+$/.test(header))
    throw new AgoraiError('invalid_request', 'agorai-request: must be JSON in base64url.', { field: 'agorai-request' })
  return parseWith(uploadRequestSchema, parseStrictJson(Buffer.from(header, 'base64url')))
}

function parseSignature(header: string | null): Hex {
  if (header === null) throw missing('agorai-signature')
  return parseWith(hexSchema, header)
}

const missing = (field: string): AgoraiError =>
  new AgoraiError('signature_invalid', `The header ${field} is missing.`, { field })
