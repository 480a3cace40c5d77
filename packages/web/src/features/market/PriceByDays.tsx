import type { Offer } from '@agorai/core'
import { formatAmount, formatMoney } from '../../format/money.js'
import { formatCount } from '../../format/text.js'
import { LinePlot, partOf } from '../../ui/LinePlot.js'
import { plottedDays, priceCurve, quote } from './priceCurve.js'

/** What a stay costs in all, and what each further day costs, by the number of days. */
export function PriceByDays({ offer, days }: { offer: Offer; days: number }) {
  const daysMax = plottedDays(offer, days)
  const corners = priceCurve(offer, daysMax)
  const price = BigInt(offer.price)
  const whole = corners.at(-1)?.total ?? 0n
  const total = quote(offer, days, 0n)
  const daily = corners.findLast((corner) => corner.days < days)?.daily ?? price
  const ticks = [0, daysMax / 2, daysMax].map((day) => ({
    x: day / daysMax,
    words: day === 0 ? '0 days' : String(Math.round(day)),
  }))
  const lower = corners.slice(1).filter((corner) => corner.daily < price)
  return (
    <figure className="plots">
      <div>
        <LinePlot
          label={`The total rises from 0 to ${formatMoney(whole, offer.token)} for ${daysMax} days; ${formatCount(days, 'day')} cost ${formatMoney(total, offer.token)}.`}
          points={corners.map((corner) => ({ x: corner.days / daysMax, y: partOf(corner.total, whole) }))}
          mark={{ x: days / daysMax, y: partOf(total, whole) }}
          top={`Total, up to ${formatMoney(whole, offer.token)}`}
          ticks={ticks}
        />
      </div>
      <div>
        <LinePlot
          label={`A day costs ${formatMoney(price, offer.token)}${lower.map((corner) => `, from day ${corner.days + 1} on ${formatMoney(corner.daily, offer.token)}`).join('')}; the last of ${formatCount(days, 'day')} costs ${formatMoney(daily, offer.token)}.`}
          points={corners.map((corner) => ({ x: corner.days / daysMax, y: partOf(corner.daily, price) }))}
          steps
          mark={{ x: days / daysMax, y: partOf(daily, price) }}
          top={`Each day, at first ${formatAmount(price, offer.token.decimals)}`}
          ticks={ticks}
        />
      </div>
    </figure>
  )
}
