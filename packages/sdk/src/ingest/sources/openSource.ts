import { createHash } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { AgoraiError, fileNameSchema, type History } from '@agorai/core'
import type { HistoryRequest } from '../history/readHistory.js'
import { readHistory } from '../history/readHistory.js'
import { inspectSource } from '../inspectSource.js'
import type { LocalSource } from '../localSource.js'
import type { GuardedFetchOptions } from '../net/guardedFetch.js'
import { openArchive } from '../openArchive.js'
import { openFile } from '../openFile.js'
import { openFolder } from '../openFolder.js'
import type { ByteSource } from './byteSource.js'
import { openHttps } from './httpsSource.js'
import { openIpfs, openIpfsFolder } from './ipfsSource.js'
import type { S3Options } from './s3Source.js'
import { spool } from './spool.js'

export type OpenSourceOptions = {
  /** Of `https:` references: plain http, other ports, limits. */
  fetch?: GuardedFetchOptions | undefined
  s3?: S3Options | undefined
  /** Base URL of a trustless gateway, for `ipfs:` references. */
  ipfsGateway?: string | undefined
  /** What is read of the chain, for `chain:` references. */
  history?: Omit<HistoryRequest, 'rpcUrl' | 'chain'> | undefined
  /** JSON-RPC of the chain, for `chain:` references that name it by its CAIP-2 id. */
  rpcUrl?: string | undefined
  /** Told of bytes that are copied to this machine first: of archives, and where a source cannot be read in parts. */
  onCopied?: ((bytes: number, bytesTotal: number) => void) | undefined
}

export type OpenedSource = LocalSource & {
  /** Stays the same as long as the bytes do. */
  identity: string
  /** Of a `chain:` reference: what proves the range, for the manifest. */
  history?: History
}

/**
 * Opens what somebody wants to publish, wherever it is: a path of a file, a folder or an archive, `s3://bucket/key`,
 * `s3://bucket/folder/`, `https://…`, `ipfs://cid`, `ipfs://cid/folder/`, or `chain:eip155:1`. What it is is found from its
 * bytes.
 *
 * @throws AgoraiError `invalid_request`, `unsafe_url`, `unsafe_format`, `unsafe_name`, `archive_invalid`,
 * `content_unreadable`, `source_unavailable`, `source_changed`, `length_mismatch`, `integrity_failed`, `not_final`,
 * `chain_unavailable`, `storage_full` for what must be copied first and does not fit
 */
export async function openSource(reference: string, options: OpenSourceOptions = {}): Promise<OpenedSource> {
  if (/^https?:/i.test(reference)) return describe(await openHttps(reference, options.fetch), options)
  if (/^s3:/i.test(reference)) {
    // A large client: only who needs it loads it.
    if (reference.endsWith('/')) {
      const { openS3Folder } = await import('./s3Folder.js')
      return named(await openS3Folder(reference, options.s3))
    }
    const { openS3 } = await import('./s3Source.js')
    return describe(await openS3(reference, options.s3), options)
  }
  if (/^ipfs:/i.test(reference)) {
    const ipfs = { gateway: options.ipfsGateway }
    if (reference.endsWith('/')) return named(await openIpfsFolder(reference, ipfs))
    return describe(await openIpfs(reference, ipfs), options)
  }
  if (/^chain:/i.test(reference)) return openHistory(reference.slice('chain:'.length), options)
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(reference))
    throw new AgoraiError('invalid_request', 'Name a path, or an s3://, https://, ipfs:// or chain: reference.', {
      field: 'reference',
    })
  return openLocal(reference)
}

async function openLocal(path: string): Promise<OpenedSource> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new AgoraiError('invalid_request', `${path} is not a file or folder that can be read.`, {
      field: 'reference',
      cause,
    })
  })
  if (found.isDirectory()) return { ...(await openFolder(path)), identity: await identityOfFolder(path) }
  const identity = JSON.stringify([resolve(path), found.size, found.mtimeMs, found.ino])
  const file = await openFile(path)
  return file.format.family === 'archive' ? { ...(await openArchive(path)), identity } : { ...file, identity }
}

/** Names, lengths and times of all files, hashed. */
async function identityOfFolder(path: string): Promise<string> {
  const hash = createHash('sha256')
  for (const name of (await readdir(path, { recursive: true })).sort()) {
    const { size, mtimeMs, ino } = await stat(join(path, name)).catch(() => ({ size: -1, mtimeMs: 0, ino: 0 }))
    hash.update(JSON.stringify([name, size, mtimeMs, ino]))
  }
  return JSON.stringify([resolve(path), hash.digest('hex')])
}

/**
 * What remote bytes are. Those that can only be read as a whole are copied first, since some formats are read from their
 * end; and so are archives, whose every file is checked before and read again after.
 */
async function describe(source: ByteSource, options: OpenSourceOptions): Promise<OpenedSource> {
  const { identity, bytes, read } = source
  const fileName = safeName(source.fileName)
  if (read === undefined) return openCopy(source, fileName, options)
  const format = await inspectSource({ fileName, bytes, read })
  if (format.family === 'archive') return openCopy(source, fileName, options)
  return { fileName, mediaType: format.mediaType, bytes, stream: () => source.stream(), read, format, identity }
}

async function openCopy(source: ByteSource, fileName: string, options: OpenSourceOptions): Promise<OpenedSource> {
  const { identity, bytes } = source
  const counted = async function* (): AsyncGenerator<Uint8Array, void> {
    let copied = 0
    for await (const slice of source.stream()) {
      yield slice
      copied += slice.length
      options.onCopied?.(copied, bytes)
    }
  }
  const { path, close } = await spool(fileName, counted(), bytes)
  return openSpooled(path, { identity, close })
}

type Copy = { identity: string; close(): Promise<void>; history?: History }

async function openSpooled(path: string, copy: Copy): Promise<OpenedSource> {
  try {
    const file = await openFile(path)
    if (file.format.family !== 'archive') return { ...file, ...copy }
    const { close: closeUnpacked, ...archive } = await openArchive(path)
    const close = async () => {
      await closeUnpacked?.()
      await copy.close()
    }
    return { ...archive, ...copy, close }
  } catch (error) {
    await copy.close()
    throw error
  }
}

async function openHistory(chain: string, options: OpenSourceOptions): Promise<OpenedSource> {
  const { history: request } = options
  const isUrl = /^https?:\/\//i.test(chain)
  const rpcUrl = isUrl ? chain : options.rpcUrl
  if (request === undefined || request.contracts.length === 0)
    throw new AgoraiError('invalid_request', 'Name the contracts whose history it is.', { field: 'contracts' })
  if (rpcUrl === undefined)
    throw new AgoraiError('invalid_request', 'Name a node of the chain that the history is read from.', {
      field: 'rpcUrl',
    })
  const rows = readHistory({ ...request, rpcUrl, ...(isUrl ? {} : { chain }) })
  const { path, last: history, close } = await spool('history.jsonl', rows)
  const named = `${history.chain.replace(':', '-')}-${history.fromBlock}-${history.toBlock}.jsonl`
  const identity = JSON.stringify(history)
  return { ...(await openSpooled(path, { identity, close, history })), fileName: named }
}

const named = (source: OpenedSource): OpenedSource => ({ ...source, fileName: safeName(source.fileName) })

/** A name that a manifest takes, as like the source's as can be. */
function safeName(name: string): string {
  if (fileNameSchema.safeParse(name).success) return name
  const plain = name.replace(/[^\p{L}\p{N}_.()-]+/gu, '_').replace(/^[^\p{L}\p{N}_]+|[. ]+$/gu, '')
  const short = plain.slice(-100)
  return fileNameSchema.safeParse(short).success ? short : 'content'
}
