import { stat } from 'node:fs/promises'
import { type Description, describeContent, type LocalSource, openFile, openFolder } from '@agorai/sdk/ingest'
import { Command } from 'commander'
import { count, describeGraph, describeProfile } from '../output/describeProfile.js'
import { plain } from '../output/format.js'
import type { Output } from '../output/output.js'

type Options = { top?: string[]; withhold?: string[] }

export function inspectCommand(output: Output): Command {
  return new Command('inspect')
    .description('Describe a file or folder as `agorai publish --profile` would; nothing leaves this machine')
    .argument('<path>', 'a table, text, image, recording or model, or a folder')
    .option('--top <column...>', 'the most frequent values of these columns too')
    .option('--withhold <column...>', 'leave these columns out')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  agorai inspect rows.csv --withhold email')
    .action(async (path: string, options: Options) => {
      const entry = await stat(path).catch(() => undefined)
      const source = entry?.isDirectory() ? await openFolder(path) : await openFile(path)
      output.progress('Reading')
      const described = await describeContent(source, options)
      const { fileName, bytes, format } = source
      output.result({ fileName, bytes, format, ...described }, describe(source, described))
    })
}

function describe({ fileName, bytes, format }: LocalSource, { profile, modelCard, warnings }: Description): string[] {
  const known = profile !== undefined || modelCard?.graph !== undefined
  return [
    `${plain(fileName)}: ${format.mediaType}, read as ${format.rowFormat}, ${count(bytes)} bytes`,
    '',
    ...(profile === undefined ? [] : describeProfile(profile)),
    ...(modelCard?.graph === undefined ? [] : describeGraph(modelCard.graph)),
    ...(known ? [] : ['Nothing more is known of such a file.']),
    ...warnings.map((warning) => `\n! ${plain(warning)}`),
  ]
}
