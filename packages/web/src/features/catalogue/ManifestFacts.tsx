import { type ContentManifest, hasContent, type Manifest } from '@agorai/core'
import { formatInteger, formatShare } from '../../format/money.js'
import { formatBytes, formatCount } from '../../format/text.js'
import { Copyable } from '../../ui/Copyable.js'
import { AccountName } from '../wallet/AccountName.js'
import { WeightTable } from './WeightTable.js'

const shownMax = 12

/** What the manifest states about the content. All of it is the seller's text, shown as text. */
export function ManifestFacts({ manifest }: { manifest: Manifest }) {
  const { licence, provenance, tags } = manifest
  return (
    <section className="panel" aria-labelledby="facts-heading">
      <h2 id="facts-heading">What is inside</h2>
      <dl className="facts">
        {hasContent(manifest) ? <FileFacts manifest={manifest} /> : null}
        <dt>Licence</dt>
        <dd>
          {licence.spdx}
          <span className="muted">{`, declared at ${licence.source}`}</span>
        </dd>
        <dt>Attribution</dt>
        <dd>{licence.attribution}</dd>
        <dt>Provenance</dt>
        <dd className="plain-text">{provenance.description}</dd>
        {tags.length === 0 ? null : (
          <>
            <dt>Tags</dt>
            <dd className="chips">
              {tags.map((tag) => (
                <span className="chip" key={tag}>
                  {tag}
                </span>
              ))}
            </dd>
          </>
        )}
      </dl>
      {hasContent(manifest) ? <Fields manifest={manifest} /> : null}
    </section>
  )
}

function FileFacts({ manifest }: { manifest: ContentManifest }) {
  const { plaintext } = manifest.content
  return (
    <>
      <dt>File</dt>
      <dd>
        {plaintext.fileName}, {plaintext.mediaType}, {formatBytes(plaintext.bytes)}
      </dd>
      <dt>Rows</dt>
      <dd>{rowsOf(manifest)}</dd>
    </>
  )
}

function rowsOf({ content: { plaintext } }: ContentManifest): string {
  if (plaintext.rowFormat === 'binary')
    return `${formatCount(plaintext.rows, 'chunk')}; a binary file is cut every 1\u00a0MiB`
  if (plaintext.rowFormat === 'tar') return `${formatCount(plaintext.rows, 'file')} of a folder, as one tar`
  return `${formatCount(plaintext.rows, 'row')} of ${tableNames[plaintext.rowFormat]}`
}

const tableNames = { csv: 'CSV', tsv: 'TSV', jsonl: 'JSON lines', parquet: 'Parquet', arrow: 'Arrow' } as const

function Fields({ manifest: { fields } }: { manifest: ContentManifest }) {
  if (fields.length === 0) return null
  return (
    <details>
      <summary>{`Schema: ${formatCount(fields.length, 'field')}`}</summary>
      <div className="table-scroll">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col">Type</th>
            </tr>
          </thead>
          <tbody>
            {fields.slice(0, shownMax).map((field) => (
              <tr key={field.name}>
                <th scope="row" className="mono">
                  {field.name}
                </th>
                <td>{field.type}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {fields.length <= shownMax ? null : (
        <p className="small muted">
          {`and ${formatInteger(fields.length - shownMax)} more, up to ${fields.at(-1)?.name}; all of them stand in the manifest.`}
        </p>
      )}
    </details>
  )
}

/** A score, and how anyone can take it again. */
export function Metrics({ manifest: { metrics } }: { manifest: Manifest }) {
  if (metrics.length === 0) return null
  return (
    <section className="panel" aria-labelledby="metrics-heading">
      <h2 id="metrics-heading">Measured</h2>
      {metrics.map((metric) => (
        <div className="metric" key={metric.evaluationRoot + metric.name}>
          <p>
            <span className="metric-value">{`${formatInteger(metric.correct)} of ${formatInteger(metric.total)}`}</span>{' '}
            {`correct, ${formatShare(BigInt(metric.correct), BigInt(metric.total))}`}
          </p>
          <details>
            <summary>How it was computed</summary>
            <p className="plain-text small">{metric.description}</p>
            <p className="small">
              {'The rows it was taken on have the root '}
              <Copyable value={metric.evaluationRoot} name="evaluation root" />
              {
                '. A buyer runs the downloaded model on those rows with “agorai verify” and must count exactly this many; otherwise the model is not what was sold.'
              }
            </p>
          </details>
        </div>
      ))}
    </section>
  )
}

/** Who is credited inside this version, by weight. */
export function Contributors({ manifest: { contributors } }: { manifest: Manifest }) {
  const { bps, leaves } = contributors
  if (leaves.length === 0) return null
  return (
    <WeightTable
      id="contributors-heading"
      title="Contributors"
      lead={`They share ${formatShare(BigInt(bps), 10_000n)} of what this version keeps.`}
      what="Who"
      one="contributor"
      entries={leaves}
      nameOf={({ account, label }) => <AccountName address={account} label={label} />}
    />
  )
}
