import type { Offer } from '@agorai/core'
import type { Payment } from '@agorai/sdk'

/** What the signing account may sign for a token, instead of sending an allowance first. */
export type SignedPayments = { authorization: boolean; permit: boolean }

/**
 * How an offer is paid in one transaction where that can be: by an EIP-3009 authorization, or by an EIP-2612 permit. An
 * exclusive price falls while it is signed, and an authorization is of one exact amount.
 */
export function choosePayment(offer: Pick<Offer, 'price' | 'usage'>, signed: SignedPayments): Payment {
  if (BigInt(offer.price) === 0n) return 'allowance'
  if (signed.authorization && offer.usage !== 'exclusive') return 'authorization'
  return signed.permit ? 'permit' : 'allowance'
}
