import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type Spooled<last> = {
  path: string
  /** What the stream returned at its end. */
  last: last
  close(): Promise<void>
}

/** Writes a stream into a temporary file that nobody else can read, until it is closed. */
export async function spool<last>(fileName: string, content: AsyncGenerator<Uint8Array, last>): Promise<Spooled<last>> {
  const folder = await mkdtemp(join(tmpdir(), 'agorai-source-'))
  const close = () => rm(folder, { recursive: true, force: true })
  try {
    const path = join(folder, fileName)
    const file = await open(path, 'wx', 0o600)
    try {
      for (;;) {
        const { done, value } = await content.next()
        if (done === true) return { path, last: value, close }
        await file.writeFile(value)
      }
    } finally {
      await file.close()
    }
  } catch (error) {
    await close()
    throw error
  }
}
