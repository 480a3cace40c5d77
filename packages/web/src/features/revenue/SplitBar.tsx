import { seriesClass } from './seriesClass.js'
import type { SplitPart } from './splitPrice.js'

/** Thousandths of the bar; positions only, the amounts beside it are exact. */
const thousandths = (amount: bigint, whole: bigint) => (whole === 0n ? 0 : Number((amount * 100_000n) / whole) / 1000)

/** The parts of a price as lengths. The table beside it says the same in numbers. */
export function SplitBar({ parts, rest, whole }: { parts: readonly SplitPart[]; rest: bigint; whole: bigint }) {
  let before = 0n
  const segments = parts.map((part, index) => {
    const segment = { key: part.key, index, start: thousandths(before, whole), width: thousandths(part.amount, whole) }
    before += part.amount
    return segment
  })
  return (
    <svg className="split-bar" width="100%" height="52" aria-hidden="true">
      <rect className="split-bar-ground" width="100%" height="28" rx="4" />
      {segments.map(({ key, index, start, width }) => (
        <g key={key}>
          <rect className={`split-bar-part ${seriesClass(index)}`} x={`${start}%`} width={`${width}%`} height="28" />
          {width < 2.5 ? null : (
            <text x={`${start + width / 2}%`} y="47" textAnchor="middle">
              {index + 1}
            </text>
          )}
        </g>
      ))}
      {rest === 0n ? null : (
        <rect
          className="split-bar-part split-bar-rest"
          x={`${thousandths(before, whole)}%`}
          width={`${thousandths(rest, whole)}%`}
          height="28"
        />
      )}
    </svg>
  )
}
