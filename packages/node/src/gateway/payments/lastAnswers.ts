import type { Hex } from 'viem'
import { createGenerations } from '../calls/createGenerations.js'
import type { WholeAnswer } from './wholeAnswer.js'

type Kept = { signature: Hex; requestHash: Hex; answer: WholeAnswer; payment: string }

/** The last paid answer of each channel, to be given again to whoever lost it and asks with the same voucher. */
export type LastAnswers = {
  find(channel: Hex, signature: Hex): Kept | undefined
  keep(channel: Hex, kept: Kept): void
}

/** Half of the room: there are two generations. */
const bytesMax = 32 * 1024 * 1024
const answerBytesMax = 256 * 1024
/** What an answer takes besides its body. */
const overheadBytes = 1_024

export function createLastAnswers(): LastAnswers {
  // An answer that is too large leaves its place taken, so that the one before it is not given for it.
  const kept = createGenerations<Hex, Kept | 'too large'>(bytesMax, (each) =>
    each === 'too large' ? 0 : each.answer.body.length + overheadBytes,
  )
  return {
    find(channel, signature) {
      const found = kept.get(channel)
      return found !== 'too large' && found?.signature === signature ? found : undefined
    },
    keep: (channel, entry) => kept.set(channel, entry.answer.body.length > answerBytesMax ? 'too large' : entry),
  }
}
