import type { ColumnProfile, Histogram, ModelGraph, Profile, TableProfile } from '@agorai/core'
import { formatTable, plain } from './format.js'

const blocks = '▁▂▃▄▅▆▇█'
const barsMax = 16

/** Bars as characters, the fullest the highest. An empty bar is a space. */
function formatBars({ counts }: Histogram): string {
  const width = Math.ceil(counts.length / barsMax)
  const joined = Array.from({ length: Math.ceil(counts.length / width) }, (_, bar) =>
    counts.slice(bar * width, (bar + 1) * width).reduce((sum, count) => sum + count, 0),
  )
  const highest = Math.max(...joined)
  return joined.map((count) => (count === 0 ? ' ' : blocks[Math.ceil((count / highest) * blocks.length) - 1])).join('')
}

const columnsShown = 40

/** A profile as lines for people. */
export function describeProfile(profile: Profile): string[] {
  const { table, text, files, images, sound } = profile
  return [
    ...(table === undefined ? [] : describeTable(table)),
    ...(text === undefined
      ? []
      : formatTable([
          ['characters', count(text.characters)],
          [
            'lines',
            `${count(text.lines)}, of ${figure(text.lineMean)} characters on average, at most ${count(text.lineMax)}`,
          ],
          ['words', count(text.words)],
          ['letters', text.scripts.map(({ script, letters }) => `${script} ${count(letters)}`).join(', ') || 'none'],
        ])),
    ...(files === undefined
      ? []
      : formatTable([
          ['files', `${count(files.files)}, ${count(files.bytes)} bytes`],
          ['kinds', tally(files.mediaTypes)],
        ])),
    ...(images === undefined
      ? []
      : formatTable([
          ['images', count(images.images)],
          ['width', range(images.width)],
          ['height', range(images.height)],
          ['with EXIF', `${count(images.exif)}, with a place ${count(images.located)}`],
        ])),
    ...(sound === undefined
      ? []
      : formatTable([
          ['recordings', `${count(sound.recordings)}, ${figure(sound.seconds)} s together`],
          ['length', `${range(sound.length)} s`],
          ['hertz', tally(sound.hertz)],
          ['channels', tally(sound.channels)],
          ['codecs', tally(sound.codecs)],
        ])),
  ]
}

function describeTable({ rows, sampled, columns, withheld, correlations }: TableProfile): string[] {
  const from = sampled === undefined ? 'all' : sampled === 'first' ? 'the first' : 'at random'
  const more = columns.length - columnsShown
  return [
    `${count(rows)} rows (${from}), ${count(columns.length + withheld.length)} columns`,
    '',
    ...formatTable([
      ['column', 'type', 'missing', 'different', 'from', 'to', 'mean', 'distribution'],
      ...columns.slice(0, columnsShown).map((column) => columnRow(column, rows)),
    ]).map((line) => `  ${line}`),
    ...(more > 0 ? [`  and ${count(more)} more: --json has all of them`] : []),
    ...columns.flatMap(({ name, top }) =>
      top === undefined
        ? []
        : [`  ${plain(name)}: ${top.map((one) => `${plain(one.value)} (${count(one.count)})`).join(', ')}`],
    ),
    ...(withheld.length === 0 ? [] : [`  withheld: ${withheld.map(plain).join(', ')}`]),
    ...(correlations.length === 0 ? [] : ['', 'Move together (Pearson)']),
    ...formatTable(
      correlations.slice(0, 8).map(({ a, b, r }) => [`  ${plain(a)}`, plain(b), r.toFixed(2).replace('-', '−')]),
    ),
  ]
}

function columnRow({ name, type, nulls, distinct, spread }: ColumnProfile, rows: number): string[] {
  const start = [plain(name), type === 'string' ? 'string, by length' : type, share(nulls, rows), count(distinct)]
  if (spread === undefined) return [...start, '', '', '', '']
  const write = type === 'date' ? day : figure
  return [...start, write(spread.min), write(spread.max), write(spread.mean), formatBars(spread.histogram)]
}

/** A model's graph as lines for people. */
export function describeGraph(graph: ModelGraph): string[] {
  const shape = ({ shape: sizes }: { shape: readonly (number | string | null)[] }) =>
    `[${sizes.map((size) => size ?? '?').join(', ')}]`
  const tensors = (all: ModelGraph['inputs']) =>
    (all ?? []).map((one) => `${plain(one.name)} ${one.dtype} ${plain(shape(one))}`).join(', ')
  return formatTable([
    ['format', graph.format],
    ['parameters', `${count(graph.parameters)} in ${count(graph.tensorCount)} tensors`],
    ['precision', graph.precision.map(({ dtype, parameters }) => `${dtype} ${count(parameters)}`).join(', ')],
    ...(graph.inputs === undefined ? [] : [['inputs', tensors(graph.inputs)]]),
    ...(graph.outputs === undefined ? [] : [['outputs', tensors(graph.outputs)]]),
    ...(graph.operators === undefined
      ? []
      : [['operators', graph.operators.map((one) => `${plain(one.name)} ×${one.count}`).join(', ')]]),
    ...(graph.opsets === undefined
      ? []
      : [['opsets', graph.opsets.map(({ domain, version }) => `${plain(domain)} ${version}`).join(', ')]]),
    ...(graph.externalData === undefined ? [] : [['weights elsewhere', graph.externalData.map(plain).join(', ')]]),
    ...Object.entries(graph.metadata ?? {})
      .slice(0, 12)
      .map(([key, value]) => [plain(key), plain(value).slice(0, 120)]),
  ])
}

export const count = (value: number): string => value.toLocaleString('en')

/** At most five digits that count. */
const figure = (value: number): string =>
  (Number.isInteger(value) ? value : Number(value.toPrecision(5))).toLocaleString('en', { maximumFractionDigits: 8 })

/** A day; years that a calendar does not write stay seconds. */
const day = (unix: number): string =>
  Math.abs(unix) < 8.64e12 ? new Date(unix * 1000).toISOString().slice(0, 10) : figure(unix)

const share = (part: number, whole: number): string =>
  whole === 0 || part === 0 ? '0 %' : `${((part / whole) * 100).toFixed(1)} %`

const range = ({ min, max }: { min: number; max: number }): string =>
  min === max ? figure(min) : `${figure(min)} to ${figure(max)}`

const tally = (all: readonly { value: string; files: number }[]): string =>
  all.map(({ value, files }) => `${plain(value)} ${count(files)}`).join(', ')
