import { exclusivePrice, type Offer } from '@agorai/core'
import { formatMoney } from '../../format/money.js'
import { formatCount } from '../../format/text.js'
import { LinePlot, partOf } from '../../ui/LinePlot.js'
import { fallHours, fallingPrice } from './priceCurve.js'

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
        points={points.map((point) => ({ x: point.hours / fallHours, y: partOf(point.price, top) }))}
        mark={{ x: hours / fallHours, y: partOf(current, top) }}
        top={formatMoney(top, offer.token)}
        floor={{ y: partOf(reserve, top), words: `reserve ${reserveWords}` }}
        ticks={[0, 24, 48, 72].map((hour) => ({ x: hour / fallHours, words: `${hour} h` }))}
      />
    </figure>
  )
}
