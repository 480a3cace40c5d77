import { AgoraiError, hashMessageOf } from '@agorai/core'
import type { Address } from 'viem'
import { isAddressEqual, recoverAddress } from 'viem/utils'
import { signingDomainOf } from '../contributions/signRequest.js'
import type { AgoraiClient } from '../createAgoraiClient.js'
import type { SignedReceipt } from './getReceipt.js'

export type VerifyReceiptParameters = {
  receipt: SignedReceipt
  /** Who should have signed it. Default: the operator of the client's node. */
  operator?: Address | undefined
}

/**
 * Checks that an operator signed a usage receipt. The receipt is then its word for what the call used and cost.
 *
 * @throws AgoraiError `signature_invalid`
 */
export async function verifyReceipt(
  client: Pick<AgoraiClient, 'info'>,
  { receipt: signed, operator = client.info.operator.address }: VerifyReceiptParameters,
): Promise<void> {
  const { receipt, signature } = signed
  const hash = hashMessageOf(signingDomainOf(client), 'UsageReceipt', {
    ...receipt,
    counter: BigInt(receipt.counter),
    version: BigInt(receipt.version),
    amount: BigInt(receipt.amount),
    answeredAt: BigInt(receipt.answeredAt),
  })
  const signer = await recoverAddress({ hash, signature }).catch(() => undefined)
  if (signer === undefined || !isAddressEqual(signer, operator))
    throw new AgoraiError('signature_invalid', 'The receipt is not signed by the operator.', { field: 'receipt' })
}
