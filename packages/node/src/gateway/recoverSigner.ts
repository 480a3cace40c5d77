import secp256k1 from 'secp256k1'
import { type Address, bytesToHex, type Hex, hexToBytes } from 'viem'
import { publicKeyToAddress } from 'viem/accounts'

/**
 * The account whose key signed `hash`, natively: in JavaScript it takes forty times as long.
 *
 * @param signature 65 bytes: r, s, and 27 or 28.
 * @returns Undefined where no key can have made it: not every r is the x of a point on the curve.
 */
export function recoverSigner(hash: Hex, signature: Hex): Address | undefined {
  const bytes = hexToBytes(signature)
  const parity = (bytes[64] ?? 0) - 27
  if (bytes.length !== 65 || (parity !== 0 && parity !== 1)) return undefined
  try {
    const key = secp256k1.ecdsaRecover(bytes.subarray(0, 64), parity, hexToBytes(hash), false)
    return publicKeyToAddress(bytesToHex(key))
  } catch {
    return undefined
  }
}
