import { type Address, bytesToHex, type Hex, hexToBytes } from 'viem'
import { publicKeyToAddress } from 'viem/accounts'
import { recoverKey } from './recoverKey.js'

/**
 * The account whose key signed `hash`.
 *
 * @param signature 65 bytes: r, s, and 27 or 28.
 * @returns Undefined where no key can have made it.
 */
export function recoverSigner(hash: Hex, signature: Hex): Address | undefined {
  const bytes = hexToBytes(signature)
  const parity = (bytes[64] ?? 0) - 27
  if (bytes.length !== 65 || (parity !== 0 && parity !== 1)) return undefined
  const key = recoverKey(hexToBytes(hash), bytes.subarray(0, 64), parity)
  return key && publicKeyToAddress(bytesToHex(key))
}
