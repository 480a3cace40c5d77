import { setTimeout as pause } from 'node:timers/promises'
import {
  AgoraiError,
  assertCanonical,
  cidOfDigest,
  isAgoraiError,
  manifestBytesMax,
  manifestDigest,
  parseManifest,
  targetOf,
} from '@agorai/core'
import { collectBytes, createHttp, readContent } from '@agorai/sdk'
import { type Hex, hexToBytes } from 'viem'
import type { DenyList } from '../ports/denyList.js'
import type { ManifestIndex } from '../ports/manifests.js'
import type { Publications, PublishedContent } from '../ports/publications.js'
import type { Storage } from '../ports/storage.js'
import type { IpfsNode } from './pushToIpfs.js'

export type ReplicateOptions = {
  publications: Publications
  storage: Storage
  manifests: ManifestIndex
  /** Base URLs of nodes that the operator named. What they send is compared with its hash, and no redirect is followed. */
  peers: readonly string[]
  /** Whether ciphertext is brought here, too. */
  withContent: boolean
  /** Base URL of a trustless gateway of IPFS, where what no peer has is looked for. */
  ipfsGateway?: string | undefined
  /** An IPFS node that is given what is stored here. */
  ipfsNode?: IpfsNode | undefined
  /** What is not brought here, nor given on. */
  denyList: DenyList
  contentBytesMax: number
  pollMs: number
  onWarning(message: string, cause: unknown): void
}

export type Replicated = { manifests: number; contents: number; pushed: number }

export type Replication = {
  /** Looks for all that is missing, once. */
  once(): Promise<Replicated>
  /** Looks again and again until `stop`. */
  start(): void
  stop(): Promise<void>
}

const pageSize = 64
/** What nobody had is asked for again after this long, and twice as long each time. */
const retryMs = 10_000
const retryMsMax = 3_600_000
const failuresMax = 10_000

/**
 * Brings what was published elsewhere to this node: manifests by their digests, which the chain names, and ciphertext by
 * its CID, which manifests name. A version is then found, shown and served here whoever else is gone.
 */
export function createReplication(options: ReplicateOptions): Replication {
  const { publications, storage, manifests, peers, contentBytesMax, ipfsGateway, ipfsNode, denyList, onWarning } =
    options
  const sources: Source[] = peers.map(toPeer)
  if (ipfsGateway !== undefined) sources.push(toIpfsSource(ipfsGateway))
  const pushed = new Set<string>()
  const failures = new Map<string, { times: number; nextAtMs: number }>()
  const ending = new AbortController()
  let running: Promise<void> | undefined

  /** Asks one peer after the other. @returns Whether it is here now. */
  async function bring(name: string, from: (source: Source) => Promise<void>): Promise<boolean> {
    const before = failures.get(name)
    if (before !== undefined && before.nextAtMs > Date.now()) return false
    for (const source of sources) {
      if (ending.signal.aborted) return false
      try {
        await from(source)
        failures.delete(name)
        return true
      } catch (error) {
        // What one peer does not have, or has wrong, another may have right; a store that is full concerns them all.
        if (!isAgoraiError(error)) throw error
        if (isAgoraiError(error, 'storage_full') || isAgoraiError(error, 'storage_unavailable')) throw error
      }
    }
    const times = (before?.times ?? 0) + 1
    failures.delete(name)
    failures.set(name, { times, nextAtMs: Date.now() + Math.min(retryMsMax, retryMs * 2 ** (times - 1)) })
    const [oldest] = failures.keys()
    if (failures.size > failuresMax && oldest !== undefined) failures.delete(oldest)
    return false
  }

  async function bringManifest(source: Source, digest: Hex): Promise<void> {
    const bytes = await source.manifest(digest)
    if (manifestDigest(bytes) !== digest)
      throw new AgoraiError('digest_mismatch', 'A peer sent another manifest than was asked for.')
    const { content } = parseManifest(bytes)
    if (content !== undefined && denyList.has(targetOf.cid(content.cid)))
      throw new AgoraiError('taken_down', 'The deny-list of this node names the content.')
    assertCanonical(bytes)
    await storage.putManifest(digest, bytes)
    await manifests.addManifest(bytes)
  }

  const bringContent = (source: Source, { cid, bytes }: PublishedContent): Promise<void> =>
    storage.putContent(cid, bytes, source.content(cid, bytes))

  /** Gives the IPFS node what it does not keep yet. It says itself what it keeps, so a restart asks again. */
  async function push(node: IpfsNode, { cid }: PublishedContent): Promise<boolean> {
    if (pushed.has(cid)) return false
    const isNew = !(await node.has(cid))
    if (isNew) await node.push(storage, cid)
    pushed.add(cid)
    return isNew
  }

  const isHere = async ({ cid }: PublishedContent): Promise<boolean> => (await storage.contentBytes(cid)) !== undefined

  async function once(): Promise<Replicated> {
    const found = { manifests: 0, contents: 0, pushed: 0 }
    for await (const digest of pagesOf(
      (after) => publications.missingManifests(after, pageSize),
      (each) => each,
    ))
      if (!ending.signal.aborted && !denyList.has(targetOf.manifest(digest)))
        if (await bring(digest, (source) => bringManifest(source, digest))) found.manifests++
    if (!options.withContent && ipfsNode === undefined) return found
    const contents = pagesOf(
      (after) => publications.contents(after, pageSize),
      ({ digest }) => digest,
    )
    for await (const content of contents) {
      if (ending.signal.aborted) break
      if (denyList.has(targetOf.cid(content.cid)) || denyList.has(targetOf.manifest(content.digest))) continue
      const isStored = await isHere(content)
      if (isStored && ipfsNode !== undefined && (await push(ipfsNode, content))) found.pushed++
      if (isStored || !options.withContent || content.bytes > contentBytesMax) continue
      if (await bring(content.cid, (source) => bringContent(source, content))) found.contents++
    }
    return found
  }

  async function run(): Promise<void> {
    let warned: string | undefined
    while (!ending.signal.aborted) {
      try {
        await once()
        warned = undefined
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error)
        if (message !== warned) onWarning('What was published elsewhere could not be brought here.', error)
        warned = message
      }
      await pause(options.pollMs, undefined, { signal: ending.signal }).catch(() => {})
    }
  }

  return {
    once,
    start() {
      running ??= run()
    },
    async stop() {
      ending.abort()
      await running
    },
  }
}

/** Somewhere that may have what is missing here. None is believed: all that comes is compared with its hash. */
type Source = {
  manifest(digest: Hex): Promise<Uint8Array>
  content(cid: string, bytes: number): AsyncIterable<Uint8Array>
}

function toPeer(peer: string): Source {
  const http = createHttp(new URL(peer.endsWith('/') ? peer : `${peer}/`), globalThis.fetch)
  return {
    manifest: (digest) => http.bytes({ path: `api/v1/manifests/${digest}` }, manifestBytesMax),
    content: (cid, bytes) => readContent(http, cid, bytes),
  }
}

function toIpfsSource(gateway: string): Source {
  // What reads sources of every kind is loaded when this one is: a node that names no gateway starts without it.
  const open = async (cid: string) => {
    const { openIpfs } = await import('@agorai/sdk/ingest')
    return openIpfs(`ipfs://${cid}`, { gateway })
  }
  return {
    async manifest(digest) {
      const { bytes, stream } = await open(cidOfDigest('raw', hexToBytes(digest)).text)
      if (bytes > manifestBytesMax) throw new AgoraiError('payload_too_large', 'That is longer than a manifest.')
      return collectBytes(stream())
    },
    async *content(cid) {
      yield* (await open(cid)).stream()
    },
  }
}

/** Walks over pages until one is empty. */
async function* pagesOf<item>(
  page: (after: string) => Promise<item[]>,
  nameOf: (item: item) => string,
): AsyncGenerator<item> {
  let after = ''
  for (let items = await page(after); items.length > 0; items = await page(after)) {
    yield* items
    const last = items.at(-1)
    if (last !== undefined) after = nameOf(last)
  }
}
