import type { AssetDetail } from '@agorai/core'
import type { RescueTillParameters } from '@agorai/sdk'
import { useState } from 'react'
import { useAgorai } from '../../app/AgoraiProvider.js'
import { formatMoney, type Token } from '../../format/money.js'
import { parseAccounts, shorten } from '../../format/text.js'
import { Field, TextField } from '../../ui/Field.js'
import { ErrorNotice, Notice } from '../../ui/Notice.js'
import { isSameAccount } from '../wallet/accountName.js'
import { SignDialog } from '../wallet/SignDialog.js'
import { useRescueTill } from './useRescueTill.js'

type What = RescueTillParameters['what']

/** Takes out of a till what was sent there and is no payment: ether, other tokens, NFTs. Only the asset's owner may. */
export function RescueTill({ asset, ether, token }: { asset: AssetDetail; ether: bigint; token: Token | undefined }) {
  const { account } = useAgorai()
  const [asking, setAsking] = useState(false)
  const [what, setWhat] = useState<What>('ether')
  const [contract, setContract] = useState('')
  const [id, setId] = useState('')
  const rescue = useRescueTill()
  if (account === undefined) return null
  const request = readRequest({ asset, what, contract, id })
  const isPayment = token !== undefined && isSameAccount(contract.trim(), token.address)
  return (
    <>
      <p>
        <button
          type="button"
          className="button button-small"
          disabled={rescue.isPending}
          onClick={() => setAsking(true)}
        >
          Take out what is no payment
        </button>
      </p>
      {rescue.isError ? <ErrorNotice error={rescue.error} safe="What is in the till stays there." /> : null}
      {rescue.isSuccess ? <Notice tone="good" title={`It went to ${shorten(rescue.data.to)}`} /> : null}
      {asking ? (
        <SignDialog
          title="Take out what is no payment"
          confirm="Take it out"
          busy={request === undefined || isPayment}
          onDecline={() => setAsking(false)}
          onConfirm={() => {
            if (request === undefined) return
            setAsking(false)
            rescue.mutate(request)
          }}
        >
          <p>
            It goes to your account. Payment tokens are income of everyone whose work is inside: they are swept instead.
          </p>
          <Field label="What">
            {(control) => (
              <select
                {...control}
                className="field"
                value={what}
                onChange={(event) => setWhat(event.target.value as What)}
              >
                <option value="ether">{`Ether (${formatMoney(ether, { symbol: 'ETH', decimals: 18 })})`}</option>
                <option value="token">Another token</option>
                <option value="nft">An NFT</option>
              </select>
            )}
          </Field>
          {what === 'ether' ? null : (
            <TextField
              label={what === 'token' ? 'Contract of the token' : 'Contract of the collection'}
              error={isPayment ? 'This is a payment token: sweep the till.' : undefined}
              of="address"
              value={contract}
              onChange={setContract}
            />
          )}
          {what === 'nft' ? <TextField label="Number of the NFT" of="integer" value={id} onChange={setId} /> : null}
        </SignDialog>
      ) : null}
    </>
  )
}

function readRequest({
  asset,
  what,
  contract,
  id,
}: {
  asset: AssetDetail
  what: What
  contract: string
  id: string
}): RescueTillParameters | undefined {
  if (what === 'ether') return { asset: BigInt(asset.id), what }
  const { accounts, stray } = parseAccounts(contract)
  const [address] = accounts
  if (address === undefined || accounts.length > 1 || stray !== undefined) return undefined
  if (what === 'token') return { asset: BigInt(asset.id), what, token: address }
  return /^\d{1,78}$/.test(id.trim())
    ? { asset: BigInt(asset.id), what, collection: address, id: BigInt(id) }
    : undefined
}
