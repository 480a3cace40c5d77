import type { ColumnProfile, Histogram } from '@agorai/core'
import { formatInteger } from '../../format/money.js'
import { barsOf } from './figures.js'

const box = { width: 120, height: 28 }

/** How a column's values are spread: bars to look at, and the same as a table for whoever opens it. */
export function HistogramBars({
  name,
  type,
  histogram,
}: Pick<ColumnProfile, 'name' | 'type'> & { histogram: Histogram }) {
  const bars = barsOf(histogram, type)
  const highest = Math.max(1, ...histogram.counts)
  const step = box.width / bars.length
  const fullest = bars.reduce((most, bar) => (bar.count > most.count ? bar : most), { range: '', count: -1 })
  return (
    <details className="bars">
      <summary>
        <svg
          viewBox={`0 0 ${box.width} ${box.height}`}
          role="img"
          aria-label={`Distribution of ${name}: most rows at ${fullest.range}`}
        >
          {bars.map(({ range, count }, place) => {
            const height = count === 0 ? 0 : Math.max(1, (count / highest) * (box.height - 1))
            return (
              <rect
                key={range}
                className="bars-bar"
                x={place * step + step * 0.08}
                y={box.height - height}
                width={step * 0.84}
                height={height}
              />
            )
          })}
          <path className="bars-axis" d={`M0 ${box.height}H${box.width}`} />
        </svg>
      </summary>
      <table className="table bars-table">
        <caption>{type === 'string' ? 'Characters' : 'Values'} and rows</caption>
        <tbody>
          {bars.map(({ range, count }) => (
            <tr key={range}>
              <th scope="row">{range}</th>
              <td className="number">{formatInteger(count)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  )
}
