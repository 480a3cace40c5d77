import type { Hex } from 'viem'
import { hashTypedData, isAddressEqual, recoverAddress } from 'viem/utils'
import { channelDomain, channelTypes, isDeniable, type VoucherClaim } from './channels.js'

const { Voucher } = channelTypes

/**
 * The voucher with its signature's last byte set right. Gateways verify with the channel's key, to which that byte says
 * nothing; the contract recovers the key, to which it says which of two keys it is.
 */
export async function withRightParity(chainId: number, claim: VoucherClaim): Promise<VoucherClaim> {
  const { channel, config, maxClaimableAmount, signature } = claim
  const signer = isDeniable(config) ? config.payer : config.payerAuthorizer
  if (signature.length !== 132) return claim
  const message = { channelId: channel, maxClaimableAmount }
  const hash = hashTypedData({ domain: channelDomain(chainId), types: { Voucher }, primaryType: 'Voucher', message })
  for (const last of ['1b', '1c']) {
    const other: Hex = `0x${signature.slice(2, 130)}${last}`
    // Not every r is the x of a point on the curve.
    const found = await recoverAddress({ hash, signature: other }).catch(() => undefined)
    if (found !== undefined && isAddressEqual(found, signer)) return { ...claim, signature: other }
  }
  // A contract's, which is as it is.
  return claim
}
