import {
  AgoraiError,
  type ErrorCode,
  parseStrictJson,
  parseWith,
  type ServedServiceInfo,
  servedServiceSchema,
  servedServicesSchema,
  startServingSchema,
  stoppedServingSchema,
  stopServingSchema,
  versionIdSchema,
} from '@agorai/core'
import { type Address, isAddressEqual } from 'viem'
import { z } from 'zod'
import type { ServiceStarted, ServiceStopped } from '../../ports/serviceRecords.js'
import { authenticateUpload, type Uploader } from '../authenticateUpload.js'
import { createGate } from '../createGate.js'
import { type Route, route } from '../http/route.js'
import type { Memory } from '../memory.js'
import { ownerOf } from '../readRegistry.js'
import { readSignedJson, uploadHeaders } from '../readSignedJson.js'
import type { OpenService, Services } from './createServices.js'

export type ServiceRoutesOptions = Uploader & {
  memory: Memory
  services: Services
  /** Undefined where no channels are. */
  channels: { receiver: Address; withdrawDelay: number } | undefined
}

const bodyBytesMax = 4 * 1024
const signed: readonly ErrorCode[] = [
  'signature_invalid',
  'request_expired',
  'wrong_operator',
  'nonce_used',
  'not_owner',
  'not_found',
  'not_confirmed',
  'digest_mismatch',
  'length_mismatch',
  'payload_too_large',
  'unsupported_media_type',
  'storage_full',
  'chain_unavailable',
]

/** Which services this node serves: their owners say so, by signed requests. */
export function serviceRoutes(options: ServiceRoutesOptions): Route[] {
  const { memory, services, channels } = options
  const terms =
    channels === undefined ? {} : { channels: { receiver: channels.receiver, withdrawDelay: channels.withdrawDelay } }
  // Opening a model reads all of it.
  const openInTurn = createGate({ runningMax: 1, waitingMax: 16 })
  return [
    route({
      method: 'post',
      path: '/api/v1/services',
      summary: 'The owner of a service has this node serve it. The request is signed as an upload of `services`.',
      headers: uploadHeaders,
      rawBody: 'application/json',
      response: servedServiceSchema,
      errors: [
        ...signed,
        'entitlement_missing',
        'content_missing',
        'nothing_to_deliver',
        'version_erased',
        'taken_down',
        'model_unsupported',
        'model_overloaded',
        'upstream_unavailable',
        'busy',
      ],
      async handle({ request }) {
        const upload = await authenticateUpload(options, request, 'services')
        const bytes = await readSignedJson(request, upload, bodyBytesMax)
        const { asset, offer } = parseWith(startServingSchema, parseStrictJson(bytes))
        const started: ServiceStarted = {
          kind: 'service-started',
          request: upload.request,
          asset,
          owner: upload.account,
          ...(offer === undefined ? {} : { offer }),
          at: Math.floor(Date.now() / 1000),
        }
        // Sent again it changes nothing, and after the owner stopped the service it starts nothing.
        if (memory.services.has(upload.request)) {
          if (memory.services.standingOf(BigInt(asset))?.request !== upload.request) throw carriedOut()
          return toInfo(await services.get(BigInt(asset)))
        }
        await openInTurn(() => services.tryOut(started))
        await memory.record(started)
        return toInfo(await services.get(BigInt(asset)))
      },
    }),
    route({
      method: 'post',
      path: '/api/v1/services/{asset}/stop',
      summary: 'The owner of a service has this node serve it no more. Signed as an upload of `services/<asset>/stop`.',
      params: z.strictObject({ asset: versionIdSchema }),
      headers: uploadHeaders,
      rawBody: 'application/json',
      response: stoppedServingSchema,
      errors: [...signed, 'model_not_found'],
      async handle({ params: { asset }, request }) {
        const upload = await authenticateUpload(options, request, `services/${asset}/stop`)
        const bytes = await readSignedJson(request, upload, bodyBytesMax)
        const said = parseWith(stopServingSchema, parseStrictJson(bytes))
        if (said.asset !== asset)
          throw new AgoraiError('invalid_request', 'asset: must be the one of the path.', { field: 'asset' })
        if (memory.services.has(upload.request)) return { stopped: asset }
        const standing = memory.services.standingOf(BigInt(asset))
        if (standing === undefined)
          throw new AgoraiError('model_not_found', `Asset ${asset} is not served here.`, { field: 'asset' })
        if (!isAddressEqual(standing.owner, upload.account)) {
          const owner = await ownerOf(options, BigInt(asset))
          if (!isAddressEqual(owner, upload.account))
            throw new AgoraiError('not_owner', `Asset ${asset} belongs to ${owner}.`, { field: 'asset' })
        }
        await memory.record<ServiceStopped>({
          kind: 'service-stopped',
          request: upload.request,
          asset,
          owner: upload.account,
          at: Math.floor(Date.now() / 1000),
        })
        await services.drop(BigInt(asset))
        return { stopped: asset }
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/services',
      summary: 'The services that this node serves: how each is called, and what a call costs.',
      response: servedServicesSchema,
      errors: [],
      handle: async () => ({ services: (await services.all()).map(toInfo), ...terms }),
    }),
    route({
      method: 'get',
      path: '/api/v1/services/{asset}',
      summary: 'A service that this node serves.',
      params: z.strictObject({ asset: versionIdSchema }),
      response: servedServiceSchema,
      errors: ['model_not_found', 'taken_down', 'chain_unavailable'],
      handle: async ({ params: { asset } }) => toInfo(await services.get(BigInt(asset))),
    }),
  ]
}

const carriedOut = (): AgoraiError =>
  new AgoraiError('nonce_used', 'This request was carried out, and a later one stands.', { field: 'request.nonce' })

function toInfo({ service, runtime, since }: OpenService): ServedServiceInfo {
  const { asset, version, owner, till, name, serving } = service
  const copy = (infos: typeof runtime.inputs) => infos.map(({ shape, ...info }) => ({ ...info, shape: [...shape] }))
  return {
    asset: asset.toString(),
    version: version.toString(),
    owner,
    till,
    name,
    serving,
    since,
    inputs: copy(runtime.inputs),
    outputs: copy(runtime.outputs),
  }
}
