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
import { depositAad, grantAad, openSealed, sealTo } from '@agorai/sdk'
import { getAddress, type Hex } from 'viem'
import type { Catalogue } from '../ports/catalogue.js'
import type { Chain } from '../ports/chain.js'
import type { KeyDeposited } from '../ports/journal.js'
import type { OperatorKeys } from '../ports/keys.js'
import { assertEntitled } from './entitlement.js'
import { type Route, route } from './http/route.js'
import { type Memory, slotOf } from './memory.js'
import { assertExpiry, assertOperator } from './requests.js'
import { assertSignature } from './signatures.js'

export type DeliveryRoutesOptions = {
  chain: Chain
  addresses: Deployment
  domain: SigningDomain
  keys: OperatorKeys
  memory: Memory
  catalogue: Catalogue
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
        'entitlement_missing',
        'not_confirmed',
        'not_found',
        'version_erased',
        'nothing_to_deliver',
        'content_missing',
        'key_invalid',
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

    const slot = slotOf(message.holder, message.nonce)
    const granted = memory.grantOf(message.holder, message.nonce)
    const known = granted ?? underWay.get(slot)
    if (known !== undefined) {
      if (known.requestDigest === requestDigest) return known.grant
      throw new AgoraiError('nonce_used', 'Another request of this holder had the same nonce.', {
        field: 'request.nonce',
      })
    }
    const grant = grantKey(options, { request: message, requestDigest, offer })
    underWay.set(slot, { requestDigest, grant })
    try {
      return await grant
    } finally {
      underWay.delete(slot)
    }
  }
}

/** Checks the entitlement, seals the key, signs the receipt, and answers only once that is on the disk. */
async function grantKey(options: DeliveryRoutesOptions, delivery: Delivery): Promise<DeliveryGrant> {
  const { chain, addresses, memory } = options
  const { request, requestDigest, offer } = delivery
  const { version, holder } = request
  const commitment = await assertEntitled(chain, addresses, { version, holder, offer })
  const deposited = memory.keyOf(commitment)
  if (deposited === undefined) throw await whyNoKey(options.catalogue, version)
  const sealedKey = await resealKey(options.keys, deposited, request)
  const receipt: DeliveryReceipt = {
    requestDigest,
    manifestDigest: deposited.manifestDigest,
    grantedAt: BigInt(Math.floor(Date.now() / 1000)),
  }
  const grant: DeliveryGrant = {
    version: version.toString(),
    publisher: deposited.account,
    manifestDigest: deposited.manifestDigest,
    cid: deposited.cid,
    bytes: deposited.bytes,
    sealedKey,
    receipt: { ...receipt, grantedAt: receipt.grantedAt.toString() },
    receiptSignature: await options.keys.account.signTypedData(toTypedData(options.domain, 'DeliveryReceipt', receipt)),
  }
  const { nonce } = request
  await memory.record({ kind: 'delivery-granted', holder, nonce, requestDigest, expiry: Number(request.expiry), grant })
  return grant
}

/** The chain does not say whether there is a content, the manifest does; where this node has none, nothing was deposited. */
async function whyNoKey(catalogue: Catalogue, version: bigint): Promise<AgoraiError> {
  const manifest = await catalogue.getManifest(version)
  return manifest === undefined || hasContent(manifest)
    ? new AgoraiError('content_missing', 'The key of this version was not deposited with this operator.')
    : new AgoraiError('nothing_to_deliver', `This ${manifest.kind} was published without one.`)
}

async function resealKey(keys: OperatorKeys, deposited: KeyDeposited, request: DeliveryRequest): Promise<Hex> {
  const { manifestDigest, sealedKey } = deposited
  const secrets = await openSealed(keys.encryption.privateKey, sealedKey, depositAad(manifestDigest))
  const { version, holder, deliveryKey } = request
  return sealTo(deliveryKey, secrets, grantAad({ version, holder, manifestDigest }))
}
