import { AgoraiError } from '@agorai/core'
import { type Address, type Hex, isAddressEqual, isErc6492Signature, isErc8010Signature, type PublicClient } from 'viem'
import { askChain } from './askChain.js'
import { recoverSigner } from './recoverSigner.js'

export type AssertSignatureParameters = { account: Address; hash: Hex; signature: Hex }

/** How long the contract of a wallet may think. */
const walletTimeoutMs = 3_000
const curveOrder = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

/**
 * Checks that `account` signed `hash`: a key by 65 bytes with low s and v 27 or 28, a contract by ERC-1271, one that is
 * not deployed yet by ERC-6492.
 *
 * @throws AgoraiError `signature_invalid`, `chain_unavailable`
 */
export async function assertSignature(client: PublicClient, parameters: AssertSignatureParameters): Promise<void> {
  const { account, hash, signature } = parameters
  if (isKeySignature(parameters)) return
  // ERC-8010 is none of the three ways, though the library knows it.
  const isOther = isErc8010Signature(signature)
  // For an account without code nothing but the canonical form counts, so a second spelling of one is refused here.
  const isContract =
    !isOther &&
    (isErc6492Signature(signature) || (await askChain(() => client.getCode({ address: account }))) !== undefined)
  if (isContract && (await isContractSignature(client, { account, hash, signature }))) return
  throw new AgoraiError('signature_invalid', 'The signature is not one of the named account over this message.', {
    field: 'signature',
  })
}

function isKeySignature({ account, hash, signature }: AssertSignatureParameters): boolean {
  if (signature.length !== 2 + 2 * 65) return false
  const r = BigInt(signature.slice(0, 66))
  const s = BigInt(`0x${signature.slice(66, 130)}`)
  const v = Number(`0x${signature.slice(130)}`)
  const inRange = r > 0n && r < curveOrder && s > 0n && s <= curveOrder / 2n
  if (!inRange || (v !== 27 && v !== 28)) return false
  const signer = recoverSigner(hash, signature)
  return signer !== undefined && isAddressEqual(signer, account)
}

async function isContractSignature(client: PublicClient, parameters: AssertSignatureParameters): Promise<boolean> {
  const { account, hash, signature } = parameters
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), walletTimeoutMs)
  })
  try {
    return await Promise.race([askChain(() => client.verifyHash({ address: account, hash, signature })), late])
  } finally {
    clearTimeout(timer)
  }
}
