import { join } from 'node:path'
import { AgoraiError, isAgoraiError } from '@agorai/core'
import { openPostgres } from '../adapters/database/postgres.js'
import { createKeyStore } from '../adapters/keys/createKeyStore.js'
import { openFileKeyDocuments } from '../adapters/keys/fileKeyDocuments.js'
import { createHttpKms } from '../adapters/keys/httpKms.js'
import type { KeyDocument } from '../adapters/keys/keyDocument.js'
import type { KeyDocuments } from '../adapters/keys/keyDocuments.js'
import { type MasterKeys, openMasterKeys, type Protection, readProtection } from '../adapters/keys/masterKeys.js'
import { createPassphraseKms } from '../adapters/keys/passphraseKms.js'
import { openPostgresKeyDocuments } from '../adapters/keys/postgresKeyDocuments.js'
import type { NodeConfig } from '../config.js'
import type { KeyStore } from '../ports/keyStore.js'

const schema = 'agorai_keys'

export type OpenKeyStoreOptions = {
  /** Opens master keys however they are protected until now, to protect them otherwise. */
  anyProtection?: boolean
  /** Whether a running node may have it open, so that it is only read. */
  isGuest?: boolean
  /** Whether a first master key may be made where there is no key yet. */
  mayBegin?: boolean
}

/**
 * Where the keys of versions are, closed by master keys that the settings protect.
 *
 * @throws AgoraiError `key_store_locked`, `config_invalid` when the master keys are lost
 */
export async function openKeyStore(
  config: NodeConfig,
  { anyProtection = false, isGuest = false, mayBegin = !isGuest }: OpenKeyStoreOptions = {},
): Promise<{ keyStore: KeyStore; masterKeys: MasterKeys }> {
  const documents = await openDocuments(config, isGuest)
  try {
    const protection = anyProtection ? await presentProtection(config) : protectionOf(config)
    const first = await firstOf(documents)
    const isFirstStart = mayBegin && first === undefined
    const masterKeys = await openMasterKeys(config.masterKeys, { protection, isFirstStart })
    if (typeof first === 'object' && first.sealed && !masterKeys.has(first.sealed.masterKey))
      throw new AgoraiError('key_store_locked', `${config.masterKeys} is not the file that closed the keys here.`, {
        field: 'AGORAI_MASTER_KEYS',
      })
    return { keyStore: createKeyStore(documents, masterKeys), masterKeys }
  } catch (error) {
    await documents.close()
    throw error
  }
}

/** The first key that can be read; `damaged` where there are only others. */
async function firstOf(documents: KeyDocuments): Promise<KeyDocument | 'damaged' | undefined> {
  let found: 'damaged' | undefined
  for await (const commitment of documents.list())
    try {
      const document = await documents.read(commitment)
      if (document !== undefined) return document
    } catch (error) {
      // One damaged key stops its own deliveries, not the node.
      if (!isAgoraiError(error, 'key_store_damaged')) throw error
      found = 'damaged'
    }
  return found
}

async function openDocuments(
  { keyStore, databaseUrl, dataFolder }: NodeConfig,
  isGuest: boolean,
): Promise<KeyDocuments> {
  if (keyStore === 'file' || databaseUrl === undefined)
    return openFileKeyDocuments(join(dataFolder, 'keystore'), { isGuest })
  return openPostgresKeyDocuments(await openPostgres({ url: databaseUrl, schema, connectionsMax: 4 }))
}

/** How the settings protect master keys from now on. */
export function protectionOf({ kms, keyPassphrase }: NodeConfig): Protection {
  if (kms !== undefined) return { by: 'kms', kms: createHttpKms(kms) }
  if (keyPassphrase !== undefined) return { by: 'passphrase', kms: createPassphraseKms(keyPassphrase) }
  return { by: 'file' }
}

/** How the file of master keys is protected, as it says itself. */
async function presentProtection(config: NodeConfig): Promise<Protection> {
  const { kms, keyPassphrase, oldKeyPassphrase = keyPassphrase } = config
  const by = await readProtection(config.masterKeys)
  if (by === 'kms' && kms !== undefined) return { by, kms: createHttpKms(kms) }
  if (by === 'passphrase' && oldKeyPassphrase !== undefined) return { by, kms: createPassphraseKms(oldKeyPassphrase) }
  // Master keys that something closes which the settings do not name are refused where they are opened.
  return by === 'file' ? { by } : protectionOf(config)
}
