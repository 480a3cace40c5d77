import secp256k1 from 'secp256k1'

/**
 * The public key, 65 bytes, that signed `digest`, natively: in JavaScript it takes forty times as long.
 *
 * @param compact 64 bytes: r and s. A high s is taken, too.
 * @param parity 0 or 1.
 * @returns Undefined where no key can have made it: not every r is the x of a point on the curve.
 */
export function recoverKey(digest: Uint8Array, compact: Uint8Array, parity: number): Uint8Array | undefined {
  try {
    return secp256k1.ecdsaRecover(compact, parity, digest, false)
  } catch {
    return undefined
  }
}
