import { randomBytes, scrypt } from 'node:crypto'
import { promisify } from 'node:util'
import { AgoraiError } from '@agorai/core'
import type { Kms } from '../../ports/kms.js'
import { decrypt, encrypt } from './aead.js'

/** 128 MiB and about half a second for each guess. */
const cost = { N: 2 ** 17, r: 8, p: 1, maxmem: 256 * 1024 * 1024 }
const saltBytes = 32
const purpose = 'agorai/passphrase/1'

const derive = promisify<string, Uint8Array, number, typeof cost, Buffer>(scrypt)

/** Protects by a passphrase, stretched by scrypt with a fresh salt. */
export const createPassphraseKms = (passphrase: string): Kms => ({
  async wrap(plaintext) {
    const salt = randomBytes(saltBytes)
    const key = await derive(passphrase, salt, 32, cost)
    return Buffer.concat([salt, encrypt(key, plaintext, purpose)])
  },
  async unwrap(wrapped) {
    const key = await derive(passphrase, wrapped.subarray(0, saltBytes), 32, cost)
    const opened = decrypt(key, wrapped.subarray(saltBytes), purpose)
    if (opened !== undefined) return opened
    throw new AgoraiError('key_store_locked', 'The passphrase is not the one that the master keys were closed with.', {
      field: 'AGORAI_KEY_PASSPHRASE',
    })
  },
})
