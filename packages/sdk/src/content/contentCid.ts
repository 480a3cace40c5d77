import { cidOfDigest, createBlockHash, hashBlock } from '@agorai/core'

/** Bytes of each block of a content but the last. */
export const blockBytes = 262_144
const linksMax = 174
/** Blocks whose hashes are computed at a time, by threads where there are any. */
const hashesAtOnce = 8

/** A block or a node of the tree: where it is found, and what it holds. */
type Link = {
  cid: ReturnType<typeof cidOfDigest>
  /** Of the content below. */
  contentBytes: number
  /** Of all blocks below and of this one. */
  totalBytes: number
}

/** A node of the tree above the blocks of a content, with the CIDs of what is below it, in order. */
export type ContentNode = { cid: string; bytes: Uint8Array; children: readonly string[] }

/** Computes the CID of a content that comes little by little. */
export type CidHasher = {
  /** Wait for it before the next. */
  add(slice: Uint8Array): Promise<void>
  /** Bytes added so far. */
  readonly bytes: number
  /** The CID of all that was added. Call it once, at the end. */
  cid(): Promise<string>
}

/**
 * Starts the CID of a content, the same that `ipfs add --cid-version=1` gives: UnixFS over raw leaves of 256 KiB, 174
 * links a node, balanced. Memory does not grow with the content but for the nodes of one path.
 *
 * @param onNode Told of each node, those below before those above.
 */
export function createCidHasher(onNode: (node: ContentNode) => void = () => {}): CidHasher {
  /** Links that wait for their node, by height, and how many there have been at that height. */
  const levels: { waiting: Link[]; total: number }[] = []
  const block = createBlockHash(blockBytes)
  const hashing: Promise<Link>[] = []
  let filled = 0
  let bytes = 0

  async function push(height: number, link: Link): Promise<void> {
    levels[height] ??= { waiting: [], total: 0 }
    const level = levels[height]
    level.waiting.push(link)
    level.total++
    if (level.waiting.length === linksMax) await rise(height, level.waiting.splice(0))
  }
  async function rise(height: number, links: readonly Link[]): Promise<void> {
    const { node, link } = await hashNode(links)
    onNode({ cid: link.cid.text, bytes: node, children: links.map(({ cid }) => cid.text) })
    await push(height + 1, link)
  }
  async function pushOldest(): Promise<void> {
    const oldest = hashing.shift()
    if (oldest !== undefined) await push(0, await oldest)
  }
  async function flush(): Promise<void> {
    hashing.push(toLeaf(block.digest(), filled))
    filled = 0
    if (hashing.length >= hashesAtOnce) await pushOldest()
  }
  return {
    async add(slice) {
      for (let at = 0; at < slice.length; ) {
        const taken = slice.subarray(at, at + blockBytes - filled)
        at += taken.length
        bytes += taken.length
        block.update(taken)
        filled += taken.length
        if (filled === blockBytes) await flush()
      }
    },
    get bytes() {
      return bytes
    },
    async cid() {
      if (filled > 0 || bytes === 0) await flush()
      while (hashing.length > 0) await pushOldest()
      for (let height = 0; ; height++) {
        const { waiting = [], total = 0 } = levels[height] ?? {}
        const [only] = waiting
        if (total === 1 && only !== undefined) return only.cid.text
        if (waiting.length > 0) await rise(height, waiting.splice(0))
      }
    },
  }
}

/** The CID of a content, in slices of any length: see `createCidHasher`. */
export async function computeContentCid(content: AsyncIterable<Uint8Array>): Promise<string> {
  const hasher = createCidHasher()
  for await (const slice of content) await hasher.add(slice)
  return hasher.cid()
}

async function toLeaf(digest: Promise<Uint8Array>, bytes: number): Promise<Link> {
  return { cid: cidOfDigest('raw', await digest), contentBytes: bytes, totalBytes: bytes }
}

/** A UnixFS node over links, in the canonical form of DAG-PB: the links, then what they hold. */
async function hashNode(links: readonly Link[]): Promise<{ node: Uint8Array; link: Link }> {
  const contentBytes = links.reduce((sum, link) => sum + link.contentBytes, 0)
  const file = [8, 2, 24, ...varint(contentBytes), ...links.flatMap((link) => [32, ...varint(link.contentBytes)])]
  const encoded = links.flatMap(({ cid, totalBytes }) =>
    field(0x12, [...field(0x0a, cid.bytes), 0x12, 0, 0x18, ...varint(totalBytes)]),
  )
  const node = Uint8Array.from([...encoded, ...field(0x0a, file)])
  const cid = cidOfDigest('dagPb', await hashBlock(node))
  const totalBytes = links.reduce((sum, link) => sum + link.totalBytes, node.length)
  return { node, link: { cid, contentBytes, totalBytes } }
}

const field = (tag: number, bytes: ArrayLike<number> & Iterable<number>): number[] => [
  tag,
  ...varint(bytes.length),
  ...bytes,
]

const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))]
