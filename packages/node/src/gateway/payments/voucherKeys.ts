import secp256k1 from 'secp256k1'
import { type Address, bytesToHex, type Hex } from 'viem'
import { publicKeyToAddress } from 'viem/accounts'
import { isAddressEqual } from 'viem/utils'
import { recoverKey } from '../recoverKey.js'

/** Checks vouchers natively, against the key that a channel's first voucher was signed with. */
export type VoucherKeys = {
  /** Whether `signature`, 65 bytes with a low s, is `signer`'s over `digest`. */
  check(channel: Hex, signer: Address, digest: Uint8Array, signature: Hex): boolean
}

/** Channels whose key is kept, 65 bytes each. */
const keptMax = 100_000

export function createVoucherKeys(): VoucherKeys {
  const keys = new Map<Hex, Uint8Array>()
  const bytes = Buffer.alloc(65)
  const compact = new Uint8Array(bytes.buffer, bytes.byteOffset, 64)

  /** Says no to what is not even a signature, where the library throws. */
  function verify(digest: Uint8Array, key: Uint8Array): boolean {
    try {
      return secp256k1.ecdsaVerify(compact, digest, key)
    } catch {
      return false
    }
  }

  return {
    check(channel, signer, digest, signature) {
      if (signature.length !== 132) return false
      bytes.write(signature.slice(2), 0, 'hex')
      const parity = bytes.readUInt8(64) - 27
      if (parity !== 0 && parity !== 1) return false
      const known = keys.get(channel)
      // With the key at hand this is cheaper than recovering it. It says nothing of the parity, which whoever claims mends.
      if (known !== undefined) return verify(digest, known)
      const key = recoverKey(digest, compact, parity)
      // Recovering takes a high s, which contracts refuse; verifying does not.
      if (key === undefined || !verify(digest, key)) return false
      if (!isAddressEqual(publicKeyToAddress(bytesToHex(key)), signer)) return false
      if (keys.size >= keptMax) keys.clear()
      keys.set(channel, key)
      return true
    },
  }
}
