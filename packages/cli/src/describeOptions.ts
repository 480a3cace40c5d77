import { readFile } from 'node:fs/promises'
import { basename, extname } from 'node:path'
import { AgoraiError, type Preview, type PreviewMediaType } from '@agorai/core'
import type { PrepareAssetParameters, StatedSample } from '@agorai/sdk'
import { describeContent, type LocalSource } from '@agorai/sdk/ingest'
import type { Command } from 'commander'
import type { Output } from './output/output.js'

export type DescribeOptions = {
  profile?: boolean
  top?: string[]
  withhold?: string[]
  sample?: string
  preview?: string[]
}

/** Options that say what of a content is public before anyone pays. */
export const addDescribeOptions = (command: Command): Command =>
  command
    .option('--profile', 'make figures of the content public: see them first with `agorai inspect`')
    .option('--top <column...>', 'with --profile: also the most frequent values of these columns')
    .option('--withhold <column...>', 'with --profile: but nothing of these columns')
    .option('--sample <rows>', 'make rows public, with proofs: a number of first rows, or indices such as 0,7,42,')
    .option('--preview <file...>', 'make small images or recordings public (png, jpeg, webp, wav, mp3)')

/**
 * What a content says of itself, as far as its seller makes it public. A model's graph always is: it holds no data.
 *
 * @throws AgoraiError as `describeContent` does; `invalid_request` for a preview that cannot be shown
 */
export async function describeSource(
  source: LocalSource,
  options: DescribeOptions,
  stated: PrepareAssetParameters['modelCard'],
  output: Output,
): Promise<Pick<PrepareAssetParameters, 'profile' | 'sample' | 'modelCard'>> {
  const isModel = ['onnx', 'safetensors', 'gguf'].includes(source.format.family)
  const sample = await readSample(options)
  if (options.profile !== true && !isModel) return { modelCard: stated, sample }
  output.progress('Describing the content')
  const { graph: _, ...words } = stated ?? {}
  const modelCard = stated === undefined && !isModel ? undefined : words
  const described = await describeContent(source, { top: options.top, withhold: options.withhold, modelCard })
  return { modelCard: described.modelCard, profile: described.profile, sample }
}

async function readSample({ sample, preview = [] }: DescribeOptions): Promise<StatedSample | undefined> {
  if (sample === undefined && preview.length === 0) return undefined
  const previews = await Promise.all(preview.map(readPreview))
  if (sample === undefined) return { previews }
  if (/^\d{1,3}$/.test(sample)) return { first: Number(sample), previews }
  if (!/^(\d{1,9},)+(\d{1,9})?$/.test(sample))
    throw new AgoraiError('invalid_request', 'A number of rows, or their indices with commas between.', {
      field: 'sample',
    })
  const rows = sample.split(',').filter((index) => index !== '')
  return { rows: rows.map(Number), previews }
}

const mediaTypes: Record<string, PreviewMediaType> = {
  ...{ '.png': 'image/png', '.jpg': 'image/jpeg', '.jpeg': 'image/jpeg', '.webp': 'image/webp' },
  ...{ '.wav': 'audio/wav', '.mp3': 'audio/mpeg' },
}

async function readPreview(path: string): Promise<Preview> {
  const mediaType = mediaTypes[extname(path).toLowerCase()]
  const refuse = (message: string, cause?: unknown) =>
    new AgoraiError('invalid_request', message, { field: 'preview', cause })
  if (mediaType === undefined) throw refuse(`${path} is no png, jpeg, webp, wav or mp3.`)
  try {
    return { fileName: basename(path), mediaType, data: (await readFile(path)).toString('base64') }
  } catch (cause) {
    throw refuse(`${path} is not a file that can be read.`, cause)
  }
}
