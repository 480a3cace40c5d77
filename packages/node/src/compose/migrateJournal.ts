import { rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { DeliveryGrant } from '@agorai/core'
import { depositAad, openSealed } from '@agorai/sdk'
import type { Hex } from 'viem'
import { removeQuietly, syncFolder } from '../adapters/folder/atomicFiles.js'
import { openFileJournal } from '../adapters/journal/fileJournal.js'
import { openFileKeys } from '../adapters/keys/fileKeys.js'
import type { NodeConfig } from '../config.js'
import type { DeliveryGranted, JournalRecord, KeyDeposited } from '../ports/journal.js'
import { answerKinds, answerSecondsMax } from '../ports/paymentRecords.js'
import { openKeyStore } from './keyStore.js'

/** Records as releases before 0.3 wrote them: with keys, sealed to the operator or to a holder. */
type OldRecord =
  | (KeyDeposited & { sealedKey?: Hex })
  | (Omit<DeliveryGranted, 'commitment' | 'grant'> & { commitment?: Hex; grant: DeliveryGrant })

/** Records that are made durable together. */
const groupMax = 1_000

/**
 * Writes a journal anew without what it keeps no longer: answers of other days, and keys, which an old journal gives to the
 * key store. Stopped anywhere, it begins again with the old journal.
 *
 * @returns Whether keys were moved.
 * @throws AgoraiError `journal_damaged`, `config_invalid` when the operator's keys are lost
 */
export async function migrateJournal(config: NodeConfig, nowSeconds = Date.now() / 1_000): Promise<boolean> {
  if (config.journal !== 'file') return false
  const path = join(config.dataFolder, 'journal', 'journal.log')
  const next = `${path}.next`
  await removeQuietly(next)
  const journal = await openFileJournal(path)
  let holdsKeys = false
  try {
    const records: OldRecord[] = []
    for await (const record of journal.replay()) records.push(record as OldRecord)
    const kept = records.filter((record) => !isForgotten(record, nowSeconds))
    holdsKeys = kept.some(holdsKey)
    if (!holdsKeys && kept.length === records.length) return false
    if (holdsKeys) await moveKeys(config, kept)
    const written = await openFileJournal(next)
    const commitments = new Map<string, Hex>()
    for (let from = 0; from < kept.length; from += groupMax) {
      const group = kept.slice(from, from + groupMax).map((record) => {
        if (record.kind === 'key-deposited')
          commitments.set(`${record.account.toLowerCase()}/${record.manifestDigest}`, record.commitment)
        return withoutKey(record, commitments)
      })
      await Promise.all(group.map((clean) => clean && written.append(clean)))
    }
    await written.close()
  } finally {
    await journal.close()
  }
  await rename(next, path)
  await syncFolder(dirname(path))
  return holdsKeys
}

const isForgotten = (record: OldRecord, nowSeconds: number): boolean =>
  answerKinds.includes(record.kind) && 'at' in record && Number(record.at) < nowSeconds - answerSecondsMax

const holdsKey = (record: OldRecord): boolean =>
  record.kind === 'key-deposited'
    ? record.sealedKey !== undefined
    : record.kind === 'delivery-granted' && 'sealedKey' in record.grant

async function moveKeys(config: NodeConfig, records: readonly OldRecord[]): Promise<void> {
  const { encryption } = await openFileKeys(config.operatorKeys, { isFirstStart: false })
  const { keyStore } = await openKeyStore(config)
  try {
    for (const record of records) {
      if (record.kind !== 'key-deposited' || record.sealedKey === undefined) continue
      const { kind: _, sealedKey, ...facts } = record
      const secrets = await openSealed(encryption.privateKey, sealedKey, depositAad(facts.manifestDigest))
      await keyStore.put({ ...facts, secrets })
    }
  } finally {
    await keyStore.close()
  }
}

/** Undefined for a grant of a key that was never deposited here, which no release writes. */
function withoutKey(record: OldRecord, commitments: ReadonlyMap<string, Hex>): JournalRecord | undefined {
  if (record.kind === 'key-deposited') {
    const { sealedKey: _, ...facts } = record
    return facts
  }
  if (record.kind !== 'delivery-granted') return record
  const { sealedKey: _, ...grant } = record.grant
  const name = `${grant.publisher.toLowerCase()}/${grant.manifestDigest}`
  const commitment = record.commitment ?? commitments.get(name)
  return commitment && { ...record, commitment, grant }
}
