import { formatTime, isoTime } from '../format/text.js'

/** A moment on the chain, in the reader's zone and for machines. */
export function Moment({ at }: { at: number }) {
  return (
    <time className="nowrap" dateTime={isoTime(at)}>
      {formatTime(at)}
    </time>
  )
}
