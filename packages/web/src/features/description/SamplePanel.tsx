import { type ContentManifest, hasContent, type Manifest, type Sample } from '@agorai/core'
import { formatInteger } from '../../format/money.js'
import { formatBytes, formatCount } from '../../format/text.js'
import { ErrorNotice, Notice } from '../../ui/Notice.js'
import { showValue } from './figures.js'
import { useVerifySample } from './useVerifySample.js'
import './description.css'

const columnsShown = 12

/** What the seller shows before anyone pays: free, without a wallet, and checked here by whoever looks. */
export function SamplePanel({ manifest }: { manifest: Manifest }) {
  const { sample } = manifest
  if (sample === undefined || !hasContent(manifest)) return null
  return (
    <section className="panel" aria-labelledby="sample-heading">
      <div className="panel-head">
        <h2 id="sample-heading">Sample</h2>
        <p className="small muted">
          {`${formatCount(sample.rows.length, 'row')} of ${formatInteger(manifest.content.plaintext.rows)}, free to look at.`}
        </p>
      </div>
      {sample.rows.length === 0 ? null : <SampleRows manifest={manifest} sample={sample} />}
      <Previews previews={sample.previews} />
    </section>
  )
}

function SampleRows({ manifest, sample }: { manifest: ContentManifest; sample: Sample }) {
  const check = useVerifySample(manifest)
  const records = sample.rows.map(({ index, row }) => ({ index, record: parseRow(row) }))
  const { columns, more } = columnsOf(
    manifest,
    records.map(({ record }) => record),
  )
  return (
    <>
      <div className="table-scroll">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Row</th>
              {columns.map((name) => (
                <th scope="col" className="mono" key={name}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {records.map(({ index, record }) => (
              <tr key={index}>
                <th scope="row">{formatInteger(index)}</th>
                {columns.map((name) => (
                  <td className="sample-cell" key={name}>
                    {showValue(record[name])}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {more === 0 ? null : <p className="small muted">{`and ${formatCount(more, 'more column', 'more columns')}.`}</p>}
      {check.data === undefined ? (
        <p>
          <button
            type="button"
            className="button button-small"
            disabled={check.isPending}
            onClick={() => check.mutate()}
          >
            {check.isPending ? 'Checking…' : 'Check the sample'}
          </button>
        </p>
      ) : (
        <Notice
          tone="good"
          title={`${formatCount(check.data.rows.length, 'row proves', 'rows prove')} to be of this content`}
        >
          <p>
            Each was hashed with its salt in this browser and led by its proof to the root of the rows, which the
            manifest states and the chain committed to.
          </p>
        </Notice>
      )}
      {check.error === null ? null : <ErrorNotice error={check.error} safe="Nothing was changed." />}
    </>
  )
}

/** The columns that tell these rows apart, then the others; few enough to be read. */
function columnsOf({ fields }: ContentManifest, records: readonly Record<string, unknown>[]) {
  const all = [...new Set([...fields.map(({ name }) => name), ...records.flatMap(Object.keys)])]
  const varies = (name: string) => new Set(records.map((record) => showValue(record[name]))).size > 1
  const names = [...all.filter(varies), ...all.filter((name) => !varies(name))]
  return { columns: names.slice(0, columnsShown), more: Math.max(0, names.length - columnsShown) }
}

function parseRow(row: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(row)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

function Previews({ previews }: Pick<Sample, 'previews'>) {
  if (previews.length === 0) return null
  return (
    <>
      <h3>Previews</h3>
      <ul className="previews">
        {previews.map(({ fileName, mediaType, data }) => {
          const url = `data:${mediaType};base64,${data}`
          return (
            <li key={fileName}>
              {mediaType.startsWith('image/') ? <img src={url} alt={`Preview ${fileName}`} /> : null}
              <a href={url} download={fileName}>
                {fileName}
              </a>
              <span className="small muted">{formatBytes(Math.floor((data.length * 3) / 4))}</span>
            </li>
          )
        })}
      </ul>
      <p className="small muted">Given by the seller, as pictures or recordings of what is inside.</p>
    </>
  )
}
