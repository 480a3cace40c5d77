import { devAccounts } from '@agorai/core'
import { type ReactNode, useCallback, useId, useState } from 'react'
import { type Signer, useAgorai } from '../../app/AgoraiProvider.js'
import { Link } from '../../app/router.js'
import { formatMoney } from '../../format/money.js'
import { Copyable } from '../../ui/Copyable.js'
import { ErrorNotice, Notice } from '../../ui/Notice.js'
import { SignDialog } from './SignDialog.js'
import { useBalance } from './useBalance.js'
import { faucetAmount, useMintTestUsd } from './useMintTestUsd.js'
import { WalletDialog } from './WalletDialog.js'
import { WalletIcon } from './WalletIcon.js'
import { WrongChain } from './WrongChain.js'
import './wallet.css'

/** Who signs on this page, and with what money: a wallet of this browser, or a development account labelled as one. */
export function WalletStrip() {
  const { account, info, wallet } = useAgorai()
  const [connecting, setConnecting] = useState(false)
  const close = useCallback(() => setConnecting(false), [])
  const connect = (
    <button type="button" className="button button-small" onClick={() => setConnecting(true)}>
      Connect a wallet
    </button>
  )
  return (
    <section className="wallet" aria-label="Wallet">
      <div className="page-width wallet-inner">
        {account === undefined ? (
          <p className="muted">
            {`Chain ${info.chain.id}: without a wallet this page reads. Connect one to buy, collect and list.`}
          </p>
        ) : (
          <SignerFacts account={account} />
        )}
        {account !== undefined && account.development === undefined ? (
          <button type="button" className="button button-small" onClick={wallet.leave}>
            Disconnect
          </button>
        ) : (
          connect
        )}
      </div>
      <WalletTrouble />
      {connecting ? <WalletDialog onClose={close} /> : null}
    </section>
  )
}

/** What stands under the strip when a wallet is on another chain, or took its account back. */
function WalletTrouble() {
  const { wallet, wrongChain } = useAgorai()
  const { chosen, state } = wallet
  if (wrongChain === undefined && state.status !== 'gone') return null
  return (
    <div className="page-width wallet-trouble">
      <WrongChain />
      {state.status === 'gone' && chosen !== undefined ? (
        <Notice tone="care" title={`${chosen.name} is no longer connected`}>
          <p>
            It took its account back, or lost its connection. Nothing was signed; your passes and money are where they
            were.
          </p>
          <p>
            <button type="button" className="button button-small" onClick={() => wallet.connect(chosen)}>
              {`Connect ${chosen.name} again`}
            </button>
          </p>
        </Notice>
      ) : null}
    </div>
  )
}

function SignerFacts({ account }: { account: Signer }) {
  const { paymentToken } = useAgorai()
  const balance = useBalance()
  return (
    <>
      {account.development === undefined ? (
        <InjectedLabel name={account.label} />
      ) : (
        <DevelopmentChoice chosen={account.development} />
      )}
      <Copyable value={account.address} name="address" href={`/accounts/${account.address}`} />
      {paymentToken === undefined ? null : (
        <span className="wallet-balance" data-testid="balance">
          {balance.data === undefined ? '…' : formatMoney(balance.data, paymentToken)}
        </span>
      )}
      <Faucet label={account.label} />
      <Link href={`/accounts/${account.address}`}>Account</Link>
    </>
  )
}

function InjectedLabel({ name }: { name: string }) {
  const { wallet } = useAgorai()
  return (
    <span className="wallet-label wallet-label-injected">
      <WalletIcon icon={wallet.chosen?.icon} side={16} />
      {name}
    </span>
  )
}

function DevelopmentChoice({ chosen }: { chosen: number }): ReactNode {
  const { chooseAccount } = useAgorai()
  const chooser = useId()
  return (
    <>
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
          value={chosen}
          onChange={(event) => chooseAccount(Number(event.target.value))}
        >
          {devAccounts.map(({ index, label }) => (
            <option key={index} value={index}>
              {label}
            </option>
          ))}
        </select>
      </span>
    </>
  )
}

/** Money without value, where the chain has such a token. */
function Faucet({ label }: { label: string }) {
  const { paymentToken } = useAgorai()
  const mint = useMintTestUsd()
  const [asking, setAsking] = useState(false)
  if (paymentToken === undefined) return null
  const money = formatMoney(faucetAmount, paymentToken)
  return (
    <>
      <button type="button" className="button button-small" onClick={() => setAsking(true)} disabled={mint.isPending}>
        {mint.isPending ? 'Minting…' : 'Mint test money'}
      </button>
      {mint.isError ? (
        <div className="wallet-trouble">
          <ErrorNotice error={mint.error} safe="No money was moved." onRetry={() => setAsking(true)} />
        </div>
      ) : null}
      {asking ? (
        <SignDialog
          title="Mint test money"
          confirm={`Mint ${money}`}
          onDecline={() => setAsking(false)}
          onConfirm={() => {
            setAsking(false)
            mint.mutate()
          }}
        >
          <p>{`You mint ${money} to ${label}. It exists on this local chain only and has no value.`}</p>
        </SignDialog>
      ) : null}
    </>
  )
}
