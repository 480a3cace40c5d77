import { isAgoraiError } from '@agorai/core'
import type { ReactNode } from 'react'
import './notice.css'

type Tone = 'info' | 'good' | 'care' | 'bad'

const marks: Record<Tone, string> = {
  info: 'M7 7h2v5H7zM7 3.5h2v2H7z',
  good: 'M6.4 11.9 2.9 8.4l1.4-1.4 2.1 2.1 5.3-5.3 1.4 1.4z',
  care: 'M7 3h2v6H7zM7 10.5h2v2H7z',
  bad: 'M4.2 2.8 8 6.6l3.8-3.8 1.4 1.4L9.4 8l3.8 3.8-1.4 1.4L8 9.4l-3.8 3.8-1.4-1.4L6.6 8 2.8 4.2z',
}

/** Something the reader should know. Its tone has a shape as well as a colour. */
export function Notice({ tone, title, children }: { tone: Tone; title: string; children?: ReactNode }) {
  return (
    <div className={`notice notice-${tone}`} role={tone === 'bad' ? 'alert' : 'status'}>
      <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
        <path fill="currentColor" d={marks[tone]} />
      </svg>
      <div className="notice-body">
        <p className="notice-title">{title}</p>
        {children}
      </div>
    </div>
  )
}

/** An error as people need it: what happened, what is safe, what to do. */
export function ErrorNotice({ error, safe, onRetry }: { error: unknown; safe?: string; onRetry?: () => void }) {
  const { title, detail, remedy } = explain(error)
  return (
    <Notice tone="bad" title={title}>
      {detail === '' ? null : <p>{detail}</p>}
      {safe === undefined ? null : <p>{safe}</p>}
      <p>{remedy}</p>
      {onRetry === undefined ? null : (
        <p>
          <button type="button" className="button button-small" onClick={onRetry}>
            Try again
          </button>
        </p>
      )}
    </Notice>
  )
}

function explain(error: unknown): { title: string; detail: string; remedy: string } {
  if (isAgoraiError(error)) {
    const title = error.message.slice(0, error.message.length - error.shortMessage.length).replace(/\. $/, '')
    return { title, detail: error.shortMessage, remedy: error.remedy }
  }
  return {
    title: 'Something went wrong here',
    detail: error instanceof Error ? error.message : '',
    remedy: 'Try again; if it stays, reload the page.',
  }
}

/** Waiting says for what. */
export function Waiting({ children }: { children: ReactNode }) {
  return (
    <p className="waiting" role="status">
      <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
        <circle cx="8" cy="8" r="6" fill="none" stroke="var(--line)" strokeWidth="2" />
        <path className="waiting-hand" d="M8 2a6 6 0 0 1 6 6" fill="none" stroke="var(--accent)" strokeWidth="2" />
      </svg>
      {children}
    </p>
  )
}
