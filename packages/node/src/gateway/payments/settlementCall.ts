import {
  batchSettlementAbi,
  batchSettlementAddress,
  depositCollectorAddress,
  type PaymentRequirements,
  testUsdAbi,
} from '@agorai/core'
import { type Address, encodeAbiParameters, encodeFunctionData, type Hex, parseSignature } from 'viem'
import type { Settlement } from '../../ports/facilitator.js'

const collectorParameters = [{ type: 'uint256' }, { type: 'uint256' }, { type: 'uint256' }, { type: 'bytes' }] as const

/** The one transaction that brings a payment to the chain. */
export function settlementCall(settlement: Settlement, { asset }: PaymentRequirements): { to: Address; data: Hex } {
  if (settlement.type === undefined) return { to: asset, data: transferData(settlement) }
  const data = settlement.type === 'deposit' ? depositData(settlement) : refundData(settlement)
  return { to: batchSettlementAddress, data }
}

function depositData({ channelConfig, deposit }: Extract<Settlement, { type: 'deposit' }>): Hex {
  const { validAfter, validBefore, salt, signature } = deposit.authorization.erc3009Authorization
  const collected = [BigInt(validAfter), BigInt(validBefore), BigInt(salt), signature] as const
  return encodeFunctionData({
    abi: batchSettlementAbi,
    functionName: 'deposit',
    args: [
      channelConfig,
      BigInt(deposit.amount),
      depositCollectorAddress,
      encodeAbiParameters(collectorParameters, collected),
    ],
  })
}

/** What was charged is claimed in the same transaction, so that no part of it can be given back by mistake. */
function refundData(refund: Extract<Settlement, { type: 'refund' }>): Hex {
  const { channelConfig, amount, refundNonce, claims, refundAuthorizerSignature, claimAuthorizerSignature } = refund
  const rows = claims.map(({ voucher, signature, totalClaimed }) => ({
    voucher: { channel: voucher.channel, maxClaimableAmount: BigInt(voucher.maxClaimableAmount) },
    signature,
    totalClaimed: BigInt(totalClaimed),
  }))
  const giveBack = encodeFunctionData({
    abi: batchSettlementAbi,
    functionName: 'refundWithSignature',
    args: [channelConfig, BigInt(amount), BigInt(refundNonce), refundAuthorizerSignature],
  })
  if (rows.length === 0) return giveBack
  const claim = encodeFunctionData({
    abi: batchSettlementAbi,
    functionName: 'claimWithSignature',
    args: [rows, claimAuthorizerSignature],
  })
  return encodeFunctionData({ abi: batchSettlementAbi, functionName: 'multicall', args: [[claim, giveBack]] })
}

function transferData({ signature, authorization }: Extract<Settlement, { type?: never }>): Hex {
  const { from, to, value, validAfter, validBefore, nonce } = authorization
  const transfer = [from, to, BigInt(value), BigInt(validAfter), BigInt(validBefore), nonce] as const
  const call = { abi: testUsdAbi, functionName: 'transferWithAuthorization' } as const
  // A wallet's signature in three parts is what every token with EIP-3009 takes; a contract's is bytes.
  const parts = partsOf(signature)
  if (parts === undefined) return encodeFunctionData({ ...call, args: [...transfer, signature] })
  return encodeFunctionData({ ...call, args: [...transfer, 27 + parts.yParity, parts.r, parts.s] })
}

/** Undefined for what is no wallet's signature; the token says what it makes of it. */
function partsOf(signature: Hex) {
  try {
    return signature.length === 132 ? parseSignature(signature) : undefined
  } catch {
    return undefined
  }
}
