import type { InferenceTensor } from '../../../ports/inference.js'
import { elements } from './elements.js'

export type WrittenAnswer = { headers: Record<string, string>; body: Uint8Array }

/**
 * An answer of the Open Inference Protocol: JSON, and the outputs that were asked for as bytes after it.
 *
 * @param head Fields that come before the outputs.
 */
export function writeTensors(
  head: object,
  outputs: readonly InferenceTensor[],
  isBinary: (name: string) => boolean,
): WrittenAnswer {
  const blobs: Uint8Array[] = []
  const written = outputs.map((output) => {
    const { name, datatype, shape } = output
    const facts = `"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":[${shape.join(',')}]`
    if (!isBinary(name)) return `{${facts},"data":[${valuesOf(output).join(',')}]}`
    const blob = toBytes(output)
    blobs.push(blob)
    return `{${facts},"parameters":{"binary_data_size":${blob.length}}}`
  })
  const json = Buffer.from(`${JSON.stringify(head).slice(0, -1)},"outputs":[${written.join(',')}]}`)
  if (blobs.length === 0) return { headers: { 'content-type': 'application/json' }, body: json }
  const headers = {
    'content-type': 'application/octet-stream',
    'inference-header-content-length': String(json.length),
  }
  return { headers, body: Buffer.concat([json, ...blobs]) }
}

/** Values as they stand in JSON; whole numbers of 64 bits to the last digit. */
function valuesOf({ datatype, data }: InferenceTensor): string[] {
  if (datatype === 'BYTES') return (data as readonly string[]).map((text) => JSON.stringify(text))
  const { bytes, read } = elements[datatype]
  const { buffer, byteOffset, byteLength } = data as Uint8Array
  const view = new DataView(buffer, byteOffset, byteLength)
  return Array.from({ length: byteLength / bytes }, (_, at) => read(view, at * bytes))
}

function toBytes({ datatype, data }: InferenceTensor): Uint8Array {
  if (datatype !== 'BYTES') return data as Uint8Array
  return Buffer.concat(
    (data as readonly string[]).flatMap((text) => {
      const bytes = Buffer.from(text)
      const length = Buffer.alloc(4)
      length.writeUInt32LE(bytes.length)
      return [length, bytes]
    }),
  )
}
