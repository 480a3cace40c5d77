import { AgoraiError } from '@agorai/core'
import { protoFields } from './protoFields.js'

/** Operators that repeat a graph as often as its data say: such a run has no end that could be known. */
const endless: ReadonlySet<string> = new Set(['Loop', 'Scan', 'SequenceMap'])
const graphsDeepMax = 16
const external = 1

/** Messages by the field that holds them, as far as a node or a tensor may be inside. The numbers are those of onnx.proto. */
const parts = {
  model: { 7: 'graph', 25: 'function' },
  graph: { 1: 'node', 5: 'tensor', 15: 'sparse' },
  function: { 7: 'node' },
  node: { 5: 'attribute' },
  attribute: { 5: 'tensor', 6: 'graph', 10: 'tensor', 11: 'graph', 22: 'sparse', 23: 'sparse' },
  sparse: { 1: 'tensor', 2: 'tensor' },
  tensor: {},
} as const satisfies Record<string, Record<number, string>>

type Part = keyof typeof parts
const [opTypeField, locationField, metadataField] = [4, 14, 14]

/**
 * Reads what an ONNX file says beside its graph, and refuses what a node must not run for strangers: weights in other files,
 * which would be files of this machine, and operators whose runs need not end.
 *
 * @throws AgoraiError `model_unsupported`
 */
export function readModelFile(bytes: Uint8Array): Record<string, string> {
  const metadata: Record<string, string> = Object.create(null)
  let graphs = 0
  const walk = (part: Part, message: Uint8Array, depth: number): void => {
    if (depth > graphsDeepMax * 3) throw refused('Its graphs are inside one another too deeply.')
    if (part === 'graph') graphs += 1
    const inside: Partial<Record<number, Part>> = parts[part]
    for (const { field, value } of protoFields(message)) {
      if (typeof value === 'number') {
        if (part === 'tensor' && field === locationField && value === external)
          throw refused('Its weights are in another file; save it as one file.')
        continue
      }
      if (part === 'node' && field === opTypeField && endless.has(textOf(value)))
        throw refused(`The operator ${textOf(value)} may run without end.`)
      if (part === 'model' && field === metadataField) addEntry(metadata, value)
      const next = inside[field]
      if (next !== undefined) walk(next, value, depth + 1)
    }
  }
  walk('model', bytes, 0)
  if (graphs === 0) throw refused('It is no ONNX file.')
  return metadata
}

function addEntry(metadata: Record<string, string>, entry: Uint8Array): void {
  let key = ''
  let said = ''
  for (const { field, value } of protoFields(entry)) {
    if (typeof value === 'number') continue
    if (field === 1) key = textOf(value)
    if (field === 2) said = textOf(value)
  }
  metadata[key] = said
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')

const refused = (why: string): AgoraiError => new AgoraiError('model_unsupported', why)
