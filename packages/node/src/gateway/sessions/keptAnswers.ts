import { createGenerations } from '../calls/createGenerations.js'

/** An answer to a call with a counter, for whoever sends the very same call again because the answer was lost. */
export type LastAnswer = { mac: string; status: number; headers: Record<string, string>; body: Uint8Array }

export type KeptAnswers = {
  get(session: string, counter: number): LastAnswer | undefined
  keep(session: string, counter: number, answer: LastAnswer): void
}

/** Half of the room: there are two generations. */
const bytesMax = 16 * 1024 * 1024
const bodyBytesMax = 64 * 1024
/** What an answer takes beside its body, about. */
const overheadBytes = 512

/** The latest answers of this gateway, as many as fit: what was pushed out is still in the receipts. */
export function createKeptAnswers(): KeptAnswers {
  const kept = createGenerations<string, LastAnswer>(bytesMax, ({ body }) => body.length + overheadBytes)
  return {
    get: (session, counter) => kept.get(`${session}.${counter}`),
    keep(session, counter, answer) {
      if (answer.body.length <= bodyBytesMax) kept.set(`${session}.${counter}`, answer)
    },
  }
}
