import type { AssetDetail, Offer, Pass } from '@agorai/core'
import { useState } from 'react'
import { useAgorai } from '../../app/AgoraiProvider.js'
import { Link } from '../../app/router.js'
import { formatMoney } from '../../format/money.js'
import { formatCount, parseAccounts, shorten } from '../../format/text.js'
import { Copyable } from '../../ui/Copyable.js'
import { TextField } from '../../ui/Field.js'
import { Moment } from '../../ui/Moment.js'
import { ErrorNotice, Notice, Waiting } from '../../ui/Notice.js'
import { ShowMore } from '../../ui/ShowMore.js'
import { useGetAsset } from '../catalogue/useGetAsset.js'
import { isSameAccount } from '../wallet/accountName.js'
import { SignDialog } from '../wallet/SignDialog.js'
import { BuyFlow } from './BuyFlow.js'
import { isEnded } from './offers.js'
import { passWords } from './passWords.js'
import { usageWords } from './usages.js'
import { useBuyOffer } from './useBuyOffer.js'
import { useChainTime } from './useChainTime.js'
import { useGetOffers } from './useGetOffers.js'
import { usePasses } from './usePasses.js'
import { usePassState } from './usePassState.js'
import { useRefundPass } from './useRefundPass.js'
import { useTransferPass } from './useTransferPass.js'
import './market.css'

/** The passes of an account: what each opens, how long, and, for its holder, giving back, renewing and passing on. */
export function PassPanel({ address }: { address: `0x${string}` }) {
  const passes = usePasses(address)
  return (
    <section className="panel" aria-labelledby="passes-heading">
      <div className="panel-head">
        <h2 id="passes-heading">Passes</h2>
        {passes.data === undefined ? null : (
          <p className="small muted">
            {formatCount(passes.data.length, 'pass', 'passes')}
            {passes.hasNextPage ? ', and more' : ''}
          </p>
        )}
      </div>
      {passes.isPending ? <Waiting>Asking the node which passes this account holds…</Waiting> : null}
      {passes.isError ? (
        <ErrorNotice error={passes.error} safe="The passes stand on the chain." onRetry={() => passes.refetch()} />
      ) : null}
      {passes.data === undefined ? null : passes.data.length === 0 ? (
        <p className="muted">
          This account holds no pass. <Link href="/">Choose an asset in the catalogue</Link> and buy one of its offers.
        </p>
      ) : (
        <ul className="offers">
          {passes.data.map((pass) => (
            <PassRow key={pass.offer} pass={pass} />
          ))}
        </ul>
      )}
      <ShowMore list={passes} />
    </section>
  )
}

function PassRow({ pass }: { pass: Pass }) {
  const { account } = useAgorai()
  const asset = useGetAsset(pass.asset)
  const offer = useGetOffers(asset.data === undefined ? [] : [asset.data]).find(({ id }) => id === pass.offer)
  const mine = account !== undefined && isSameAccount(account.address, pass.holder)
  return (
    <li className="offer">
      <div className="offer-words">
        <h3>
          <Link href={`/assets/${pass.asset}`}>{asset.data?.name ?? `Asset ${pass.asset}`}</Link>
        </h3>
        <p className="small muted">
          {offer === undefined ? '' : `${usageWords[offer.usage].name}, `}
          {offer === undefined ? `${pass.amount} base units` : formatMoney(BigInt(pass.amount), offer.token)}
          {isSameAccount(pass.payer, pass.holder) ? ' paid' : ` paid by ${shorten(pass.payer)}`}
          {'; last changed in '}
          <Copyable value={pass.transaction} name="transaction" href={`/transactions/${pass.transaction}`} />
        </p>
      </div>
      <PassState pass={pass} />
      {mine && asset.data !== undefined && offer !== undefined ? (
        <PassActions pass={pass} asset={asset.data} offer={offer} />
      ) : null}
    </li>
  )
}

function PassState({ pass }: { pass: Pass }) {
  const now = useChainTime()
  const { words, at, good } = passWords(pass, now)
  return (
    <p className={good ? 'pass-state pass-state-good' : 'pass-state'}>
      {words}
      {at === null ? null : (
        <>
          {' '}
          <Moment at={at} />
        </>
      )}
    </p>
  )
}

function PassActions({ pass, asset, offer }: { pass: Pass; asset: AssetDetail; offer: Offer }) {
  const [asking, setAsking] = useState<'refund' | 'transfer' | 'buy'>()
  const { pass: onChain } = usePassState({ offer: pass.offer, holder: pass.holder })
  const refund = useRefundPass()
  const transfer = useTransferPass()
  const buy = useBuyOffer()
  const busy = refund.isPending || transfer.isPending || buy.isPending
  const back = onChain?.refundable ?? 0n
  const money = formatMoney(back, offer.token)
  const running = onChain?.running === true
  const buyable = offer.open && offer.usage !== 'exclusive' && !isEnded(asset)
  const done = () => setAsking(undefined)
  return (
    <>
      <p className="pass-actions">
        {back === 0n ? null : (
          <button type="button" className="button button-small" disabled={busy} onClick={() => setAsking('refund')}>
            {`Give back for ${money}`}
          </button>
        )}
        {buyable && (offer.timed || !running) ? (
          <button type="button" className="button button-small" disabled={busy} onClick={() => setAsking('buy')}>
            {running ? 'Renew' : 'Buy again'}
          </button>
        ) : null}
        {running && offer.transferable ? (
          <button type="button" className="button button-small" disabled={busy} onClick={() => setAsking('transfer')}>
            Pass on
          </button>
        ) : null}
      </p>
      {refund.isPending || transfer.isPending ? <Waiting>Waiting for the chain…</Waiting> : null}
      {refund.isError ? <ErrorNotice error={refund.error} safe="You still hold the pass." /> : null}
      {refund.isSuccess ? (
        <Notice tone="good" title={`${formatMoney(refund.data.amount, offer.token)} came back`}>
          <p>
            {'In transaction '}
            <Copyable value={refund.data.hash} name="transaction" href={`/transactions/${refund.data.hash}`} />
          </p>
        </Notice>
      ) : null}
      {transfer.isError ? <ErrorNotice error={transfer.error} safe="You still hold the pass." /> : null}
      {transfer.isSuccess ? (
        <Notice tone="good" title={`The pass now belongs to ${shorten(transfer.data.to)}`} />
      ) : null}
      <BuyFlow asset={asset} asking={asking === 'buy' ? offer : undefined} buy={buy} onDone={done} />
      {asking === 'refund' ? (
        <SignDialog
          title="Give the pass back"
          confirm={`Give back for ${money}`}
          onDecline={done}
          onConfirm={() => {
            done()
            refund.mutate({ offer: BigInt(pass.offer) })
          }}
        >
          <p>
            <strong>{`${money} comes back to this account.`}</strong>
            {pass.timed ? ' It is what the days cost that have not begun; days that have begun stay paid.' : ''}
          </p>
          <p>The pass opens nothing from then on. What you downloaded, you may use only as the licence lets you.</p>
        </SignDialog>
      ) : null}
      {asking === 'transfer' ? (
        <TransferDialog
          money={back === 0n ? undefined : money}
          onDecline={done}
          onConfirm={(to) => {
            done()
            transfer.mutate({ offer: BigInt(pass.offer), to })
          }}
        />
      ) : null}
    </>
  )
}

function TransferDialog({
  money,
  onConfirm,
  onDecline,
}: {
  /** What may be refunded of the pass goes with it. */
  money: string | undefined
  onConfirm: (to: `0x${string}`) => void
  onDecline: () => void
}) {
  const [text, setText] = useState('')
  const { accounts, stray } = parseAccounts(text)
  const [to] = accounts
  const wrong = text !== '' && (accounts.length !== 1 || stray !== undefined)
  return (
    <SignDialog
      title="Pass the pass on"
      confirm="Pass it on"
      busy={to === undefined || wrong}
      irreversible="I know that only its new holder can give it back to me."
      onDecline={onDecline}
      onConfirm={() => {
        if (to !== undefined) onConfirm(to)
      }}
    >
      <p>
        {'The other account may then do all that the pass allows, and you no longer may.'}
        {money === undefined ? '' : ` With it goes the right to ${money} when it is given back.`}
      </p>
      <TextField
        label="Account that receives it"
        error={wrong ? 'Give one address.' : undefined}
        of="address"
        value={text}
        onChange={setText}
      />
    </SignDialog>
  )
}
