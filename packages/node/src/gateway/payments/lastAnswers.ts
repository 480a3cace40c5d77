import type { Hex } from 'viem'
import type { WholeAnswer } from './wholeAnswer.js'

/** The last paid answer of each channel, to be given again to whoever lost it and asks with the same voucher. */
export type LastAnswers = {
  find(channel: Hex, signature: Hex): { requestHash: Hex; answer: WholeAnswer; payment: string } | undefined
  keep(channel: Hex, kept: { signature: Hex; requestHash: Hex; answer: WholeAnswer; payment: string }): void
}

const bytesMax = 64 * 1024 * 1024
const answerBytesMax = 256 * 1024
/** What an answer takes besides its body. */
const overheadBytes = 1_024

export function createLastAnswers(): LastAnswers {
  const kept = new Map<Hex, { signature: Hex; requestHash: Hex; answer: WholeAnswer; payment: string }>()
  let bytes = 0
  const sizeOf = (answer: WholeAnswer): number => answer.body.length + overheadBytes
  function drop(channel: Hex): void {
    const found = kept.get(channel)
    if (found === undefined) return
    bytes -= sizeOf(found.answer)
    kept.delete(channel)
  }
  return {
    find(channel, signature) {
      const found = kept.get(channel)
      return found?.signature === signature ? found : undefined
    },
    keep(channel, entry) {
      drop(channel)
      if (entry.answer.body.length > answerBytesMax) return
      kept.set(channel, entry)
      bytes += sizeOf(entry.answer)
      // The channel that was used longest ago goes first.
      for (const oldest of kept.keys()) {
        if (bytes <= bytesMax) break
        drop(oldest)
      }
    },
  }
}
