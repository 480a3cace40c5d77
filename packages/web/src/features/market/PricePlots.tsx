import { exclusivePrice, type Offer } from '@agorai/core'
import { formatAmount, formatMoney } from '../../format/money.js'
import { formatCount } from '../../format/text.js'
import { LinePlot } from '../../ui/LinePlot.js'
import { fallHours, fallingPrice, plottedDays, priceCurve, quote } from './priceCurve.js'

/** Thousandths, for positions alone. */
const part = (amount: bigint, whole: bigint) => (whole === 0n ? 0 : Number((amount * 1000n) / whole) / 1000)

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
          points={corners.map((corner) => ({ x: corner.days / daysMax, y: part(corner.total, whole) }))}
          mark={{ x: days / daysMax, y: part(total, whole) }}
          top={`Total, up to ${formatMoney(whole, offer.token)}`}
          ticks={ticks}
        />
      </div>
      <div>
        <LinePlot
          label={`A day costs ${formatMoney(price, offer.token)}${lower.map((corner) => `, from day ${corner.days + 1} on ${formatMoney(corner.daily, offer.token)}`).join('')}; the last of ${formatCount(days, 'day')} costs ${formatMoney(daily, offer.token)}.`}
          points={corners.map((corner) => ({ x: corner.days / daysMax, y: part(corner.daily, price) }))}
          steps
          mark={{ x: days / daysMax, y: part(daily, price) }}
          top={`Each day, at first ${formatAmount(price, offer.token.decimals)}`}
          ticks={ticks}
        />
      </div>
    </figure>
  )
}

/** How an exclusive price falls from its listing to its reserve, and where it stands now. */
export function FallingPrice({ offer, now }: { offer: Offer; now: number }) {
  const reserve = BigInt(offer.price)
  const points = fallingPrice(offer)
  const top = points[0]?.price ?? 0n
  const elapsed = Math.max(0, now - (offer.listedAt ?? now))
  const hours = Math.min(fallHours, elapsed / 3_600)
  const current = exclusivePrice(reserve, BigInt(elapsed))
  const reserveWords = formatMoney(reserve, offer.token)
  return (
    <figure className="plots">
      <LinePlot
        label={`The price fell from ${formatMoney(top, offer.token)} at its listing, halves every 24 hours, and ends at the reserve of ${reserveWords} after ${fallHours} hours. Now, after ${formatCount(Math.floor(hours), 'hour')}, it is ${formatMoney(current, offer.token)}.`}
        points={points.map((point) => ({ x: point.hours / fallHours, y: part(point.price, top) }))}
        mark={{ x: hours / fallHours, y: part(current, top) }}
        top={formatMoney(top, offer.token)}
        floor={{ y: part(reserve, top), words: `reserve ${reserveWords}` }}
        ticks={[0, 24, 48, 72].map((hour) => ({ x: hour / fallHours, words: `${hour} h` }))}
      />
    </figure>
  )
}
