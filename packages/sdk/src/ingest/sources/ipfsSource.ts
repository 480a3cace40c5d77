import { createHash } from 'node:crypto'
import { AgoraiError, isAgoraiError } from '@agorai/core'
import type { ReadableStorage } from 'ipfs-unixfs-exporter'
import { collectBytes } from '../../content/readStream.js'
import { guardedFetch } from '../net/guardedFetch.js'
import { trustedHost } from '../net/guardedUrl.js'
import type { ByteSource } from './byteSource.js'

export type IpfsOptions = {
  /** Base URL of a trustless gateway, such as a node of one's own. */
  gateway?: string | undefined
  /** Where the gateway itself is somebody else's word. Default: it is the user's own setting. */
  fetch?: typeof guardedFetch | undefined
}

type Cid = Parameters<ReadableStorage['get']>[0]

const sha256Code = 0x12
const identityCode = 0x00
const dagPbCode = 0x70
/** IPFS itself passes on no larger blocks. */
const blockBytesMax = 2 * 1024 * 1024 + 1024
const nodesKept = 256
const attemptsMax = 4
/** Read at once: the exporter does not wait for its reader, so it is asked for a little at a time. */
const pieceBytes = 8 * 1024 * 1024

/**
 * A file of IPFS, `ipfs://cid[/path]`, in blocks of a trustless gateway. Each block is compared with its CID before any of
 * it is used, so the gateway is believed nothing.
 *
 * @throws AgoraiError `invalid_request`, `source_unavailable`, `integrity_failed`
 */
export async function openIpfs(reference: string, options: IpfsOptions): Promise<ByteSource> {
  const { gateway } = options
  if (gateway === undefined)
    throw new AgoraiError('invalid_request', 'Name a trustless gateway to read IPFS through.', { field: 'ipfsGateway' })
  const path = pathOf(reference)
  const blocks = createBlocks(gateway, options.fetch ?? guardedFetch)
  // All of what IPFS may name comes with it: only who needs it loads it.
  const { exporter } = await import('ipfs-unixfs-exporter')
  const entry = await told(reference, () => exporter(path, blocks))
  if (entry.type !== 'file' && entry.type !== 'raw' && entry.type !== 'identity')
    throw new AgoraiError('invalid_request', `${reference} is a ${entry.type}: name a file in it.`, {
      field: 'reference',
    })
  const bytes = Number(entry.size)
  const read = (start: number, end: number): Promise<Uint8Array> =>
    told(reference, async () => {
      const piece = await collectBytes(entry.content({ offset: start, length: end - start, blockReadConcurrency: 8 }))
      if (piece.length === end - start) return piece
      throw new AgoraiError('integrity_failed', `${reference} does not have the length that its root states.`)
    })
  return {
    fileName: path.split('/').at(-1) ?? 'content',
    bytes,
    identity: JSON.stringify([String(entry.cid), bytes]),
    read,
    async *stream(start = 0) {
      for (let at = start; at < bytes; at += pieceBytes) yield await read(at, Math.min(bytes, at + pieceBytes))
    },
  }
}

function pathOf(reference: string): string {
  const [, path] = /^ipfs:\/\/([A-Za-z0-9]{16,128}(?:\/[^?#]{1,2048})?)$/.exec(reference) ?? []
  if (path === undefined)
    throw new AgoraiError('invalid_request', 'A file of IPFS is named ipfs://cid or ipfs://cid/path.', {
      field: 'reference',
    })
  // The exporter reads a backslash as an escape.
  return path.replaceAll('\\', '\\\\')
}

/** Blocks of a gateway, each checked. The inner nodes, which lead to many, are kept for a while. */
function createBlocks(gateway: string, fetch: typeof guardedFetch): ReadableStorage {
  const nodes = new Map<string, Uint8Array>()
  const base = gateway.endsWith('/') ? gateway : `${gateway}/`
  return {
    async *get(cid) {
      const name = cid.toString()
      const known = nodes.get(name)
      if (known !== undefined) return yield known
      const block = await fetchBlock(cid)
      if (cid.code === dagPbCode) {
        const [oldest] = nodes.keys()
        if (nodes.size >= nodesKept && oldest !== undefined) nodes.delete(oldest)
        nodes.set(name, block)
      }
      yield block
    },
  }

  async function fetchBlock(cid: Cid): Promise<Uint8Array> {
    if (cid.multihash.code === identityCode) return cid.multihash.digest
    for (let attempt = 1; ; attempt++) {
      try {
        return await fetchOnce(cid)
      } catch (error) {
        if (attempt === attemptsMax || isAgoraiError(error, 'integrity_failed')) throw error
        await new Promise((resume) => setTimeout(resume, 100 * 2 ** attempt))
      }
    }
  }

  async function fetchOnce(cid: Cid): Promise<Uint8Array> {
    const answer = await fetch(`${base}ipfs/${cid}?format=raw`, {
      ...trustedHost,
      headers: { accept: 'application/vnd.ipld.raw' },
      bytesMax: blockBytesMax,
    })
    if (answer.status !== 200) {
      await answer.body.return(undefined)
      throw new AgoraiError('source_unavailable', `The gateway answers HTTP ${answer.status} for ${cid}.`)
    }
    const block = await collectBytes(answer.body)
    if (isBlockOf(cid, block)) return block
    throw new AgoraiError('integrity_failed', `The gateway's answer for ${cid} is another block.`)
  }
}

const isBlockOf = (cid: Cid, block: Uint8Array): boolean =>
  cid.multihash.code === sha256Code && createHash('sha256').update(block).digest().equals(cid.multihash.digest)

async function told<answer>(reference: string, work: () => Promise<answer>): Promise<answer> {
  try {
    return await work()
  } catch (cause) {
    if (isAgoraiError(cause)) throw cause
    throw new AgoraiError('source_unavailable', `${reference} cannot be read: it is no file of IPFS.`, { cause })
  }
}
