import { useEffect } from 'react'
import { useAgorai } from '../../app/AgoraiProvider.js'
import { Dialog } from '../../ui/ConfirmDialog.js'
import { Notice, Waiting } from '../../ui/Notice.js'
import { WalletIcon } from './WalletIcon.js'

/** Chooses one of the wallets that this browser has. It closes by itself once the wallet is connected. */
export function WalletDialog({ onClose }: { onClose: () => void }) {
  const { info, wallet } = useAgorai()
  const { state, chosen, wallets } = wallet
  useEffect(() => {
    if (state.status === 'connected') onClose()
  }, [state.status, onClose])
  const close = () => {
    // A wallet that was never answered is not remembered.
    if (state.status !== 'connected') wallet.leave()
    onClose()
  }
  return (
    <Dialog title="Connect a wallet" onDecline={close}>
      <div className="confirm-body">
        <p>The wallet keeps the key. This page sees the account’s address, and asks before anything is signed.</p>
        {wallets.length === 0 ? (
          <Notice tone="info" title="No wallet has announced itself in this browser">
            <p>
              Install or unlock one that follows EIP-6963, as current browser wallets do, and reload this page.
              {info.chain.local ? ' On the local chain a development account signs meanwhile.' : ''}
            </p>
          </Notice>
        ) : (
          <ul className="wallet-list">
            {wallets.map((each) => (
              <li key={each.id}>
                <button
                  type="button"
                  className="button wallet-choice"
                  disabled={state.status === 'connecting'}
                  onClick={() => wallet.connect(each)}
                >
                  <WalletIcon icon={each.icon} side={24} />
                  {each.name}
                </button>
              </li>
            ))}
          </ul>
        )}
        {state.status === 'connecting' ? (
          <Waiting>{`Waiting for ${chosen?.name ?? 'the wallet'}: open it and agree to connect…`}</Waiting>
        ) : null}
        {state.status === 'refused' ? (
          <Notice
            tone={state.declined ? 'care' : 'bad'}
            title={`${chosen?.name ?? 'The wallet'} ${state.declined ? 'did not connect' : 'could not be connected'}`}
          >
            {state.declined ? null : <p>{state.detail}</p>}
            <p>It gave this page nothing, and nothing was signed. Choose it again, and agree in the wallet.</p>
          </Notice>
        ) : null}
      </div>
      <div className="confirm-actions">
        <button type="button" className="button" onClick={close}>
          Cancel
        </button>
      </div>
    </Dialog>
  )
}
