import { importFile } from 'ipfs-unixfs-importer'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { balanced } from 'ipfs-unixfs-importer/layout'
import { readStream } from './readStream.js'

const blockBytes = 262_144
const linksMax = 174

/** Blocks are hashed, not kept: what the importer wants to store is dropped. */
const forgetfulStore = { put: async <cid>(cid: cid): Promise<cid> => cid }

/**
 * The CID of a content, the same that `ipfs add --cid-version=1` gives: UnixFS over raw leaves of 256 KiB, 174 links a
 * node, balanced. Memory does not grow with the content but for about 50 bytes a leaf.
 *
 * @param content In slices of any length.
 */
export async function computeContentCid(content: AsyncIterable<Uint8Array>): Promise<string> {
  const { cid } = await importFile({ content }, forgetfulStore, {
    cidVersion: 1,
    rawLeaves: true,
    chunker: fixedSize({ chunkSize: blockBytes }),
    layout: balanced({ maxChildrenPerNode: linksMax }),
    reduceSingleLeafToSelf: true,
  })
  return cid.toString()
}

/** Measures a content while it is read by someone else. */
export type CidMeter = {
  /** Yields the content unchanged. Call it once. */
  pass(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array>
  /** The CID and the length of what has passed; settles after `pass` has ended. */
  result(): Promise<{ cid: string; bytes: number }>
}

/** Starts a {@link CidMeter}: one read of a stream serves its CID and its reader. */
export function createCidMeter(): CidMeter {
  let bytes = 0
  const pipe = new TransformStream<Uint8Array, Uint8Array>()
  const writer = pipe.writable.getWriter()
  const cid = computeContentCid(readStream(pipe.readable))
  // Whoever abandons the content never asks for its CID, and that is no unhandled failure.
  cid.catch(() => undefined)
  return {
    async *pass(content) {
      let complete = false
      try {
        for await (const slice of content) {
          bytes += slice.length
          await writer.write(slice)
          yield slice
        }
        complete = true
        await writer.close()
      } finally {
        if (!complete) await writer.abort(new Error('The content was not read to its end.')).catch(() => undefined)
      }
    },
    result: async () => ({ cid: await cid, bytes }),
  }
}
