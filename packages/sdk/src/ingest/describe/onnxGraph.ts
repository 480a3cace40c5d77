import type { ModelGraph, Tensor } from '@agorai/core'
import onnxProto, { type onnx as Onnx } from 'onnx-proto'
import { createPartReader, type PartReader, type Parts, refuseFile } from './partReader.js'
import { clean, toMetadata, toWeights } from './weights.js'

const { onnx } = onnxProto

type Message = 'model' | 'graph' | 'node' | 'attribute' | 'tensor'

/** Fields that hold messages to look into. */
const inner: Record<Message, Record<number, Message>> = {
  model: { 7: 'graph' },
  graph: { 1: 'node', 5: 'tensor' },
  node: { 5: 'attribute' },
  attribute: { 5: 'tensor', 6: 'graph', 10: 'tensor', 11: 'graph' },
  tensor: {},
}

/** Fields that hold weights, and types that were inferred and say nothing new. */
const left: Partial<Record<Message, readonly number[]>> = { tensor: [4, 5, 6, 7, 9, 10, 11], graph: [13, 14] }

const thinBytesMax = 64 * 1024 * 1024
const depthMax = 16

/**
 * What an ONNX file says of its graph, read without its weights and without running it: memory grows with the number of
 * nodes, not with the weights.
 *
 * @throws AgoraiError `content_unreadable`
 */
export async function readOnnxGraph(parts: Parts): Promise<ModelGraph> {
  const budget = { bytes: thinBytesMax }
  const thin = await takeMessage(createPartReader(parts), parts.bytes, 'model', budget)
  const { graph, opsetImport, metadataProps, producerName, producerVersion } = decode(Buffer.concat(thin))
  if (graph === null || graph === undefined || (graph.node?.length ?? 0) === 0) throw refuseFile('it holds no graph')
  const graphs = withSubgraphs(graph)
  const weights = graphs.flatMap(({ initializer }) => initializer ?? [])
  // Old files list their weights among the inputs too.
  const weightNames = new Set((graph.initializer ?? []).map(({ name }) => name))
  const inputs = (graph.input ?? []).filter(({ name }) => !weightNames.has(name))
  const operators = countOperators(graphs)
  const external = weights.flatMap(({ externalData }) =>
    (externalData ?? []).filter(({ key }) => key === 'location').map(({ value }) => clean(value ?? '').slice(0, 500)),
  )
  const producer = [producerName, producerVersion].filter(Boolean).join(' ')
  const metadata = toMetadata([
    ...(producer === '' ? [] : [['producer', producer] as const]),
    ...(metadataProps ?? []).map(({ key, value }) => [key ?? '', value] as const),
  ])
  return {
    format: 'onnx',
    bytes: parts.bytes,
    ...toWeights(weights.map(toWeight)),
    inputs: inputs.slice(0, 256).map(toTensor),
    outputs: (graph.output ?? []).slice(0, 256).map(toTensor),
    operators: operators.slice(0, 512),
    opsets: (opsetImport ?? []).slice(0, 64).map(({ domain, version }) => ({
      domain: clean(domain || 'ai.onnx').slice(0, 500),
      version: Number(version ?? 0),
    })),
    ...(external.length === 0 ? {} : { externalData: [...new Set(external)].slice(0, 256) }),
    ...(metadata && { metadata }),
  }
}

function decode(thin: Uint8Array): Onnx.IModelProto {
  try {
    return onnx.ModelProto.decode(thin)
  } catch (cause) {
    throw refuseFile('it is not ONNX', cause)
  }
}

/** A message of protobuf up to `end`, without the fields that are left out. */
async function takeMessage(
  reader: PartReader,
  end: number,
  message: Message,
  budget: { bytes: number },
  depth = 0,
): Promise<Uint8Array[]> {
  if (depth > depthMax) throw refuseFile(`its graphs are more than ${depthMax} deep`)
  const kept: Uint8Array[] = []
  const keep = (bytes: Uint8Array): void => {
    budget.bytes -= bytes.length
    if (budget.bytes < 0) throw refuseFile(`its graph has more than ${thinBytesMax} bytes beside its weights`)
    kept.push(bytes.slice())
  }
  while (reader.at < end) {
    const tag = await takeVarint(reader)
    const field = Math.floor(tag / 8)
    const wire = tag % 8
    const isLeft = left[message]?.includes(field) ?? false
    const value =
      wire === 0
        ? toVarint(await takeVarint(reader))
        : wire === 1
          ? await reader.take(8)
          : wire === 5
            ? await reader.take(4)
            : undefined
    if (value !== undefined) {
      if (!isLeft) for (const bytes of [toVarint(tag), value]) keep(bytes)
      continue
    }
    if (wire !== 2) throw refuseFile('it is not ONNX')
    const length = await takeVarint(reader)
    if (reader.at + length > end) throw refuseFile('it is cut short')
    const nested = inner[message][field]
    if (isLeft) reader.skip(length)
    else if (nested === undefined)
      for (const bytes of [toVarint(tag), toVarint(length), await reader.take(length)]) keep(bytes)
    else {
      const within = await takeMessage(reader, reader.at + length, nested, budget, depth + 1)
      const bytes = within.reduce((sum, each) => sum + each.length, 0)
      kept.push(toVarint(tag), toVarint(bytes), ...within)
    }
  }
  if (reader.at !== end) throw refuseFile('it is not ONNX')
  return kept
}

/** Fields, lengths, sizes and versions are far below 2^53; a larger number is kept modulo that and counts nothing here. */
async function takeVarint(reader: PartReader): Promise<number> {
  let value = 0
  for (let place = 0; place < 10; place++) {
    const [byte = 0] = await reader.take(1)
    if (place < 7) value += (byte & 0x7f) * 2 ** (7 * place)
    if (byte < 0x80) return value
  }
  throw refuseFile('it is not ONNX')
}

function toVarint(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  do {
    bytes.push((rest % 128) + (rest >= 128 ? 128 : 0))
    rest = Math.floor(rest / 128)
  } while (rest > 0)
  return Uint8Array.from(bytes)
}

function withSubgraphs(graph: Onnx.IGraphProto): Onnx.IGraphProto[] {
  const inside = (graph.node ?? []).flatMap(({ attribute }) =>
    (attribute ?? []).flatMap(({ g, graphs }) => [...(g ? [g] : []), ...(graphs ?? [])]),
  )
  return [graph, ...inside.flatMap(withSubgraphs)]
}

function countOperators(graphs: readonly Onnx.IGraphProto[]): { name: string; count: number }[] {
  const counts = new Map<string, number>()
  for (const { node } of graphs)
    for (const { opType, domain } of node ?? []) {
      const isStandard = !domain || domain === 'ai.onnx'
      const name = clean(`${isStandard ? '' : `${domain}.`}${opType ?? ''}`).slice(0, 500)
      counts.set(name, (counts.get(name) ?? 0) + 1)
    }
  return [...counts]
    .map(([name, count]) => ({ name, count }))
    .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1))
}

const typeName = (type: number | null | undefined): string => onnx.TensorProto.DataType[type ?? 0] ?? `type ${type}`

const toWeight = ({ name, dataType, dims }: Onnx.ITensorProto): Tensor => ({
  name: clean(name ?? ''),
  dtype: typeName(dataType),
  shape: (dims ?? []).slice(0, 32).map(Number),
})

function toTensor({ name, type }: Onnx.IValueInfoProto): Tensor {
  const { tensorType } = type ?? {}
  const shape = (tensorType?.shape?.dim ?? []).slice(0, 32).map(({ dimValue, dimParam }) => {
    if (dimParam) return clean(dimParam).slice(0, 500)
    return dimValue === null || dimValue === undefined || Number(dimValue) < 1 ? null : Number(dimValue)
  })
  return {
    name: clean(name ?? '').slice(0, 500),
    dtype: tensorType ? typeName(tensorType.elemType) : 'not a tensor',
    shape,
  }
}
