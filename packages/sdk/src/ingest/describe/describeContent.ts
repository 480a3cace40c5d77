import type { ModelCard, ModelGraph, Profile } from '@agorai/core'
import { readTarFiles } from '../../content/folder/readTar.js'
import { collectBytes } from '../../content/readStream.js'
import type { LocalSource } from '../localSource.js'
import { readFileFacts } from './fileFacts.js'
import type { Parts } from './partReader.js'
import { type ProfileTableOptions, profileTable } from './profileTable.js'
import { readGraph } from './readGraph.js'
import { readTextFacts } from './textFacts.js'

export type DescribeContentOptions = ProfileTableOptions & {
  /** What the seller says of a model; the graph is added to it. */
  modelCard?: Omit<ModelCard, 'graph'> | undefined
}

export type Description = {
  profile?: Profile
  modelCard?: ModelCard
  /** What the seller should know before publishing. It is not published. */
  warnings: string[]
}

/**
 * What a content says of itself, for its manifest: figures of its columns, its text, its images and recordings, or the graph
 * of a model. Nothing in it is run. Memory is bounded; a file is better described than a stream, for it can be read in parts.
 *
 * @throws AgoraiError `rows_invalid`, `content_unreadable`, `invalid_request` for an option that names no column
 */
export async function describeContent(source: LocalSource, options: DescribeContentOptions = {}): Promise<Description> {
  const { rowFormat, family, mediaType } = source.format
  const stated = options.modelCard
  const graph = await readGraph(family, partsOf(source))
  if (graph !== undefined) return { modelCard: { ...stated, graph }, warnings: externalWarnings(graph) }
  const given = stated === undefined ? {} : { modelCard: stated }
  if (rowFormat === 'tar') {
    const { warnings, ...profile } = await readFileFacts(readTarFiles(source.stream()))
    return { ...given, profile, warnings }
  }
  if (rowFormat !== 'binary') {
    const content = () => (source.read === undefined ? source.stream() : { ...source, read: source.read })
    const table = await profileTable({ rowFormat, path: source.path, content }, options)
    return { ...given, profile: { table }, warnings: tableWarnings(table) }
  }
  if (family === 'text' && mediaType.startsWith('text/'))
    return { ...given, profile: { text: await readTextFacts(source.stream()) }, warnings: [] }
  if (family !== 'image' && family !== 'audio') return { ...given, warnings: [] }
  const { warnings, ...profile } = await readFileFacts(onlyFile(source))
  return { ...given, profile, warnings }
}

/** Of a model that can only be streamed, this much is held. */
const heldBytesMax = 256 * 1024 * 1024

function partsOf({ bytes, read, stream }: LocalSource): Parts {
  if (read !== undefined) return { bytes, read }
  let held: Promise<Uint8Array> | undefined
  return {
    bytes,
    async read(start, end) {
      held ??= collectBytes(upTo(stream(), heldBytesMax))
      return (await held).subarray(start, end)
    },
  }
}

async function* upTo(content: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array> {
  let left = bytes
  for await (const slice of content) {
    yield slice.subarray(0, left)
    left -= slice.length
    if (left <= 0) return
  }
}

async function* onlyFile({ fileName, bytes, stream }: LocalSource) {
  yield { path: fileName, bytes, content: stream() }
}

const externalWarnings = ({ externalData = [] }: ModelGraph): string[] =>
  externalData.length === 0
    ? []
    : [
        `The model keeps weights in other files (${externalData.slice(0, 3).join(', ')}): publish the folder, or a model in one file.`,
      ]

/** Columns whose names or values point to persons deserve a look before anything of them is public. */
function tableWarnings({ columns, rows }: NonNullable<Profile['table']>): string[] {
  const personal = columns.filter(({ name }) =>
    /(^|[^a-z])(e-?mail|phone|birth|ssn|surname|first.?name|last.?name|address|iban|passport)/i.test(name),
  )
  return personal.length === 0 || rows === 0
    ? []
    : [
        `These columns look personal: ${personal
          .slice(0, 8)
          .map(({ name }) => name)
          .join(', ')}. Withhold them, or leave the profile out, unless everyone in them agreed.`,
      ]
}
