import {
  AgoraiError,
  amountSchema,
  type ChannelConfig,
  channelDomain,
  channelTypes,
  type PaymentRequired,
} from '@agorai/core'
import { type Hex, isAddressEqual, recoverTypedDataAddress } from 'viem'
import { z } from 'zod'
import type { KeptChannel } from './channelStore.js'
import type { Payer } from './payer.js'
import { greater } from './sessionCeiling.js'
import { readChannel } from './signChannel.js'

const correctionSchema = z.object({
  channelState: z.object({ chargedCumulativeAmount: amountSchema }),
  voucherState: z.object({
    signedMaxClaimable: amountSchema,
    signature: z.templateLiteral(['0x', z.string().regex(/^[0-9a-fA-F]{2,16384}$/)]),
  }),
})

/**
 * A channel as the chain has it, and as the operator's corrective answer says if that proves itself: what it says was
 * charged must be covered by a voucher that the payer signed.
 *
 * @param kept What is remembered; undefined after a loss.
 * @throws AgoraiError `overcharged` when what the operator says was charged is not covered, or is more than all the calls
 * that it answered.
 */
export async function recoverChannel(
  payer: Payer,
  channel: Hex,
  config: ChannelConfig,
  kept: KeptChannel | undefined,
  corrective?: PaymentRequired,
): Promise<KeptChannel> {
  const { balance, totalClaimed } = await readChannel(payer, channel)
  const said = corrective?.accepts
    .map(({ extra }) => correctionSchema.safeParse(extra))
    .find(({ success }) => success)?.data
  const charged = said === undefined ? totalClaimed : BigInt(said.channelState.chargedCumulativeAmount)
  const signedMax = said === undefined ? charged : BigInt(said.voucherState.signedMaxClaimable)
  if (said !== undefined) {
    const signer = await recoverTypedDataAddress({
      domain: channelDomain(payer.client.info.chain.id),
      types: { Voucher: channelTypes.Voucher },
      primaryType: 'Voucher',
      message: { channelId: channel, maxClaimableAmount: signedMax },
      signature: said.voucherState.signature,
    }).catch(() => undefined)
    const isCovered = charged <= signedMax && charged >= totalClaimed
    if (!isCovered || signer === undefined || !isAddressEqual(signer, config.payerAuthorizer))
      throw new AgoraiError('overcharged', `The operator shows no voucher for the ${charged} that it says it charged.`)
  }
  // With every voucher answered the payer knows the sum; only what was not answered may have been charged unseen.
  if (kept?.answered === true && charged > kept.charged)
    throw new AgoraiError('overcharged', `The operator counts ${charged}, and its answers came to ${kept.charged}.`)
  const session = kept?.session
  // By the chain alone, what was charged since the last claim is not known.
  const known = greater(greater(signedMax, charged), kept?.signedMax ?? 0n)
  return { config, charged, balance, signedMax: known, answered: said !== undefined, session }
}
