import type { SessionInfo } from '@agorai/core'
import { formatMoney, type Token } from '../../format/money.js'
import { formatCount } from '../../format/text.js'
import { partOf } from '../../ui/LinePlot.js'
import { Moment } from '../../ui/Moment.js'

/** What is left of a session's budget, and how it is raised and ended. */
export function SessionBar({
  session,
  left,
  token,
  busy,
  onTopUp,
  onClose,
}: {
  session: SessionInfo
  /** Base units; of free calls, how many. */
  left: bigint
  token: Token
  busy: boolean
  onTopUp: () => void
  onClose: () => void
}) {
  const ceiling = BigInt(session.ceiling)
  const words =
    session.paidBy === 'channel'
      ? `${formatMoney(left, token)} of ${formatMoney(ceiling, token)} left`
      : session.paidBy === 'free'
        ? `${formatCount(left, 'free call')} left today`
        : 'Paid by your pass'
  return (
    <div className="session">
      <p className="session-words">
        <strong>{words}</strong>
        <span className="small muted">
          {'Session until '}
          <Moment at={session.expiresAt} />
        </span>
      </p>
      {session.paidBy === 'pass' ? null : (
        <meter
          className="session-meter"
          aria-label="Left of the session’s budget"
          aria-valuetext={words}
          min={0}
          max={1}
          value={partOf(left, ceiling)}
        />
      )}
      <div className="session-actions">
        {session.paidBy === 'channel' ? (
          <button type="button" className="button button-small" disabled={busy} onClick={onTopUp}>
            Top up
          </button>
        ) : null}
        <button type="button" className="button button-small" disabled={busy} onClick={onClose}>
          Close the session
        </button>
      </div>
    </div>
  )
}
