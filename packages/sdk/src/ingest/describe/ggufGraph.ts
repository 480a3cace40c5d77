import type { ModelGraph, Tensor } from '@agorai/core'
import { createPartReader, type PartReader, type Parts, refuseFile, viewOf } from './partReader.js'
import { clean, toMetadata, toWeights } from './weights.js'

const tensorsMax = 1_000_000
const keysMax = 100_000
const textBytesMax = 16 * 1024 * 1024
const itemsMax = 10_000_000

/** Types of ggml by their number: those that files carry today. */
const types: Record<number, string> = {
  ...{ 0: 'F32', 1: 'F16', 2: 'Q4_0', 3: 'Q4_1', 6: 'Q5_0', 7: 'Q5_1', 8: 'Q8_0', 9: 'Q8_1' },
  ...{ 10: 'Q2_K', 11: 'Q3_K', 12: 'Q4_K', 13: 'Q5_K', 14: 'Q6_K', 15: 'Q8_K', 16: 'IQ2_XXS', 17: 'IQ2_XS' },
  ...{ 18: 'IQ3_XXS', 19: 'IQ1_S', 20: 'IQ4_NL', 21: 'IQ3_S', 22: 'IQ2_S', 23: 'IQ4_XS', 24: 'I8', 25: 'I16' },
  ...{ 26: 'I32', 27: 'I64', 28: 'F64', 29: 'IQ1_M', 30: 'BF16', 34: 'TQ1_0', 35: 'TQ2_0', 39: 'MXFP4' },
}

/**
 * What the header of a GGUF file says: its metadata, and its tensors with how they are quantised. Nothing is loaded.
 *
 * @throws AgoraiError `content_unreadable`
 */
export async function readGgufGraph(parts: Parts): Promise<ModelGraph> {
  const reader = createPartReader(parts)
  const u32 = async () => viewOf(await reader.take(4)).getUint32(0, true)
  if ((await u32()) !== 0x46554747) throw refuseFile('it does not begin as GGUF does')
  const version = await u32()
  if (version !== 2 && version !== 3) throw refuseFile(`it is GGUF version ${version}`)
  const tensorCount = await count(reader, tensorsMax)
  const keyCount = await count(reader, keysMax)
  const metadata: [string, unknown][] = []
  for (let key = 0; key < keyCount; key++) {
    const name = await text(reader)
    const value = await readValue(reader, await u32())
    // Templates and vocabularies are long and belong to who has the file.
    metadata.push([name, value])
  }
  const tensors: Tensor[] = []
  for (let tensor = 0; tensor < tensorCount; tensor++) {
    const name = clean(await text(reader))
    const dimensions = await u32()
    if (dimensions > 8) throw refuseFile(`a tensor has ${dimensions} dimensions`)
    const shape: number[] = []
    for (let dimension = 0; dimension < dimensions; dimension++) shape.push(await count(reader, 2 ** 40))
    const type = await u32()
    reader.skip(8)
    // The file writes the innermost size first, others write it last.
    tensors.push({ name, dtype: types[type] ?? `type ${type}`, shape: shape.reverse() })
  }
  const shown = toMetadata(metadata)
  return { format: 'gguf', bytes: parts.bytes, ...toWeights(tensors), ...(shown && { metadata: shown }) }
}

async function count(reader: PartReader, max: number): Promise<number> {
  const value = viewOf(await reader.take(8)).getBigUint64(0, true)
  if (value > BigInt(max)) throw refuseFile(`it states ${value} of something of which ${max} are read`)
  return Number(value)
}

async function text(reader: PartReader): Promise<string> {
  return new TextDecoder().decode(await reader.take(await count(reader, textBytesMax)))
}

const sizes: Record<number, number> = { 0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8 }
const textType = 8
const arrayType = 9

async function readValue(reader: PartReader, type: number): Promise<unknown> {
  if (type === textType) return text(reader)
  if (type === arrayType) {
    const itemType = viewOf(await reader.take(4)).getUint32(0, true)
    const items = await count(reader, itemsMax)
    if (itemType === textType) for (let item = 0; item < items; item++) reader.skip(await count(reader, textBytesMax))
    else reader.skip(items * sizeOf(itemType))
    return `${items} items`
  }
  const view = viewOf(await reader.take(sizeOf(type)))
  switch (type) {
    case 0:
      return view.getUint8(0)
    case 1:
      return view.getInt8(0)
    case 2:
      return view.getUint16(0, true)
    case 3:
      return view.getInt16(0, true)
    case 4:
      return view.getUint32(0, true)
    case 5:
      return view.getInt32(0, true)
    case 6:
      return view.getFloat32(0, true)
    case 7:
      return view.getUint8(0) !== 0
    case 10:
      return view.getBigUint64(0, true)
    case 11:
      return view.getBigInt64(0, true)
    default:
      return view.getFloat64(0, true)
  }
}

function sizeOf(type: number): number {
  const size = sizes[type]
  if (size === undefined) throw refuseFile(`it holds a value of the unknown type ${type}`)
  return size
}
