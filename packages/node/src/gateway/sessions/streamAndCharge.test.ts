import { expect, test } from 'vitest'
import type { Usage } from '../../ports/inference.js'
import { streamAndCharge } from './streamAndCharge.js'

/** One piece, then nothing until it is given up, which the model answers by failing, as a server that is cut off does. */
function giveUpStream() {
  let fail: (error: unknown) => void = () => {}
  let settle: (usage: Usage) => void = () => {}
  const usage = new Promise<Usage>((resolve) => {
    settle = resolve
  })
  let sent = 0
  const chunks: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({
      next: () =>
        sent++ === 0
          ? Promise.resolve({ done: false, value: Buffer.from('a') })
          : new Promise((_, reject) => {
              fail = reject
            }),
      async return() {
        settle({ row: 1 })
        // The piece that is under way fails before the stream has ended.
        await new Promise((resolve) => setTimeout(resolve, 1))
        return { done: true, value: undefined }
      },
    }),
  }
  return { chunks, usage, fail: () => fail(new DOMException('This operation was aborted', 'AbortError')) }
}

test('a reader who goes away while the next piece is awaited is charged for what was used', async () => {
  const { chunks, usage, fail } = giveUpStream()
  const charged: Usage[] = []
  let givenUp = 0
  const { response } = streamAndCharge(
    { kind: 'stream', headers: {}, chunks, usage },
    {
      headers: {},
      abort: fail,
      charge: async (used) => void charged.push(used),
      giveUp: () => {
        givenUp += 1
      },
    },
  )
  const reader = response.body?.getReader()
  await reader?.read()
  // The next piece is asked for.
  await new Promise((resolve) => setTimeout(resolve, 1))
  await reader?.cancel()
  expect([charged, givenUp]).toEqual([[{ row: 1 }], 0])
})
