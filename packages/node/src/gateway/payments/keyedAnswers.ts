import type { Hex } from 'viem'
import type { WholeAnswer } from './wholeAnswer.js'

/** Paid answers by the idempotency keys of their channels, for whoever lost one and has made other calls since. */
export type KeyedAnswers = {
  find(channel: Hex, key: string, requestHash: Hex): WholeAnswer | undefined
  keep(channel: Hex, key: string, kept: { requestHash: Hex; answer: WholeAnswer }): void
}

const bytesMaxDefault = 32 * 1024 * 1024
/** Larger answers are given once. */
export const answerBytesMax = 256 * 1024
/** What an answer takes besides its body. */
const overheadBytes = 1_024
export const keyCharactersMax = 255

export function createKeyedAnswers(bytesMax = bytesMaxDefault): KeyedAnswers {
  const kept = new Map<string, { requestHash: Hex; answer: WholeAnswer }>()
  let bytes = 0
  const sizeOf = ({ body }: WholeAnswer): number => body.length + overheadBytes
  function drop(name: string): void {
    const found = kept.get(name)
    if (found !== undefined && kept.delete(name)) bytes -= sizeOf(found.answer)
  }
  return {
    find(channel, key, requestHash) {
      const found = kept.get(`${channel}/${key}`)
      return found?.requestHash === requestHash ? found.answer : undefined
    },
    keep(channel, key, entry) {
      if (key.length > keyCharactersMax || entry.answer.body.length > answerBytesMax) return
      const name = `${channel}/${key}`
      drop(name)
      kept.set(name, entry)
      bytes += sizeOf(entry.answer)
      for (const oldest of kept.keys()) {
        if (bytes <= bytesMax) break
        drop(oldest)
      }
    },
  }
}
