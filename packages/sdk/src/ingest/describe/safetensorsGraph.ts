import { isAgoraiError, type ModelGraph, parseStrictJson, type Tensor } from '@agorai/core'
import { createPartReader, type Parts, refuseFile, viewOf } from './partReader.js'
import { countParameters, toMetadata, toWeights } from './weights.js'

/** The limit of the format itself. */
const headerBytesMax = 100_000_000

/** Bits of each type that the format knows. */
const bitsOf: Record<string, number> = {
  ...{ F64: 64, F32: 32, F16: 16, BF16: 16, F8_E4M3: 8, F8_E5M2: 8, F8_E8M0: 8, F4: 4, F6_E2M3: 6, F6_E3M2: 6 },
  ...{ I64: 64, I32: 32, I16: 16, I8: 8, U64: 64, U32: 32, U16: 16, U8: 8, BOOL: 8, C64: 64 },
}

/**
 * What the header of a safetensors file says, checked as the format asks: every tensor has the bytes that its shape needs,
 * and together they are the whole file, without gaps and overlaps.
 *
 * @throws AgoraiError `content_unreadable`
 */
export async function readSafetensorsGraph(parts: Parts): Promise<ModelGraph> {
  const reader = createPartReader(parts)
  const headerBytes = Number(viewOf(await reader.take(8)).getBigUint64(0, true))
  if (headerBytes > headerBytesMax) throw refuseFile(`its header has ${headerBytes} bytes`)
  const header = parseHeader(await reader.take(headerBytes))
  const tensors: (Tensor & { from: number; to: number })[] = []
  for (const [name, value] of Object.entries(header)) if (name !== '__metadata__') tensors.push(toTensor(name, value))
  let end = 0
  for (const { name, dtype, shape, from, to } of [...tensors].sort((a, b) => a.from - b.from || a.to - b.to)) {
    const bytes = Math.ceil((countParameters(shape) * (bitsOf[dtype] ?? Number.NaN)) / 8)
    if (from !== end || to - from !== bytes)
      throw refuseFile(`the tensor ${name} is not where and as long as it must be`)
    end = to
  }
  if (8 + headerBytes + end !== parts.bytes) throw refuseFile('its tensors are not the rest of the file')
  const metadata = toMetadata(Object.entries(toRecord(header.__metadata__ ?? {}, '__metadata__')))
  return {
    format: 'safetensors',
    bytes: parts.bytes,
    ...toWeights(tensors.map(({ name, dtype, shape }) => ({ name, dtype, shape }))),
    ...(metadata && { metadata }),
  }
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  try {
    return toRecord(parseStrictJson(bytes, { bytesMax: headerBytesMax, depthMax: 4 }), 'header')
  } catch (cause) {
    throw isAgoraiError(cause, 'content_unreadable') ? cause : refuseFile('its header is not plain JSON', cause)
  }
}

function toRecord(value: unknown, name: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw refuseFile(`${name} is not an object`)
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0

function toTensor(name: string, value: unknown): Tensor & { from: number; to: number } {
  const { dtype, shape, data_offsets: offsets } = toRecord(value, name)
  if (typeof dtype === 'string' && Array.isArray(shape) && shape.every(isCount) && Array.isArray(offsets)) {
    const [from, to] = offsets
    if (isCount(from) && isCount(to)) return { name, dtype, shape, from, to }
  }
  throw refuseFile(`the tensor ${name.slice(0, 60)} has no type, shape and place`)
}
