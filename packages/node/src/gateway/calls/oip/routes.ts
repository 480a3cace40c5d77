import { AgoraiError, type Problem, versionIdSchema } from '@agorai/core'
import { z } from 'zod'
import type { CallRequest } from '../../http/lightRequest.js'
import { readBytes } from '../../http/readBody.js'
import { type Route, type RouteInput, route } from '../../http/route.js'
import type { OpenService } from '../../services/createServices.js'
import { type CallRoutesOptions, callBytesMax, callErrors } from '../callOptions.js'
import { sellCall } from '../sellCall.js'
import { planInference } from './planInference.js'
import { readInference } from './readInference.js'

/** A problem as the Open Inference Protocol tells it; its code, too, for whoever looks. */
const inferenceError = ({ code, detail, remedy }: Problem) => ({ error: `${detail} ${remedy}`, code })

const common = { crossOrigin: true, hot: true, errorForm: inferenceError, rawResponse: 'application/json' } as const
const assetParams = z.strictObject({ asset: versionIdSchema })
const versionParams = z.strictObject({ asset: versionIdSchema, version: versionIdSchema })

/** The Open Inference Protocol: tensors in, tensors out, as JSON or as bytes. */
export function inferenceRoutes(options: CallRoutesOptions): Route[] {
  const { services, cashier } = options
  const get = (path: string, summary: string, handle: () => Promise<Response>) =>
    route({ ...common, method: 'get', path, summary, errors: [], handle })
  return [
    get('/v2', 'This server, in the words of the Open Inference Protocol.', async () =>
      Response.json({ name: 'agorai', version: '2', extensions: ['binary_tensor_data'] }),
    ),
    get('/v2/health/live', 'Whether this node runs.', async () => Response.json({ live: true })),
    get('/v2/health/ready', 'Whether it can be called.', async () => Response.json({ ready: true })),
    ...withVersion('', 'What a service takes and gives.', 'get', async ({ open }) => Response.json(toMetadata(open))),
    ...withVersion('/ready', 'Whether a service can be called.', 'get', async ({ open }) =>
      Response.json({ name: `agorai/${open.service.asset}`, ready: true }),
    ),
    ...withVersion('/infer', 'The ways to pay for calls of a service, and refunds.', 'get', ({ open, input }) =>
      cashier.offer(input.request, open.service),
    ),
    ...withVersion('/infer', 'Have a service answer tensors.', 'post', async ({ open, input }) => {
      const { request, client } = input
      const body = await readBytes(request, callBytesMax)
      const asked = readInference(request.headers, body)
      const planning = { open, model: open.service.asset.toString(), client }
      const plan = planInference(planning, asked.request, asked.tensors)
      return sellCall({ ...options, request, body, client, service: open.service, plan, errorForm: inferenceError })
    }),
  ]

  type Handling = { open: OpenService; input: RouteInput<unknown, undefined, undefined, CallRequest> }

  /** A service is called as it is, or by the version that is sold: any other is not. */
  function withVersion(
    end: string,
    summary: string,
    method: 'get' | 'post',
    handle: (handling: Handling) => Promise<Response>,
  ): Route[] {
    const rest = {
      ...common,
      light: true as const,
      method,
      summary,
      ...(method === 'get'
        ? { errors: ['model_not_found', 'taken_down'] as const }
        : {
            errors: callErrors,
            rawBody: 'application/json',
            rawResponse: ['application/json', 'application/octet-stream'],
            headers: { 'inference-header-content-length': 'Length of the JSON, where the values follow as bytes.' },
          }),
    }
    return [
      route({
        ...rest,
        path: `/v2/models/{asset}${end}`,
        params: assetParams,
        handle: async (input) => handle({ open: await services.get(BigInt(input.params.asset)), input }),
      }),
      route({
        ...rest,
        path: `/v2/models/{asset}/versions/{version}${end}`,
        params: versionParams,
        async handle(input) {
          const { asset, version } = input.params
          const open = await services.get(BigInt(asset))
          if (open.service.version !== BigInt(version))
            throw new AgoraiError('model_not_found', `Version ${open.service.version} is sold, not ${version}.`, {
              field: 'version',
            })
          return handle({ open, input })
        },
      }),
    ]
  }
}

const toMetadata = ({ service, runtime }: OpenService) => ({
  name: `agorai/${service.asset}`,
  versions: [service.version.toString()],
  platform: service.serving.runtime === 'onnx' ? 'onnxruntime_onnx' : 'openai',
  inputs: runtime.inputs,
  outputs: runtime.outputs,
})
