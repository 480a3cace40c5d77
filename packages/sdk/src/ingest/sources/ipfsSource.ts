import { AgoraiError, isAgoraiError } from '@agorai/core'
import type { ReadableStorage } from 'ipfs-unixfs-exporter'
import { collectBytes } from '../../content/readStream.js'
import { listUnixfs } from '../files/listUnixfs.js'
import { packFolder } from '../files/packFolder.js'
import { blockBytesMax, type Cid, isBlockOf, isFile, keepNodes, readPiece, streamPieces } from '../files/unixfs.js'
import type { LocalSource } from '../localSource.js'
import { guardedFetch } from '../net/guardedFetch.js'
import type { ByteSource } from './byteSource.js'

export type IpfsOptions = {
  /** Base URL of a trustless gateway, such as a node of one's own. */
  gateway?: string | undefined
  /** Where the gateway itself is somebody else's word. Default: it is the user's own setting. */
  fetch?: typeof guardedFetch | undefined
}

const attemptsMax = 4
/** Of a folder: the first block of each file, and those of the folders in it. */
const listReadsMax = 1_000_000

/**
 * A file of IPFS, `ipfs://cid[/path]`, in blocks of a trustless gateway. Each block is compared with its CID before any of
 * it is used, so the gateway is believed nothing.
 *
 * @throws AgoraiError `invalid_request`, `source_unavailable`, `integrity_failed`
 */
export async function openIpfs(reference: string, options: IpfsOptions): Promise<ByteSource> {
  const { path, blocks } = connectIpfs(reference, options)
  // All of what IPFS may name comes with it: only who needs it loads it.
  const { exporter } = await import('ipfs-unixfs-exporter')
  const entry = await told(reference, () => exporter(path, blocks))
  if (!isFile(entry))
    throw new AgoraiError(
      'invalid_request',
      `${reference} is no file: name one, or a folder with a slash at its end.`,
      {
        field: 'reference',
      },
    )
  const bytes = Number(entry.size)
  const read = (start: number, end: number): Promise<Uint8Array> => told(reference, () => readPiece(entry, start, end))
  return {
    fileName: path.split('/').at(-1) ?? 'content',
    bytes,
    identity: JSON.stringify([String(entry.cid), bytes]),
    read,
    stream: (start = 0) => streamPieces(read, start, bytes),
  }
}

/**
 * A folder of IPFS, `ipfs://cid/` or `ipfs://cid/path/`, as the tar that the same files on this machine have. Each block is
 * compared with its CID. Of each file the first block is read before.
 *
 * @throws AgoraiError `invalid_request`, `source_unavailable`, `integrity_failed`, `archive_invalid`, `unsafe_name`,
 * `unsafe_format`, `content_unreadable`
 */
export async function openIpfsFolder(
  reference: string,
  options: IpfsOptions,
): Promise<LocalSource & { identity: string }> {
  const { path, blocks } = connectIpfs(reference.replace(/\/$/, ''), options)
  const { exporter } = await import('ipfs-unixfs-exporter')
  const { cid } = await told(reference, () => exporter(path, blocks))
  const found = await listUnixfs(cid, { blocks, listReadsMax, told: (work) => told(reference, work) })
  if ('file' in found)
    throw new AgoraiError('invalid_request', `${reference} is a file: name it without the slash.`, {
      field: 'reference',
    })
  const { open, leftOut } = found.listing
  const name = path.split('/').at(-1) ?? 'folder'
  return { ...(await packFolder(name, await open(), leftOut)), identity: JSON.stringify([String(cid)]) }
}

function connectIpfs(reference: string, options: IpfsOptions): { path: string; blocks: ReadableStorage } {
  const { gateway } = options
  if (gateway === undefined)
    throw new AgoraiError('invalid_request', 'Name a trustless gateway to read IPFS through.', { field: 'ipfsGateway' })
  return { path: pathOf(reference), blocks: createBlocks(gateway, options.fetch ?? guardedFetch) }
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

/** Blocks of a gateway, each checked. */
function createBlocks(gateway: string, fetch: typeof guardedFetch): ReadableStorage {
  const base = gateway.endsWith('/') ? gateway : `${gateway}/`
  return keepNodes(fetchBlock)

  async function fetchBlock(cid: Cid): Promise<Uint8Array> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await fetchOnce(cid)
      } catch (error) {
        const isFinal = isAgoraiError(error, 'integrity_failed') || isAgoraiError(error, 'unsafe_url')
        if (attempt === attemptsMax || isFinal) throw error
        await new Promise((resume) => setTimeout(resume, 100 * 2 ** attempt))
      }
    }
  }

  async function fetchOnce(cid: Cid): Promise<Uint8Array> {
    const answer = await fetch(`${base}ipfs/${cid}?format=raw`, {
      trusted: true,
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

async function told<answer>(reference: string, work: () => Promise<answer>): Promise<answer> {
  try {
    return await work()
  } catch (cause) {
    if (isAgoraiError(cause)) throw cause
    throw new AgoraiError('source_unavailable', `${reference} cannot be read: it is no file of IPFS.`, { cause })
  }
}
