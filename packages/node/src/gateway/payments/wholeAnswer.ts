import type { CallAnswer } from '../calls/cashier.js'

export type WholeAnswer = Extract<CallAnswer, { kind: 'whole' }>

/** Waits for a stream to end: what it costs stands in the header, which comes before it. */
export function wholeAnswer(answer: CallAnswer): WholeAnswer | Promise<WholeAnswer> {
  return answer.kind === 'whole' ? answer : collect(answer)
}

async function collect(answer: Extract<CallAnswer, { kind: 'stream' }>): Promise<WholeAnswer> {
  const parts: Uint8Array[] = []
  for await (const part of answer.chunks) parts.push(part)
  const usage = await answer.usage
  return { kind: 'whole', status: 200, headers: answer.headers, body: Buffer.concat(parts), usage }
}
