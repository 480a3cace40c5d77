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

/**
 * The latest answers of this gateway, as many as fit: what was pushed out is still in the receipts. Old ones go a generation
 * at a time, as one by one would cost more than the calls.
 */
export function createKeptAnswers(): KeptAnswers {
  let young = new Map<string, LastAnswer>()
  let old = new Map<string, LastAnswer>()
  let bytes = 0
  return {
    get: (session, counter) => young.get(`${session}.${counter}`) ?? old.get(`${session}.${counter}`),
    keep(session, counter, answer) {
      if (answer.body.length > bodyBytesMax) return
      young.set(`${session}.${counter}`, answer)
      bytes += answer.body.length + overheadBytes
      if (bytes <= bytesMax) return
      old = young
      young = new Map()
      bytes = 0
    },
  }
}
