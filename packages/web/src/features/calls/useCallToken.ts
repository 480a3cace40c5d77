import type { AssetDetail, Serving } from '@agorai/core'
import { useAgorai } from '../../app/AgoraiProvider.js'
import type { Token } from '../../format/money.js'
import { shorten } from '../../format/text.js'
import { isSameAccount } from '../wallet/accountName.js'

/** The token in which a service states its prices. One that this page cannot name is counted in base units. */
export function useCallToken(asset: AssetDetail, { token }: Pick<Serving, 'token'>): Token {
  const { paymentToken } = useAgorai()
  const known = [paymentToken, ...asset.offers.map((offer) => offer.token)]
  const found = known.find((each) => each !== undefined && isSameAccount(each.address as `0x${string}`, token))
  return found ?? { address: token, symbol: `base units of ${shorten(token)}`, decimals: 0 }
}
