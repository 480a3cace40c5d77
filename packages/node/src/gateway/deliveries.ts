import {
  AgoraiError,
  type DeliveryGrant,
  type DeliveryReceipt,
  type DeliveryRequest,
  type DeliveryRequestBody,
  type Deployment,
  deliveryBodySchema,
  deliveryGrantSchema,
  hasContent,
  hashMessageOf,
  type SigningDomain,
  toTypedData,
} from '@agorai/core'
import { grantAad, sealTo } from '@agorai/sdk'
import { getAddress, type Hex } from 'viem'
import type { Catalogue } from '../ports/catalogue.js'
import type { Chain } from '../ports/chain.js'
import type { DeliveryGranted } from '../ports/journal.js'
import type { KeptKey, KeyStore } from '../ports/keyStore.js'
import type { OperatorKeys } from '../ports/keys.js'
import { assertEntitled } from './entitlement.js'
import { isErased } from './eraseKey.js'
import { type Route, route } from './http/route.js'
import type { Buckets } from './limits.js'
import { type Memory, slotOf } from './memory.js'
import { assertExpiry, assertOperator } from './requests.js'
import { assertSignature } from './signatures.js'

export type DeliveryRoutesOptions = {
  chain: Chain
  addresses: Deployment
  domain: SigningDomain
  keys: OperatorKeys
  keyStore: KeyStore
  memory: Memory
  catalogue: Catalogue
  /** Requests of one holder, whatever addresses they come from. */
  holders: Buckets
}

type Delivery = { request: DeliveryRequest; requestDigest: Hex; offer: bigint | undefined }

/** Hands the key of a version to whoever the chain says may have it. */
export function deliveryRoutes(options: DeliveryRoutesOptions): Route[] {
  const deliver = createDeliver(options)
  return [
    route({
      method: 'post',
      path: '/api/v1/deliveries',
      summary: "Ask for a version's key, sealed to a delivery key. The same request again gives the same grant.",
      body: deliveryBodySchema,
      response: deliveryGrantSchema,
      errors: [
        'wrong_operator',
        'request_expired',
        'signature_invalid',
        'nonce_used',
        'rate_limited',
        'entitlement_missing',
        'not_confirmed',
        'not_found',
        'version_erased',
        'nothing_to_deliver',
        'content_missing',
        'key_invalid',
        'key_store_damaged',
        'unsupported_media_type',
        'payload_too_large',
        'storage_full',
        'chain_unavailable',
      ],
      handle: ({ body }) => deliver(body),
    }),
  ]
}

function createDeliver(options: DeliveryRoutesOptions) {
  const { chain, domain, keys, memory } = options
  // Grants under way by holder and nonce, so that copies of a request that arrive together become one.
  const underWay = new Map<string, { requestDigest: Hex; grant: Promise<DeliveryGrant> }>()

  return async function deliver(body: DeliveryRequestBody): Promise<DeliveryGrant> {
    const { request, signature } = body
    assertOperator(request.operator, keys.account.address)
    const message: DeliveryRequest = {
      version: BigInt(request.version),
      holder: getAddress(request.holder),
      deliveryKey: request.deliveryKey,
      operator: keys.account.address,
      nonce: request.nonce,
      expiry: BigInt(request.expiry),
    }
    const offer = body.offer === undefined ? undefined : BigInt(body.offer)
    assertExpiry(message.expiry)
    const requestDigest = hashMessageOf(domain, 'DeliveryRequest', message)
    await assertSignature(chain.publicClient, { account: message.holder, hash: requestDigest, signature })
    options.holders.take(message.holder)

    const slot = slotOf(message.holder, message.nonce)
    const granted = memory.grantOf(message.holder, message.nonce)
    const running = underWay.get(slot)
    const known = granted ?? running
    if (known !== undefined && known.requestDigest !== requestDigest) throw nonceUsed()
    if (granted !== undefined) return sealGrant(options, granted, message)
    if (running !== undefined) return running.grant
    const grant = grantKey(options, { request: message, requestDigest, offer })
    underWay.set(slot, { requestDigest, grant })
    try {
      return await grant
    } finally {
      underWay.delete(slot)
    }
  }
}

const nonceUsed = (): AgoraiError =>
  new AgoraiError('nonce_used', 'Another request of this holder had the same nonce.', { field: 'request.nonce' })

/** Checks the entitlement, signs the receipt, and seals the key once that is on the disk. */
async function grantKey(options: DeliveryRoutesOptions, delivery: Delivery): Promise<DeliveryGrant> {
  const { chain, addresses, memory, keyStore } = options
  const { request, requestDigest, offer } = delivery
  const { version, holder, nonce } = request
  const commitment = await assertEntitled(chain, addresses, { version, holder, offer })
  const kept = await keyStore.get(commitment)
  if (kept === undefined) throw await whyNoKey(options.catalogue, version)
  assertLeft(kept)
  const { manifestDigest, account: publisher, cid, bytes } = kept
  const receipt: DeliveryReceipt = {
    requestDigest,
    manifestDigest,
    grantedAt: BigInt(Math.floor(Date.now() / 1000)),
  }
  const standing = await memory.record<DeliveryGranted>({
    kind: 'delivery-granted',
    holder,
    nonce,
    requestDigest,
    expiry: Number(request.expiry),
    commitment,
    grant: {
      ...{ version: version.toString(), publisher, manifestDigest, cid, bytes },
      receipt: { ...receipt, grantedAt: receipt.grantedAt.toString() },
      receiptSignature: await options.keys.account.signTypedData(
        toTypedData(options.domain, 'DeliveryReceipt', receipt),
      ),
    },
  })
  // Another gateway of this operator may have been asked at the same moment.
  if (standing.requestDigest !== requestDigest) throw nonceUsed()
  return sealGrant(options, standing, request)
}

/** Seals what is left of the key at this moment: what was destroyed since the grant was written down is not given again. */
async function sealGrant(
  { keys, keyStore }: DeliveryRoutesOptions,
  { commitment, grant }: DeliveryGranted,
  { version, holder, deliveryKey }: DeliveryRequest,
): Promise<DeliveryGrant> {
  const kept = await keyStore.get(commitment)
  if (kept === undefined) throw new AgoraiError('content_missing', 'The key of this version is not here any more.')
  assertLeft(kept)
  const left = kept.secrets.filter((each) => each !== null)
  const gone = [...kept.secrets.keys()].filter((partition) => kept.secrets[partition] === null)
  const aad = grantAad({ version, holder, manifestDigest: kept.manifestDigest })
  const sealedKey = await sealTo(deliveryKey, left, aad, keys.encryption.privateKey)
  return { ...grant, sealedKey, ...(gone.length === 0 ? {} : { erasedPartitions: gone }) }
}

function assertLeft(kept: KeptKey): void {
  if (isErased(kept)) throw new AgoraiError('version_erased', 'The key of this version was destroyed by this operator.')
}

/** The chain does not say whether there is a content, the manifest does; where this node has none, nothing was deposited. */
async function whyNoKey(catalogue: Catalogue, version: bigint): Promise<AgoraiError> {
  const manifest = await catalogue.getManifest(version)
  return manifest === undefined || hasContent(manifest)
    ? new AgoraiError('content_missing', 'The key of this version was not deposited with this operator.')
    : new AgoraiError('nothing_to_deliver', `This ${manifest.kind} was published without one.`)
}
