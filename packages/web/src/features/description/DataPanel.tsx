import type { Manifest, Profile } from '@agorai/core'
import type { ReactNode } from 'react'
import { formatInteger } from '../../format/money.js'
import { formatBytes, formatCount } from '../../format/text.js'
import { ColumnTable } from './ColumnTable.js'
import { formatFigure } from './figures.js'
import './description.css'

/** Figures of the content, as the seller took them from it. A buyer takes them again with “agorai verify”. */
export function DataPanel({ manifest: { profile, content } }: { manifest: Manifest }) {
  if (profile === undefined || content === undefined) return null
  const { table, text, files, images, sound } = profile
  return (
    <section className="panel" aria-labelledby="data-heading">
      <div className="panel-head">
        <h2 id="data-heading">Data</h2>
        <p className="small muted">{leadOf(profile, content.plaintext.rows)}</p>
      </div>
      {table === undefined ? null : (
        <>
          <ColumnTable table={table} />
          <Correlations correlations={table.correlations} />
        </>
      )}
      {text === undefined ? null : <TextFacts text={text} />}
      {files === undefined ? null : (
        <Facts
          facts={[
            ['Files', `${formatInteger(files.files)}, ${formatBytes(files.bytes)}`],
            ['Kinds', tallyWords(files.mediaTypes)],
          ]}
        />
      )}
      {images === undefined ? null : (
        <Facts
          facts={[
            ['Images', formatInteger(images.images)],
            ['Width', rangeWords(images.width, 'pixels')],
            ['Height', rangeWords(images.height, 'pixels')],
            ['EXIF', `in ${countOrNone(images.exif)}; ${countOrNone(images.located)} say where they were taken`],
          ]}
        />
      )}
      {sound === undefined ? null : (
        <Facts
          facts={[
            ['Recordings', `${formatInteger(sound.recordings)}, ${formatFigure(sound.seconds)} seconds together`],
            ['Length', rangeWords(sound.length, 'seconds')],
            ['Samples a second', tallyWords(sound.hertz)],
            ['Channels', tallyWords(sound.channels)],
            ['Codecs', tallyWords(sound.codecs)],
          ]}
        />
      )}
    </section>
  )
}

/** How many of some things, in a sentence. */
const countOrNone = (count: number) => (count === 0 ? 'none' : formatInteger(count))

function leadOf({ table }: Profile, rows: number): string {
  const taken = 'Taken from the content by its seller; a buyer takes them again with “agorai verify”.'
  if (table === undefined) return taken
  if (table.sampled === undefined) return `Figures of all ${formatCount(table.rows, 'row')}. ${taken}`
  const chosen = table.sampled === 'first' ? 'the first' : 'drawn at random'
  return `Figures of ${formatInteger(table.rows)} of ${formatCount(rows, 'row')}, ${chosen}. Taken from the content by its seller.`
}

function Facts({ facts }: { facts: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className="facts">
      {facts.map(([name, value]) => (
        <div className="facts-pair" key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

function TextFacts({ text }: { text: NonNullable<Profile['text']> }) {
  const letters = text.scripts.map(({ script, letters: count }) => `${script} ${formatInteger(count)}`)
  return (
    <Facts
      facts={[
        ['Characters', formatInteger(text.characters)],
        ['Words', formatInteger(text.words)],
        ['Lines', `${formatInteger(text.lines)}, of ${formatFigure(text.lineMean)} characters on average`],
        ['Letters', letters.join(', ') || 'none'],
      ]}
    />
  )
}

const correlationsShown = 8

/** Pairs of columns whose numbers rise and fall together. */
function Correlations({ correlations }: { correlations: NonNullable<Profile['table']>['correlations'] }) {
  if (correlations.length === 0) return null
  return (
    <details>
      <summary>Columns that move together</summary>
      <div className="table-scroll">
        <table className="table">
          <caption>Pearson’s correlation: 1 rise together, −1 one rises as the other falls</caption>
          <tbody>
            {correlations.slice(0, correlationsShown).map(({ a, b, r }) => (
              <tr key={`${a} ${b}`}>
                <th scope="row" className="mono">
                  {a}
                </th>
                <td className="mono">{b}</td>
                <td className="number">{r.toFixed(2).replace('-', '−')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  )
}

const tallyWords = (all: readonly { value: string; files: number }[]): string =>
  all.map(({ value, files }) => `${value} (${formatInteger(files)})`).join(', ')

const rangeWords = ({ min, max }: { min: number; max: number }, unit: string): string =>
  min === max ? `${formatFigure(min)} ${unit}` : `${formatFigure(min)} to ${formatFigure(max)} ${unit}`
