import type { Hex } from 'viem'
import type { WholeAnswer } from './wholeAnswer.js'

/** The last paid answer of each channel, to be given again to whoever lost it and asks with the same voucher. */
export type LastAnswers = {
  find(channel: Hex, signature: Hex): { requestHash: Hex; answer: WholeAnswer; payment: string } | undefined
  keep(channel: Hex, kept: { signature: Hex; requestHash: Hex; answer: WholeAnswer; payment: string }): void
}

/** Half of the room: there are two generations. */
const bytesMax = 32 * 1024 * 1024
const answerBytesMax = 256 * 1024
/** What an answer takes besides its body. */
const overheadBytes = 1_024

/**
 * Old ones go a generation at a time. An answer takes the place of its channel's last one in the map, which is never
 * deleted from: maps that are, at every call, are copied all the time, and each copy keeps what it holds from being
 * collected young.
 */
export function createLastAnswers(): LastAnswers {
  type Kept = { signature: Hex; requestHash: Hex; answer: WholeAnswer; payment: string }
  let young = new Map<Hex, Kept | undefined>()
  let old = new Map<Hex, Kept | undefined>()
  let bytes = 0
  const sizeOf = (kept: Kept | undefined): number => (kept === undefined ? 0 : kept.answer.body.length + overheadBytes)
  return {
    find(channel, signature) {
      const found = young.has(channel) ? young.get(channel) : old.get(channel)
      return found?.signature === signature ? found : undefined
    },
    keep(channel, entry) {
      // What is too large to be kept hides the answer before it all the same.
      const kept = entry.answer.body.length > answerBytesMax ? undefined : entry
      bytes += sizeOf(kept) - sizeOf(young.get(channel))
      young.set(channel, kept)
      if (bytes <= bytesMax) return
      old = young
      young = new Map()
      bytes = 0
    },
  }
}
