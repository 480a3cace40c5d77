import {
  AgoraiError,
  type DeliveryGrant,
  type DeliveryRequest,
  deliveryGrantSchema,
  hashMessageOf,
  toTypedData,
} from '@agorai/core'
import type { Hex } from 'viem'
import { getAddress, isAddressEqual, recoverAddress } from 'viem/utils'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { walletOf } from '../createChainClient.js'
import { untilConfirmed } from '../http/untilConfirmed.js'
import { randomWord, signMessage } from '../transactions/signMessage.js'

const validForSeconds = 1_800

/**
 * Asks the operator for a version's key, sealed to a delivery key. While the purchase is not confirmed, the same signed
 * request is asked again: the operator grants it once, however often it arrives.
 *
 * @param parameters.timeoutMs Longest wait for the confirmation.
 * @throws AgoraiError `entitlement_missing`, `not_confirmed` after that wait, `signature_invalid` for a receipt that the
 * operator did not sign, `wallet_declined`, `node_unavailable`
 */
export async function requestGrant(
  client: AgoraiClient,
  parameters: { version: bigint; offer: bigint | undefined; deliveryKey: Hex; timeoutMs: number },
): Promise<DeliveryGrant> {
  const { version, offer, deliveryKey, timeoutMs } = parameters
  const request: DeliveryRequest = {
    version,
    holder: getAddress(walletOf(client).account.address),
    deliveryKey,
    operator: getAddress(client.info.operator.address),
    nonce: randomWord(),
    expiry: BigInt(Math.floor(Date.now() / 1000) + validForSeconds),
  }
  const domain = { chainId: client.info.chain.id, assetRegistry: client.info.chain.addresses.assetRegistry }
  const signature = await signMessage(client, toTypedData(domain, 'DeliveryRequest', request))
  const body = JSON.stringify({
    request: { ...request, version: String(version), expiry: String(request.expiry) },
    signature,
    ...(offer === undefined ? {} : { offer: String(offer) }),
  })
  const ask = () =>
    client.http.json(deliveryGrantSchema, {
      method: 'POST',
      path: 'api/v1/deliveries',
      headers: { 'content-type': 'application/json' },
      body: () => body,
      attemptsMax: 3,
    })
  const grant = await untilConfirmed(client, { ask, timeoutMs })

  const requestDigest = hashMessageOf(domain, 'DeliveryRequest', request)
  const { receipt, receiptSignature } = grant
  const receiptDigest = hashMessageOf(domain, 'DeliveryReceipt', { ...receipt, grantedAt: BigInt(receipt.grantedAt) })
  const signer = await recoverAddress({ hash: receiptDigest, signature: receiptSignature }).catch(() => undefined)
  const isReceiptOfThis = receipt.requestDigest === requestDigest && receipt.manifestDigest === grant.manifestDigest
  if (!isReceiptOfThis || signer === undefined || !isAddressEqual(signer, request.operator))
    throw new AgoraiError('signature_invalid', 'The receipt is not signed by the operator for this request.', {
      field: 'receipt',
    })
  return grant
}
