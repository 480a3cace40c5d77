import type { AssetDetail, Lineage, Offer } from '@agorai/core'
import type { BuyOfferParameters } from '@agorai/sdk'
import { type ReactNode, useMemo, useState } from 'react'
import { useAgorai } from '../../app/AgoraiProvider.js'
import { formatMoney } from '../../format/money.js'
import { formatCount, parseAccounts, shorten } from '../../format/text.js'
import { Moment } from '../../ui/Moment.js'
import { ErrorNotice, Notice, Waiting } from '../../ui/Notice.js'
import { splitPrice } from '../revenue/splitPrice.js'
import { isSameAccount } from '../wallet/accountName.js'
import { SignDialog } from '../wallet/SignDialog.js'
import { useBalance } from '../wallet/useBalance.js'
import { isAdmitted, readAdmission } from './admission.js'
import { BuyChoices, readDays } from './BuyChoices.js'
import { choosePayment } from './choosePayment.js'
import { formOf } from './offers.js'
import { quote } from './priceCurve.js'
import { usageWords } from './usages.js'
import { useChainTime } from './useChainTime.js'
import { useGetOffer } from './useGetOffer.js'
import { usePassState } from './usePassState.js'
import { useSignedPayments } from './useSignedPayments.js'

const daySeconds = 86_400

/** Everything that is chosen of a purchase, and what it means in sentences, before it is signed. */
export function BuyDialog({
  asset,
  offer,
  lineage,
  onConfirm,
  onDecline,
}: {
  asset: AssetDetail
  offer: Offer
  lineage?: Lineage
  onConfirm: (request: BuyOfferParameters) => void
  onDecline: () => void
}) {
  const { account } = useAgorai()
  const form = formOf(offer)
  const [choices, setChoices] = useState({ days: form === 'timed' ? '30' : '1', gift: false, holder: '', gate: '' })
  const days = readDays(choices.days)
  const holder = choices.gift ? onlyAccount(choices.holder) : account?.address
  const admission = useMemo(() => readAdmission(offer.gate, choices.gate, holder), [offer.gate, choices.gate, holder])
  const now = useChainTime()
  const listed = useGetOffer({ offer: offer.id, exclusive: form === 'exclusive' })
  const { pass, error: passError } = usePassState({ offer: offer.id, holder })
  const signed = useSignedPayments(offer.token.address)
  const balance = useBalance(offer.token.address)

  // A falling price is the chain's word; by the time of the purchase it is this or lower.
  const asked = form === 'exclusive' ? listed.data?.priceNow : days === undefined ? undefined : quote(offer, days, 0n)
  const amount = asked ?? undefined
  const missing =
    amount !== undefined && balance.data !== undefined && balance.data < amount ? amount - balance.data : 0n
  const held = pass?.running === true && form !== 'timed'
  const ready =
    amount !== undefined &&
    days !== undefined &&
    holder !== undefined &&
    pass !== undefined &&
    signed.data !== undefined &&
    isAdmitted(admission) &&
    !held &&
    missing === 0n
  const money = amount === undefined ? '…' : formatMoney(amount, offer.token)
  const payment = signed.data === undefined ? undefined : choosePayment(offer, signed.data)

  return (
    <SignDialog
      title={`Buy ${asset.name ?? `asset ${asset.id}`}`}
      confirm={amount === 0n ? 'Get the pass' : `Pay ${money}`}
      busy={!ready}
      wide={form !== 'perpetual'}
      {...(form === 'exclusive'
        ? { irreversible: 'I want it exclusively: this is final, and nobody else can buy it any more.' }
        : {})}
      onDecline={onDecline}
      onConfirm={() => {
        if (amount === undefined || days === undefined || holder === undefined || pass === undefined) return
        onConfirm({
          offer: BigInt(offer.id),
          version: BigInt(asset.version.id),
          amountMax: amount,
          days,
          holder,
          nonce: pass.purchases,
          ...(payment === undefined ? {} : { payment }),
          ...(offer.gate === null ? {} : { gate: parseAccounts(choices.gate).accounts }),
        })
      }}
    >
      <BuyChoices offer={offer} now={now} admission={admission} choices={choices} onChange={setChoices} />
      <p>
        <strong>{`You pay ${money}`}</strong>
        {account === undefined ? '.' : ` from ${account.label} `}
        {account === undefined ? null : <span className="nowrap">{`(${shorten(account.address)}).`}</span>}
      </p>
      <p>
        {holder === undefined || account === undefined || isSameAccount(holder, account.address)
          ? 'You receive a pass: you may '
          : `${shorten(holder)} receives a pass, whose holder may `}
        {`${usageWords[offer.usage].allows}, for this and every later version. `}
        <HowLong offer={offer} days={days} now={now} runsUntil={pass?.running === true ? pass.expiry : null} />
      </p>
      <SplitWords lineage={lineage} amount={amount} />
      <Finality offer={offer} now={now} />
      {amount === 0n || payment === undefined ? null : (
        <p className="small muted">
          {payment === 'allowance'
            ? 'Two transactions: an allowance of exactly this price to the ledger, then the purchase.'
            : 'One signature for the payment, then one transaction.'}
        </p>
      )}
      {held ? (
        <Notice tone="info" title="That account holds this pass already">
          <p>It needs no other. Give it to another account, or download with the pass that is there.</p>
        </Notice>
      ) : null}
      {missing === 0n ? null : (
        <Notice tone="care" title={`This account has ${formatMoney(missing, offer.token)} too little`}>
          <p>
            Nothing was signed. Add funds (on the local chain, mint test money at the top of the page), then buy again.
          </p>
        </Notice>
      )}
      {passError === null ? null : <ErrorNotice error={passError} safe="Nothing was signed." />}
      {pass === undefined && passError === null && holder !== undefined ? (
        <Waiting>Asking the chain which pass that account has…</Waiting>
      ) : null}
    </SignDialog>
  )
}

/** One account in a field for one. */
function onlyAccount(text: string): `0x${string}` | undefined {
  const { accounts, stray } = parseAccounts(text)
  return accounts.length === 1 && stray === undefined ? accounts[0] : undefined
}

function HowLong({
  offer,
  days,
  now,
  runsUntil,
}: {
  offer: Offer
  days: number | undefined
  now: number | undefined
  runsUntil: number | null
}): ReactNode {
  if (!offer.timed) return 'It does not expire.'
  if (days === undefined || now === undefined) return 'Choose the number of days first.'
  if (runsUntil === null)
    return (
      <>
        {`It runs for ${formatCount(days, 'day')}, until `}
        <Moment at={now + days * daySeconds} />.
      </>
    )
  return (
    <>
      {'It runs until '}
      <Moment at={runsUntil} />
      {` already; with ${formatCount(days, 'more day', 'more days')} it runs until `}
      <Moment at={runsUntil + days * daySeconds} />.
    </>
  )
}

function SplitWords({ lineage, amount }: { lineage: Lineage | undefined; amount: bigint | undefined }) {
  if (lineage === undefined || amount === undefined || amount === 0n) return null
  const parties = splitPrice(lineage, amount).parts.length
  return (
    <p>{`The price is divided among ${formatCount(parties, 'party', 'parties')}, as the table “Where one dollar goes” shows.`}</p>
  )
}

function Finality({ offer, now }: { offer: Offer; now: number | undefined }) {
  if (BigInt(offer.price) === 0n) return null
  if (offer.timed)
    return (
      <p>
        <strong>Days that have not begun may be given back</strong>
        {' at any time; what they cost goes to whoever holds the pass then. Days that have ended are final.'}
      </p>
    )
  if (offer.refundHours > 0 && now !== undefined)
    return (
      <p>
        <strong>
          {'May be refunded until '}
          <Moment at={now + offer.refundHours * 3_600} />
        </strong>
        {', no questions: the whole price then goes to whoever holds the pass.'}
      </p>
    )
  return (
    <p>
      <strong>This is final.</strong>
      {' Money in the ledger is never refunded.'}
    </p>
  )
}
