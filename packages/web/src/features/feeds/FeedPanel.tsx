import type { AssetDetail, Manifest } from '@agorai/core'
import { formatInteger } from '../../format/money.js'
import { formatCount, formatTime, isoTime } from '../../format/text.js'
import { ErrorNotice, Waiting } from '../../ui/Notice.js'
import { paceOf } from './pace.js'
import { useGetFeed } from './useGetFeed.js'

/** A feed's last segments, and whether it comes as often as its publisher says. */
export function FeedPanel({ asset }: { asset: AssetDetail }) {
  const stated = asset.manifest?.feed
  if (stated === undefined) return null
  return <FeedState version={asset.version.id} stated={stated} />
}

type Stated = NonNullable<Manifest['feed']>

function FeedState({ version, stated: { fields, cadenceSeconds } }: { version: string; stated: Stated }) {
  const feed = useGetFeed(version)
  return (
    <section className="panel" aria-labelledby="feed-heading">
      <h2 id="feed-heading">Appended</h2>
      {feed.isPending ? <Waiting>Asking the node for the feed…</Waiting> : null}
      {feed.isError ? <ErrorNotice error={feed.error} safe="Nothing was changed." /> : null}
      {feed.data === undefined ? null : (
        <>
          <Facts
            head={feed.data.head}
            pace={paceOf(feed.data.segments, cadenceSeconds, Math.floor(feed.dataUpdatedAt / 1000))}
            cadenceSeconds={cadenceSeconds}
            fields={fields}
          />
          {feed.data.segments.length === 0 ? null : (
            <div className="table-scroll">
              <table className="table">
                <thead>
                  <tr>
                    <th scope="col">Segment</th>
                    <th scope="col">Appended</th>
                    <th scope="col" className="number">
                      Rows
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {[...feed.data.segments].reverse().map(({ segment }) => (
                    <tr key={segment.sequence}>
                      <th scope="row">{segment.sequence}</th>
                      <td>
                        <time dateTime={isoTime(segment.publishedAt)}>{formatTime(segment.publishedAt)}</time>
                      </td>
                      <td className="number">{formatInteger(segment.rows)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
        </>
      )}
      <p className="small muted">
        Each segment is signed by the publisher and names the one before it, so a gap or a fork is noticed. A pass opens
        everything published until it ends: “agorai feed follow” reads it.
      </p>
    </section>
  )
}

function Facts({
  head,
  pace,
  cadenceSeconds,
  fields,
}: {
  head: number
  pace: ReturnType<typeof paceOf>
  cadenceSeconds: number | undefined
  fields: Stated['fields']
}) {
  return (
    <dl className="facts">
      <dt>Fields</dt>
      <dd>{fields.map(({ name, type }) => `${name} (${type})`).join(', ')}</dd>
      <dt>So far</dt>
      <dd>{formatCount(head, 'segment')}</dd>
      {pace.rowsPerHour === undefined ? null : (
        <>
          <dt>Lately</dt>
          <dd>{`${formatInteger(Math.round(pace.rowsPerHour))} rows an hour`}</dd>
        </>
      )}
      {cadenceSeconds === undefined ? null : (
        <>
          <dt>Cadence</dt>
          <dd>
            {`every ${formatCount(cadenceSeconds, 'second')} by its publisher’s word`}
            {head === 0
              ? '; nothing was appended yet'
              : `; the longest pause lately was ${formatCount(pace.longestPauseSeconds, 'second')}`}
            {pace.isSilent ? <strong>, more than three times that</strong> : null}
          </dd>
        </>
      )}
    </dl>
  )
}
