import { createHash } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { BegunUpload, UploadMemory } from '@agorai/sdk'
import { bytesToHex, type Hex, hexToBytes } from 'viem'

export type UploadStateOptions = {
  stateFolder: string
  /** What the content is: `identity` of its source. */
  identity: string
  /** Who uploads it, and where to. */
  account: string
  operator: string
}

const keptMs = 30 * 24 * 3_600_000

type Written = Omit<BegunUpload, 'secrets'> & { secrets: { contentKey: Hex; saltSeed: Hex }[] }

/**
 * Remembers the upload of one content in a file that nobody else can read: it holds the content's keys. It goes when the
 * version is published, or after a month.
 */
export function openUploadState(options: UploadStateOptions): UploadMemory {
  const { stateFolder, identity, account, operator } = options
  const folder = join(stateFolder, 'uploads')
  const name = createHash('sha256')
    .update(JSON.stringify([identity, account.toLowerCase(), operator.toLowerCase()]))
    .digest('hex')
  const path = join(folder, `${name}.json`)
  return {
    async load() {
      await forgetOld(folder)
      try {
        const { secrets, ...rest } = JSON.parse(await readFile(path, 'utf8')) as Written
        return {
          ...rest,
          secrets: secrets.map(({ contentKey, saltSeed }) => ({
            contentKey: hexToBytes(contentKey),
            saltSeed: hexToBytes(saltSeed),
          })),
        }
      } catch {
        // There is none, or it is damaged: then the upload begins anew.
        return undefined
      }
    },
    async save({ secrets, ...rest }) {
      const written: Written = {
        ...rest,
        secrets: secrets.map(({ contentKey, saltSeed }) => ({
          contentKey: bytesToHex(contentKey),
          saltSeed: bytesToHex(saltSeed),
        })),
      }
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const temporary = `${path}.${process.pid}.tmp`
      const file = await open(temporary, 'w', 0o600)
      try {
        await file.writeFile(JSON.stringify(written))
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(temporary, path)
    },
    clear: () => unlink(path).catch(() => {}),
  }
}

async function forgetOld(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const { mtimeMs } = await stat(join(folder, name)).catch(() => ({ mtimeMs: Date.now() }))
    if (Date.now() - mtimeMs > keptMs) await unlink(join(folder, name)).catch(() => {})
  }
}
