import './linePlot.css'

/** A point as parts of the plot's width and height, 0 to 1. Positions only: exact amounts stand in words beside it. */
export type PlotPoint = { x: number; y: number }

/** An amount as a part of a whole, in thousandths: for positions alone. */
export const partOf = (amount: bigint, whole: bigint) => (whole === 0n ? 0 : Number((amount * 1000n) / whole) / 1000)

const box = { width: 300, height: 132, left: 2, right: 298, top: 26, bottom: 106 }
const place = ({ x, y }: PlotPoint) => ({
  x: Math.round((box.left + x * (box.right - box.left)) * 10) / 10,
  y: Math.round((box.bottom - y * (box.bottom - box.top)) * 10) / 10,
})

/** One small line over one axis, said as a whole by `label`. */
export function LinePlot({
  label,
  points,
  steps = false,
  mark,
  top,
  floor,
  ticks,
}: {
  /** The plot in a sentence, for whoever does not see it. */
  label: string
  points: readonly PlotPoint[]
  /** The value stays until the next point. */
  steps?: boolean
  /** What was chosen, or now. */
  mark?: PlotPoint
  /** The value at the top edge. */
  top: string
  /** A dashed level and its name. */
  floor?: { y: number; words: string }
  /** Names along the axis. */
  ticks: readonly { x: number; words: string }[]
}) {
  const [first, ...rest] = points.map(place)
  const line = [
    `M${first?.x ?? 0} ${first?.y ?? 0}`,
    ...rest.map(({ x, y }) => (steps ? `H${x}V${y}` : `L${x} ${y}`)),
  ].join('')
  const last = rest.at(-1) ?? first
  const area = `${line}L${last?.x ?? 0} ${box.bottom}L${first?.x ?? 0} ${box.bottom}z`
  const marked = mark === undefined ? undefined : place(mark)
  const level = floor === undefined ? undefined : place({ x: 0, y: floor.y })
  return (
    <svg className="plot" viewBox={`0 0 ${box.width} ${box.height}`} role="img" aria-label={label}>
      <path className="plot-axis" d={`M${box.left} ${box.bottom}H${box.right}`} />
      <path className="plot-area" d={area} />
      <path className="plot-line" d={line} />
      {level === undefined || floor === undefined ? null : (
        <>
          <path className="plot-floor" d={`M${box.left} ${level.y}H${box.right}`} />
          <text className="plot-text" x={box.left + 10} y={level.y - 5}>
            {floor.words}
          </text>
        </>
      )}
      {marked === undefined ? null : (
        <>
          <path className="plot-mark-line" d={`M${marked.x} ${box.bottom}V${marked.y}`} />
          <circle className="plot-mark" cx={marked.x} cy={marked.y} r="4.5" />
        </>
      )}
      <text className="plot-text" x={box.left} y={14}>
        {top}
      </text>
      {ticks.map(({ x, words }) => (
        <text
          key={words}
          className="plot-text"
          x={place({ x, y: 0 }).x}
          y={box.bottom + 18}
          textAnchor={x < 0.1 ? 'start' : x > 0.9 ? 'end' : 'middle'}
        >
          {words}
        </text>
      ))}
    </svg>
  )
}
