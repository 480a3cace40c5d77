import { AgoraiError, digestOfCid } from '@agorai/core'
import { blockBytes, blocksOf, type ContentDag, leafSpan, readContentDag } from '@agorai/sdk'
import type { ByteRange, Storage } from '../ports/storage.js'
import { createGate } from './createGate.js'
import { shareWork } from './shareWork.js'

/** What is found under the CID of a block. */
export type FoundBlock = { bytes: Uint8Array } | { content: string; range: ByteRange }

/** The blocks that IPFS knows stored contents and manifests by. */
export type Blocks = {
  /** @returns Undefined for what is not here; pieces of a content are found once its root was asked for. */
  find(cid: string): Promise<FoundBlock | undefined>
  /** The DAG of a stored content. @throws AgoraiError `not_found`, `busy` */
  dagOf(cid: string): Promise<ContentDag>
}

type Known = { dag: ContentDag; leaves: Map<string, number> }

/** Pieces whose places are remembered: a hundred gigabytes of content. */
const leavesMax = 400_000
const rawCid = /^bafkrei/

/** A DAG is made by one read of the content, and kept while others of as many pieces were not asked for since. */
export function createBlocks(storage: Storage): Blocks {
  const gate = createGate({ runningMax: 1, waitingMax: 16 })
  const underWay = new Map<string, Promise<Known>>()
  /** The content that was asked for last comes last. */
  const known = new Map<string, Known>()

  async function make(cid: string): Promise<Known> {
    const dag = await readContentDag(storage.readContent(cid))
    const leaves = new Map<string, number>()
    for (const block of blocksOf(dag)) if ('leaf' in block) leaves.set(block.cid, block.leaf)
    known.set(cid, { dag, leaves })
    let remembered = [...known.values()].reduce((sum, each) => sum + each.leaves.size, 0)
    for (const [oldest, { leaves: places }] of known) {
      if (remembered <= leavesMax || oldest === cid) break
      known.delete(oldest)
      remembered -= places.size
    }
    return { dag, leaves }
  }

  async function read(cid: string): Promise<Known> {
    const before = known.get(cid)
    if (before === undefined) return shareWork(underWay, cid, () => gate(() => make(cid)))
    known.delete(cid)
    known.set(cid, before)
    return before
  }

  return {
    async find(cid) {
      for (const [content, { dag, leaves }] of known) {
        const node = dag.nodes.get(cid)
        if (node !== undefined) return { bytes: node.bytes }
        const leaf = leaves.get(cid)
        if (leaf === undefined) continue
        const { start, end } = leafSpan(dag, leaf)
        return { content, range: { start, end: end - 1 } }
      }
      const manifest = rawCid.test(cid) ? await storage.getManifest(digestOfCid(cid)) : undefined
      if (manifest !== undefined) return { bytes: manifest }
      const bytes = await storage.contentBytes(cid)
      if (bytes === undefined) return undefined
      if (rawCid.test(cid))
        return bytes > blockBytes ? undefined : { content: cid, range: { start: 0, end: bytes - 1 } }
      const node = (await read(cid)).dag.nodes.get(cid)
      return node === undefined ? undefined : { bytes: node.bytes }
    },
    async dagOf(cid) {
      if ((await storage.contentBytes(cid)) === undefined)
        throw new AgoraiError('not_found', 'This content is not stored here.')
      return (await read(cid)).dag
    },
  }
}
