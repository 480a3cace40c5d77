import { type PaymentRequired, type PaymentRequirements, toChainName } from '@agorai/core'
import { errorOf } from '../http/createHttp.js'
import type { Payer } from './payer.js'
import { chooseRequirements, readPaymentRequired } from './requirements.js'

export const termsPath = (asset: bigint): string => `v2/models/${asset}/infer`

/** What channels of a service's operator must be like. @throws AgoraiError `payment_refused` where it takes none */
export async function askTerms(
  { client }: Payer,
  asset: bigint,
): Promise<{ required: PaymentRequired; requirements: PaymentRequirements }> {
  const response = await client.http.exchange({ path: termsPath(asset) })
  if (response.status !== 402) throw await errorOf(response)
  const required = readPaymentRequired(response)
  await response.body?.cancel()
  const { requirements } = chooseRequirements(required, toChainName(client.info.chain.id), 'voucher')
  return { required, requirements }
}
