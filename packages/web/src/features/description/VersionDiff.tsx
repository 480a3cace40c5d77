import { describeDiff, type ManifestDiff } from '@agorai/core'
import { useState } from 'react'
import { ErrorNotice, Waiting } from '../../ui/Notice.js'
import { formatPart } from './figures.js'
import { useDiffVersions } from './useDiffVersions.js'
import './description.css'

const driftShown = 12

/** What the manifest of a version says otherwise than the one before: columns, values, rows, contributors. */
export function VersionDiff({ from, to }: { from: string; to: string }) {
  const [open, setOpen] = useState(false)
  const { data, error } = useDiffVersions(from, to, open)
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{`Compare with version ${from}`}</summary>
      {data === undefined ? (
        error === null ? (
          <Waiting>Reading both manifests…</Waiting>
        ) : (
          <ErrorNotice error={error} safe="Nothing was changed." />
        )
      ) : (
        <DiffWords diff={data.diff} />
      )}
    </details>
  )
}

function DiffWords({ diff }: { diff: ManifestDiff }) {
  const sentences = describeDiff(diff)
  const drift = diff.drift.slice(0, driftShown)
  return (
    <div className="diff">
      {sentences.length === 0 && drift.length === 0 ? <p className="small">The manifests state the same.</p> : null}
      <ul>
        {sentences.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
      {drift.length === 0 ? null : (
        <table className="table">
          <caption>How far the values of a column moved: 0 not at all, 1 to other values altogether</caption>
          <thead>
            <tr>
              <th scope="col">Column</th>
              <th scope="col" className="number">
                Moved
              </th>
              <th scope="col" className="number">
                Missing
              </th>
            </tr>
          </thead>
          <tbody>
            {drift.map(({ column, distance, missing }) => (
              <tr key={column}>
                <th scope="row" className="mono">
                  {column}
                </th>
                <td className="number">{distance === null ? '' : distance.toFixed(3)}</td>
                <td className="number">
                  {missing.from === missing.to
                    ? 'the same'
                    : `${formatPart(missing.from, 1)} → ${formatPart(missing.to, 1)}`}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  )
}
