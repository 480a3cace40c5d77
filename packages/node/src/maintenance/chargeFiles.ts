import { open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { AgoraiError, isAgoraiError } from '@agorai/core'
import { makeFolder, syncFolder, writeFileAtomic } from '../adapters/folder/atomicFiles.js'
import { systemCodeOf } from '../adapters/folder/fileErrors.js'
import { chargeFilesIn, gatewayFile } from '../adapters/journal/chargeLog.js'
import { scanJournal } from '../adapters/journal/scanJournal.js'
import type { Finding } from './finding.js'

/** What is whole in a file of charges: how many there are, and where the last one ends. */
type Sound = { charges: number; bytes: number; isTorn: boolean }

/** @returns Undefined where there is no such file. @throws AgoraiError `journal_damaged` */
async function readSound(path: string): Promise<Sound | undefined> {
  const handle = await open(path, 'r').catch((error: unknown) => {
    if (systemCodeOf(error) === 'ENOENT') return undefined
    throw error
  })
  if (handle === undefined) return undefined
  try {
    const { size } = await handle.stat()
    const scan = scanJournal(handle)
    let charges = 0
    let step = await scan.next()
    for (; !step.done; step = await scan.next()) charges += 1
    return { charges, bytes: step.value, isTorn: step.value < size }
  } finally {
    await handle.close()
  }
}

/**
 * Makes a folder hold what a charge log has now: its charges and the name of its gateway. A running node takes a file away
 * only when the journal has what is in it; so a journal that is read after this lacks nothing.
 *
 * @returns How many charges.
 * @throws AgoraiError `journal_damaged`
 */
export async function copyCharges(from: string, to: string): Promise<number> {
  const gateway = await readIfThere(join(from, gatewayFile))
  await makeFolder(to)
  if (gateway !== undefined) await writeFileAtomic(join(to, gatewayFile), gateway, { mode: 0o600 })
  let charges = 0
  const copied = new Set<string>()
  for (const name of await chargeFilesIn(from)) {
    const sound = await readSound(join(from, name))
    if (sound === undefined || sound.charges === 0) continue
    const bytes = await readIfThere(join(from, name))
    if (bytes === undefined) continue
    await writeFileAtomic(join(to, name), bytes.subarray(0, sound.bytes), { mode: 0o600 })
    copied.add(name)
    charges += sound.charges
  }
  for (const name of await chargeFilesIn(to)) if (!copied.has(name)) await rm(join(to, name), { force: true })
  await syncFolder(to)
  return charges
}

/**
 * How many charges a charge log has.
 *
 * @throws AgoraiError `journal_damaged`
 */
export async function countCharges(folder: string): Promise<number> {
  let charges = 0
  for (const name of await chargeFilesIn(folder)) charges += (await readSound(join(folder, name)))?.charges ?? 0
  return charges
}

/**
 * Puts the charge log of a backup where there are no charges, or the same after a restore that was stopped.
 *
 * @throws AgoraiError `config_invalid` where another gateway has charges of its own; `journal_damaged`
 */
export async function putCharges(from: string, to: string): Promise<void> {
  const [own, given] = [await readIfThere(join(to, gatewayFile)), await readIfThere(join(from, gatewayFile))]
  if (given === undefined) return
  if (own !== undefined && !own.equals(given) && (await countCharges(to)) > 0)
    throw new AgoraiError('config_invalid', 'There are charges of another gateway already.', {
      field: 'AGORAI_DATA_DIR',
    })
  await copyCharges(from, to)
}

const remedies = {
  restore:
    'Restore it from a backup by agorai-node restore into another folder, and copy it from there; without one, move the ' +
    'file away: what it charged and the journal does not have is lost to the operator.',
  name: 'Bring back charges/gateway from a backup: without it the slices that this gateway holds wait for a day.',
  torn: 'Nothing is to be done: what stopped in the middle was not answered, and the next start cuts it off.',
} as const

/** What is wrong with a charge log. @returns How many charges can be read. */
export async function checkCharges(folder: string, findings: Finding[]): Promise<number> {
  const part = 'charges'
  const names = await chargeFilesIn(folder)
  let charges = 0
  for (const name of names) {
    try {
      const sound = await readSound(join(folder, name))
      charges += sound?.charges ?? 0
      if (sound?.isTorn)
        findings.push({ part, name, problem: 'Its end is torn.', remedy: remedies.torn, isLoss: false })
    } catch (error) {
      if (!isAgoraiError(error, 'journal_damaged')) throw error
      findings.push({ part, name, problem: error.shortMessage, remedy: remedies.restore, isLoss: true })
    }
  }
  if (names.length > 0 && (await readIfThere(join(folder, gatewayFile))) === undefined)
    findings.push({ part, name: gatewayFile, problem: 'It is missing.', remedy: remedies.name, isLoss: true })
  return charges
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path)
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined
    throw error
  }
}
