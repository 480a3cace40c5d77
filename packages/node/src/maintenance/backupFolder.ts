import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AgoraiError, addressSchema, parseStrictJson, parseWith } from '@agorai/core'
import { z } from 'zod'

/**
 * A backup of everything but keys:
 *
 *     backup.json                   what it is, written last
 *     journal.log                   what the operator acknowledged
 *     charges/                      what this gateway charged on sessions and the journal may lack
 *     storage/content, manifests, chunks
 *     chain/                        the newest state of a local chain
 */
export const backupPaths = (folder: string) => ({
  description: join(folder, 'backup.json'),
  journal: join(folder, 'journal.log'),
  charges: join(folder, 'charges'),
  storage: join(folder, 'storage'),
  chain: join(folder, 'chain'),
})

const descriptionSchema = z.strictObject({
  agorai: z.literal('backup/1'),
  madeAt: z.iso.datetime(),
  operator: addressSchema,
  records: z.number().int(),
  /** Earlier releases had none. */
  charges: z.number().int().default(0),
  objects: z.strictObject({ content: z.number(), manifests: z.number(), chunks: z.number() }),
  /** The state of the local chain; null where the chain is elsewhere. */
  chain: z.string().nullable(),
})

export type BackupDescription = z.infer<typeof descriptionSchema>

/** @throws AgoraiError `backup_invalid` */
export async function readDescription(folder: string): Promise<BackupDescription> {
  try {
    return parseWith(descriptionSchema, parseStrictJson(await readFile(backupPaths(folder).description)))
  } catch (cause) {
    throw new AgoraiError('backup_invalid', `${folder} has no whole backup.json.`, { field: 'folder', cause })
  }
}

export const objectKinds = ['content', 'manifests', 'chunks'] as const
