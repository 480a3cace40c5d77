import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AgoraiError } from '@agorai/core'
import { type KeptNotice, type Notices, noticesMax } from '../../ports/notices.js'
import { makeFolder, removeQuietly, writeFileAtomic } from '../folder/atomicFiles.js'
import { toStorageError } from '../folder/fileErrors.js'

/** Notices in a folder that only this user may read: one file each. */
export async function openFolderNotices(folder: string): Promise<Notices> {
  const names = async () => (await readdir(folder)).filter((name) => name.endsWith('.json'))
  try {
    await makeFolder(folder)
  } catch (error) {
    throw toStorageError(error)
  }
  return {
    async add(notice) {
      if ((await names()).length >= noticesMax)
        throw new AgoraiError('busy', 'This operator has more notices than it can read.')
      try {
        await writeFileAtomic(join(folder, `${notice.id.slice(2)}.json`), JSON.stringify(notice), { mode: 0o600 })
      } catch (error) {
        throw toStorageError(error)
      }
    },
    async list() {
      const texts = await Promise.all((await names()).map((name) => readFile(join(folder, name), 'utf8')))
      return texts.map((text) => JSON.parse(text) as KeptNotice).sort((a, b) => a.receivedAt - b.receivedAt)
    },
    remove: (id) => removeQuietly(join(folder, `${id.slice(2)}.json`)),
  }
}
