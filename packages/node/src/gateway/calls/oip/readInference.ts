import { AgoraiError, parseStrictJson, parseWith } from '@agorai/core'
import type { InferenceTensor } from '../../../ports/inference.js'
import type { ReadHeaders } from '../../http/lightRequest.js'
import { callBytesMax } from '../callOptions.js'
import { readTensors } from './readTensors.js'
import { type InferenceRequest, inferenceSchema } from './schemas.js'

const contentTypes: ReadonlySet<string> = new Set(['application/json', 'application/octet-stream'])

/**
 * A request of the Open Inference Protocol: JSON, or JSON whose length a header states, with bytes after it.
 *
 * @throws AgoraiError `invalid_request`, `unsupported_media_type`
 */
export function readInference(
  headers: ReadHeaders,
  bytes: Uint8Array,
): { request: InferenceRequest; tensors: InferenceTensor[] } {
  const [type = ''] = (headers.get('content-type') ?? 'application/json').toLowerCase().split(';')
  const encoding = headers.get('content-encoding') ?? 'identity'
  if (!contentTypes.has(type.trim()) || encoding !== 'identity')
    throw new AgoraiError('unsupported_media_type', 'The body must be application/json or application/octet-stream.', {
      field: 'content-type',
    })
  const stated = headers.get('inference-header-content-length')
  const jsonBytes = stated === null ? bytes.length : /^\d{1,9}$/.test(stated) ? Number(stated) : Number.NaN
  if (!(jsonBytes <= bytes.length))
    throw new AgoraiError('invalid_request', 'It must be the length of the JSON at the beginning of the body.', {
      field: 'inference-header-content-length',
    })
  const json = parseStrictJson(bytes.subarray(0, jsonBytes), { bytesMax: callBytesMax })
  const request = parseWith(inferenceSchema, json)
  const binary = stated === null ? undefined : bytes.subarray(jsonBytes)
  return { request, tensors: readTensors(request, binary) }
}
