import { AgoraiError, describeDiff } from '@agorai/core'
import { type DiffRowsReturnType, diffRows, diffVersions, type HeldRows } from '@agorai/sdk'
import { openFile } from '@agorai/sdk/ingest'
import type { Command } from 'commander'
import { type CommonOptions, createCommand, parseId } from '../command.js'
import { connect } from '../connect.js'
import { readDelivery } from '../deliveryFolder.js'
import { readEnvironment } from '../environment.js'
import { count } from '../output/describeProfile.js'
import { formatTable, plain } from '../output/format.js'
import type { Output } from '../output/output.js'

type Options = CommonOptions & { held?: string[] }

const driftShown = 20

export function diffCommand(output: Output): Command {
  return createCommand(
    'diff',
    'Tell what a version changed: columns, values, rows, terms, contributors',
    'agorai diff 3 5 --held version-3 version-5',
  )
    .argument('<from>', 'id of the earlier version')
    .argument('<to>', 'id of the later version')
    .option('--held <folder...>', 'both versions as `agorai download` wrote them: rows are compared one by one')
    .action(async (from: string, to: string, options: Options) => {
      const client = await connect(options, readEnvironment())
      const found = await diffVersions(client, { from: parseId(from, 'from'), to: parseId(to, 'to') })
      const rows = options.held === undefined ? undefined : await compareHeld(options.held, output)
      output.result({ from, to, diff: found.diff, ...(rows && { rows }) }, [
        `Version ${to} of “${plain(found.to.manifest.name)}”, compared with version ${from}`,
        ...lines(found.diff, rows),
      ])
    })
}

function lines(diff: Parameters<typeof describeDiff>[0], rows: DiffRowsReturnType | undefined): string[] {
  const said = describeDiff(diff).map((sentence) => `  ${plain(sentence)}`)
  const drift = diff.drift
    .slice(0, driftShown)
    .map(({ column, distance, missing }) => [
      `  ${plain(column)}`,
      distance === null ? '' : distance.toFixed(3),
      missing.from === missing.to ? '' : `missing ${percent(missing.from)} → ${percent(missing.to)}`,
    ])
  return [
    ...(said.length === 0 ? ['  The manifests state the same.'] : said),
    ...(drift.length === 0 ? [] : ['', 'How far values moved, from 0 (not at all) to 1', ...formatTable(drift)]),
    ...(rows === undefined
      ? []
      : ['', `Rows: ${count(rows.added)} added, ${count(rows.removed)} removed, ${count(rows.kept)} kept`]),
  ]
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`

async function compareHeld(folders: readonly string[], output: Output): Promise<DiffRowsReturnType> {
  const [from, to, ...others] = folders
  if (from === undefined || to === undefined || others.length > 0)
    throw new AgoraiError('invalid_request', 'Name two folders, the earlier version first.', { field: 'held' })
  output.progress('Comparing rows')
  return diffRows({ from: await readHeld(from), to: await readHeld(to) })
}

async function readHeld(folder: string): Promise<HeldRows> {
  const { path, manifest } = await readDelivery(folder)
  const { bytes, read, stream } = await openFile(path)
  const content = () => (read === undefined ? stream() : { bytes, read, stream })
  return { rowFormat: manifest.content.plaintext.rowFormat, content }
}
