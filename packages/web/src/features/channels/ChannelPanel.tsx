import { useAgorai } from '../../app/AgoraiProvider.js'
import type { Token } from '../../format/money.js'
import { formatCount, shorten } from '../../format/text.js'
import { ErrorNotice, Waiting } from '../../ui/Notice.js'
import { isSameAccount } from '../wallet/accountName.js'
import { ChannelRow } from './ChannelRow.js'
import { useListChannels } from './useListChannels.js'
import './channels.css'

/** Money of the account that signs which is left in payment channels, and the ways out of them. */
export function ChannelPanel() {
  const { paymentToken } = useAgorai()
  const channels = useListChannels()
  const tokenOf = (address: `0x${string}`): Token =>
    paymentToken !== undefined && isSameAccount(paymentToken.address, address)
      ? paymentToken
      : { address, symbol: `base units of ${shorten(address)}`, decimals: 0 }
  return (
    <section className="panel" id="channels" aria-labelledby="channels-heading">
      <div className="panel-head">
        <h2 id="channels-heading">Payment channels</h2>
        {channels.data === undefined ? null : (
          <p className="small muted">{formatCount(channels.data.length, 'channel')}</p>
        )}
      </div>
      {channels.isPending ? <Waiting>Asking the chain what is in this account’s channels…</Waiting> : null}
      {channels.isError ? (
        <ErrorNotice
          error={channels.error}
          safe="What is in a channel stays there."
          onRetry={() => channels.refetch()}
        />
      ) : null}
      {channels.data === undefined ? null : channels.data.length === 0 ? (
        <p className="muted">
          No money is in a channel. The first call that is paid by a budget, on the page of a service, puts some there;
          what it does not use comes back from here.
        </p>
      ) : (
        <ul className="channels">
          {channels.data.map((channel) => (
            <ChannelRow key={channel.channel} channel={channel} token={tokenOf(channel.config.token)} />
          ))}
        </ul>
      )}
    </section>
  )
}
