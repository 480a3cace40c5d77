import { AgoraiError } from '@agorai/core'
import type { InferenceTensor } from '../../../ports/inference.js'
import { elements } from './elements.js'
import type { InferenceRequest, InputTensor } from './schemas.js'

/** A tensor has no more elements than a call could have bytes. */
const elementsMax = 16 * 1024 * 1024

/**
 * The tensors of a request. Every size is compared with what is there before anything is made of it.
 *
 * @param binary What follows the JSON, where tensors come as bytes.
 * @throws AgoraiError `invalid_request` naming the tensor.
 */
export function readTensors({ inputs }: InferenceRequest, binary: Uint8Array | undefined): InferenceTensor[] {
  let at = 0
  const tensors = inputs.map((input) => {
    const count = countOf(input)
    const size = input.parameters?.binary_data_size
    if (size === undefined) return fromJson(input, count)
    const left = (binary?.length ?? 0) - at
    if (typeof size !== 'number' || !Number.isInteger(size) || size < 0 || size > left)
      throw wrong(input, 'states more bytes than follow')
    if (input.data !== undefined) throw wrong(input, 'has its values twice')
    at += size
    return fromBytes(input, count, (binary as Uint8Array).subarray(at - size, at))
  })
  if (at !== (binary?.length ?? 0)) throw new AgoraiError('invalid_request', 'More bytes follow than the inputs state.')
  return tensors
}

function countOf(input: InputTensor): number {
  let count = 1
  for (const side of input.shape) {
    count *= side
    if (count > elementsMax) throw wrong(input, 'has too many elements')
  }
  return count
}

function fromJson(input: InputTensor, count: number): InferenceTensor {
  const { name, datatype, shape, data } = input
  if (data === undefined) throw wrong(input, 'has no data')
  const values = flatten(input, data, count)
  if (values.length !== count) throw wrong(input, `has ${values.length} elements, its shape ${count}`)
  if (datatype === 'BYTES') {
    if (!values.every((value) => typeof value === 'string')) throw wrong(input, 'must have texts')
    return { name, datatype, shape, data: values as string[] }
  }
  const { bytes, accepts, write } = elements[datatype]
  const written = new Uint8Array(count * bytes)
  const view = new DataView(written.buffer)
  for (const [at, value] of values.entries()) {
    if (!accepts(value)) throw wrong(input, `has an element that is no ${datatype}`)
    write(view, at * bytes, value as number | boolean)
  }
  return { name, datatype, shape, data: written }
}

/** Depth is bounded by the parser; the number of elements here. */
function flatten(input: InputTensor, data: readonly unknown[], count: number): unknown[] {
  if (!data.some(Array.isArray)) return data as unknown[]
  const flat: unknown[] = []
  const take = (values: readonly unknown[]): void => {
    for (const value of values) {
      if (Array.isArray(value)) take(value)
      else if (flat.push(value) > count) throw wrong(input, `has more elements than its shape, ${count}`)
    }
  }
  take(data)
  return flat
}

function fromBytes(input: InputTensor, count: number, bytes: Uint8Array): InferenceTensor {
  const { name, datatype, shape } = input
  if (datatype === 'BYTES') return { name, datatype, shape, data: readTexts(input, count, bytes) }
  if (bytes.length !== count * elements[datatype].bytes)
    throw wrong(input, 'has another number of bytes than its shape')
  return { name, datatype, shape, data: bytes }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Each text is its length, 4 bytes little-endian, and its bytes. */
function readTexts(input: InputTensor, count: number, bytes: Uint8Array): string[] {
  // Every one of them has 4 bytes at least.
  if (count * 4 > bytes.length) throw wrong(input, 'has fewer texts than its shape')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const texts: string[] = []
  let at = 0
  for (let index = 0; index < count; index++) {
    const length = at + 4 <= bytes.length ? view.getUint32(at, true) : Number.POSITIVE_INFINITY
    if (length > bytes.length - at - 4) throw wrong(input, 'has a text that is longer than what follows')
    try {
      texts.push(decoder.decode(bytes.subarray(at + 4, at + 4 + length)))
    } catch (cause) {
      throw new AgoraiError('invalid_request', `${input.name}: texts must be UTF-8.`, { field: input.name, cause })
    }
    at += 4 + length
  }
  if (at !== bytes.length) throw wrong(input, 'has bytes after its last text')
  return texts
}

const wrong = ({ name }: InputTensor, why: string): AgoraiError =>
  new AgoraiError('invalid_request', `${name}: ${why}.`, { field: name })
