import { createPrivateKey, createPublicKey, randomBytes } from 'node:crypto'
import { chmod, readFile, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { AgoraiError, bytes32Schema, parseStrictJson, parseWith } from '@agorai/core'
import { bytesToHex, hexToBytes } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { z } from 'zod'
import type { OperatorKeys } from '../../ports/keys.js'
import { makeFolder, writeFileAtomic } from '../folder/atomicFiles.js'
import { systemCodeOf, toStorageError } from '../folder/fileErrors.js'

const fileSchema = z.strictObject({ signingKey: bytes32Schema, encryptionKey: bytes32Schema })

/** DER of an X25519 private key in PKCS #8 up to the 32 bytes of the key itself (RFC 8410). */
const pkcs8Prefix = Buffer.from('302e020100300506032b656e04220420', 'hex')

/**
 * Reads the operator's keys from a file that only this user may read, and creates them at the first start.
 *
 * @param options.isFirstStart Whether nothing was accepted under any keys yet. Otherwise none are created: what is sealed
 * to those that are lost would be lost in silence.
 * @throws AgoraiError `config_invalid` when the file is not a key file, or is lost; it is never replaced.
 */
export async function openFileKeys(path: string, { isFirstStart }: { isFirstStart: boolean }): Promise<OperatorKeys> {
  const kept = await readKeys(path)
  if (kept === undefined && !isFirstStart)
    throw new AgoraiError(
      'config_invalid',
      `${path} is lost, and all keys that were deposited are sealed to it. Restore it from a backup.`,
    )
  const bytes = kept ?? (await createKeys(path))
  const { signingKey, encryptionKey } = parseKeys(path, bytes)
  return {
    account: privateKeyToAccount(signingKey),
    encryption: { publicKey: x25519PublicKey(hexToBytes(encryptionKey)), privateKey: hexToBytes(encryptionKey) },
  }
}

async function readKeys(path: string): Promise<Uint8Array | undefined> {
  try {
    if (((await stat(path)).mode & 0o077) !== 0) await chmod(path, 0o600)
    return await readFile(path)
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined
    throw toStorageError(error)
  }
}

async function createKeys(path: string): Promise<Uint8Array> {
  const keys = { signingKey: generatePrivateKey(), encryptionKey: bytesToHex(randomBytes(32)) }
  const text = `${JSON.stringify(keys, undefined, 2)}\n`
  try {
    await makeFolder(dirname(path))
    await writeFileAtomic(path, text, { mode: 0o600, exclusive: true })
  } catch (error) {
    throw toStorageError(error)
  }
  return Buffer.from(text)
}

function parseKeys(path: string, bytes: Uint8Array): z.output<typeof fileSchema> {
  try {
    return parseWith(fileSchema, parseStrictJson(bytes, { bytesMax: 4096 }))
  } catch {
    // The cause would quote a secret.
    throw new AgoraiError('config_invalid', `${path} is not a key file. Restore it from a backup.`)
  }
}

function x25519PublicKey(privateKey: Uint8Array) {
  const key = createPrivateKey({ key: Buffer.concat([pkcs8Prefix, privateKey]), format: 'der', type: 'pkcs8' })
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' })
  return bytesToHex(spki.subarray(-32))
}
