import { randomUUID } from 'node:crypto'
import { ReadableStream } from 'node:stream/web'
import { AgoraiError } from '@agorai/core'
import { readContentDag, writeCar } from '@agorai/sdk'
import type { Storage } from '../ports/storage.js'

export type IpfsNode = {
  /** Whether it keeps a content, all of it. */
  has(cid: string): Promise<boolean>
  /**
   * Gives it a stored content, to keep.
   *
   * @throws AgoraiError `storage_unavailable`, `digest_mismatch` when it says that it keeps something else.
   */
  push(storage: Storage, cid: string): Promise<void>
}

const questionTimeoutMs = 30_000
const pushTimeoutMs = 6 * 3_600_000

/**
 * An IPFS node of the operator's own, by the RPC of Kubo.
 *
 * @param api Its base URL, such as `http://127.0.0.1:5001`.
 */
export function connectIpfsNode(api: string): IpfsNode {
  const base = api.endsWith('/') ? api : `${api}/`
  async function ask(path: string, timeoutMs: number, form: RequestInit = {}): Promise<Response> {
    try {
      return await fetch(new URL(`api/v0/${path}`, base), {
        method: 'POST',
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
        ...form,
      })
    } catch (cause) {
      throw new AgoraiError('storage_unavailable', 'The IPFS node does not answer.', { cause })
    }
  }
  return {
    async has(cid) {
      const answer = await ask(`pin/ls?arg=${cid}&type=recursive`, questionTimeoutMs)
      await answer.body?.cancel()
      // What is not pinned is an error there.
      return answer.ok
    },
    async push(storage, cid) {
      const dag = await readContentDag(storage.readContent(cid))
      const form = toForm(writeCar(dag, storage.readContent(cid)))
      const answer = await ask('dag/import?pin-roots=true', pushTimeoutMs, form)
      const text = await answer.text()
      if (!answer.ok)
        throw new AgoraiError('storage_unavailable', `The IPFS node answered HTTP ${answer.status} to an import.`)
      const roots = text
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map(rootOf)
        .filter((root) => root !== undefined)
      if (roots.length !== 1 || roots[0]?.cid !== cid || roots[0].error !== '')
        throw new AgoraiError('digest_mismatch', 'The IPFS node keeps something else than it was given.', {
          field: 'content.cid',
        })
    },
  }
}

/** A form of one file, streamed. */
function toForm(car: AsyncIterable<Uint8Array>): RequestInit {
  const boundary = `agorai-${randomUUID()}`
  const head =
    `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="content.car"\r\n` +
    'content-type: application/vnd.ipld.car\r\n\r\n'
  async function* form(): AsyncGenerator<Uint8Array> {
    yield Buffer.from(head)
    yield* car
    yield Buffer.from(`\r\n--${boundary}--\r\n`)
  }
  const headers = { 'content-type': `multipart/form-data; boundary=${boundary}` }
  return { headers, body: ReadableStream.from(form()), duplex: 'half' } as unknown as RequestInit
}

/** A line of the answer to an import, if it is about a root. */
function rootOf(line: string): { cid: string; error: string } | undefined {
  try {
    const { Root: root } = JSON.parse(line) as { Root?: { Cid?: { '/'?: string }; PinErrorMsg?: string } }
    return root === undefined ? undefined : { cid: root.Cid?.['/'] ?? '', error: root.PinErrorMsg ?? '' }
  } catch {
    return { cid: '', error: 'not JSON' }
  }
}
