import { AgoraiError, type History } from '@agorai/core'
import type { Address } from 'viem'
import { readHistory } from './readHistory.js'

/**
 * Takes a history from the chain again, through any node, and compares it with a content, byte by byte.
 *
 * @throws AgoraiError `integrity_failed` with the byte where they differ, and what `readHistory` throws
 */
export async function checkHistory(
  stated: History,
  content: AsyncIterable<Uint8Array>,
  options: { rpcUrl: string; confirmations?: number | undefined },
): Promise<void> {
  const rows = readHistory({
    ...options,
    chain: stated.chain,
    contracts: stated.contracts as Address[],
    events: stated.events,
    fromBlock: BigInt(stated.fromBlock),
    toBlock: BigInt(stated.toBlock),
  })
  let expected: Uint8Array = new Uint8Array()
  let byte = 0
  for await (const slice of content)
    for (let at = 0; at < slice.length; ) {
      if (expected.length === 0) {
        const next = await rows.next()
        if (next.done) throw differs(byte)
        expected = next.value
      }
      const length = Math.min(expected.length, slice.length - at)
      if (Buffer.compare(expected.subarray(0, length), slice.subarray(at, at + length)) !== 0) throw differs(byte)
      expected = expected.subarray(length)
      at += length
      byte += length
    }
  const end = await rows.next()
  if (expected.length > 0 || end.done !== true) throw differs(byte)
  const { firstHash, lastHash, headersDigest } = end.value
  if (firstHash === stated.firstHash && lastHash === stated.lastHash && headersDigest === stated.headersDigest) return
  throw new AgoraiError('integrity_failed', 'The blocks of the range have other hashes than the manifest states.', {
    field: 'provenance.history',
  })
}

const differs = (byte: number): AgoraiError =>
  new AgoraiError('integrity_failed', `The content differs from the chain within the row at byte ${byte}.`, {
    details: { byte },
  })
