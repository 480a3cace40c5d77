import { importFile } from 'ipfs-unixfs-importer'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { balanced } from 'ipfs-unixfs-importer/layout'

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
