import { AgoraiError } from '@agorai/core'
import { readGraph } from './describe/readGraph.js'
import { type ContentFormat, detectFormat, headBytes } from './detectFormat.js'

/** A file of which any part can be read. */
export type Inspected = {
  fileName: string
  bytes: number
  read(start: number, end: number): Promise<Uint8Array>
}

/**
 * What a file is, and that the header of a model is as its format asks: nothing in it is loaded or run.
 *
 * @param isBeside Whether a file of that name, in which an ONNX model keeps weights, is published with it. Default: never.
 * @throws AgoraiError `unsafe_format` for what runs code when it is opened or loaded, and for a model whose weights are
 * elsewhere; `content_unreadable` for a model with a false header
 */
export async function inspectSource(
  source: Inspected,
  isBeside: (name: string) => boolean = () => false,
): Promise<ContentFormat> {
  const { fileName, bytes, read } = source
  const format = detectFormat(fileName, await read(0, Math.min(bytes, headBytes)))
  const { externalData = [] } = (await readGraph(format.family, { bytes, read })) ?? {}
  const missing = externalData.find((location) => !isBeside(location.replace(/^\.\//, '')))
  if (missing !== undefined)
    throw new AgoraiError(
      'unsafe_format',
      'The model keeps weights in another file. Save it as one file (without external data), or publish the folder.',
      { field: 'content', details: { location: missing } },
    )
  return format
}
