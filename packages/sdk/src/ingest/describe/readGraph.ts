import type { ModelGraph } from '@agorai/core'
import type { ContentFormat } from '../detectFormat.js'
import { readGgufGraph } from './ggufGraph.js'
import type { Parts } from './partReader.js'
import { readSafetensorsGraph } from './safetensorsGraph.js'

/**
 * What the file of a model says of its graph; undefined for what is no model.
 *
 * @throws AgoraiError `content_unreadable`
 */
export async function readGraph(family: ContentFormat['family'], parts: Parts): Promise<ModelGraph | undefined> {
  if (family === 'safetensors') return readSafetensorsGraph(parts)
  if (family === 'gguf') return readGgufGraph(parts)
  if (family !== 'onnx') return undefined
  // Protobuf's decoder is large: only who needs it loads it.
  const { readOnnxGraph } = await import('./onnxGraph.js')
  return readOnnxGraph(parts)
}
