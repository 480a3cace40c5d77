import { createHash } from 'node:crypto'
import { AgoraiError } from '@agorai/core'
import { computeContentCid } from '@agorai/sdk'
import type { Hex } from 'viem'

/**
 * Reads a content to its end and compares it with what was stated. What exceeds the stated length is not read.
 *
 * @throws AgoraiError `length_mismatch`, `digest_mismatch`
 */
export async function assertContent(cid: string, bytes: number, content: AsyncIterable<Uint8Array>): Promise<void> {
  let read = 0
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const slice of content) {
      read += slice.length
      if (read > bytes) throw wrongLength(bytes, `more than ${bytes}`)
      yield slice
    }
    if (read !== bytes) throw wrongLength(bytes, String(read))
  }
  const actual = await computeContentCid(counted())
  if (actual !== cid) throw new AgoraiError('digest_mismatch', `The content has the CID ${actual}.`)
}

const wrongLength = (stated: number, actual: string): AgoraiError =>
  new AgoraiError('length_mismatch', `${stated} bytes were stated, ${actual} arrived.`, { details: { stated } })

/** @throws AgoraiError `digest_mismatch` */
export function assertDigest(digest: Hex, bytes: Uint8Array): void {
  const actual = `0x${createHash('sha256').update(bytes).digest('hex')}`
  if (actual !== digest) throw new AgoraiError('digest_mismatch', `The manifest has the digest ${actual}.`)
}
