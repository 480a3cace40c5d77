import { devAccounts } from '@agorai/core'
import { useId, useState } from 'react'
import { useAgorai } from '../../app/AgoraiProvider.js'
import { Link } from '../../app/router.js'
import { formatMoney } from '../../format/money.js'
import { ConfirmDialog } from '../../ui/ConfirmDialog.js'
import { Copyable } from '../../ui/Copyable.js'
import { ErrorNotice } from '../../ui/Notice.js'
import { useBalance } from './useBalance.js'
import { faucetAmount, useMintTestUsd } from './useMintTestUsd.js'
import './wallet.css'

/** Who signs on this page, and with what money: a development account of the local chain, labelled as one. */
export function WalletStrip() {
  const { account, chooseAccount, info, paymentToken } = useAgorai()
  const chooser = useId()
  const balance = useBalance()
  const mint = useMintTestUsd()
  const [asking, setAsking] = useState(false)
  if (account === undefined) {
    return (
      <section className="wallet" aria-label="Wallet">
        <div className="page-width wallet-inner">
          <p className="muted">
            {`Chain ${info.chain.id} is not a local chain, so this page signs nothing: it reads. Buy, download and collect with the command line and your own key.`}
          </p>
        </div>
      </section>
    )
  }
  return (
    <section className="wallet" aria-label="Development wallet">
      <div className="page-width wallet-inner">
        <span className="wallet-label" title="These keys are public and work on the local chain only.">
          <svg width="14" height="14" viewBox="0 0 16 16" aria-hidden="true">
            <path fill="currentColor" d="M8 1 15.5 14.5H.5zM7.2 6v4h1.6V6zm0 5v1.6h1.6V11z" fillRule="evenodd" />
          </svg>
          Development wallet: public keys, money without value
        </span>
        <span className="wallet-spacer">
          <label className="visually-hidden" htmlFor={chooser}>
            Account that signs
          </label>
          <select
            id={chooser}
            className="field"
            value={account.index}
            onChange={(event) => chooseAccount(Number(event.target.value))}
          >
            {devAccounts.map(({ index, label }) => (
              <option key={index} value={index}>
                {label}
              </option>
            ))}
          </select>
        </span>
        <Copyable value={account.address} name="address" href={`/accounts/${account.address}`} />
        <span className="wallet-balance" data-testid="balance">
          {balance.data === undefined || paymentToken === undefined ? '…' : formatMoney(balance.data, paymentToken)}
        </span>
        <button type="button" className="button button-small" onClick={() => setAsking(true)} disabled={mint.isPending}>
          {mint.isPending ? 'Minting…' : 'Mint test money'}
        </button>
        <Link href={`/accounts/${account.address}`}>Account</Link>
      </div>
      {mint.isError ? (
        <div className="page-width">
          <ErrorNotice error={mint.error} safe="No money was moved." onRetry={() => setAsking(true)} />
        </div>
      ) : null}
      {asking && paymentToken !== undefined ? (
        <ConfirmDialog
          title="Mint test money"
          confirm={`Mint ${formatMoney(faucetAmount, paymentToken)}`}
          onDecline={() => setAsking(false)}
          onConfirm={() => {
            setAsking(false)
            mint.mutate()
          }}
        >
          <p>
            {`You mint ${formatMoney(faucetAmount, paymentToken)} to ${account.label}. It exists on this local chain only and has no value.`}
          </p>
        </ConfirmDialog>
      ) : null}
    </section>
  )
}
