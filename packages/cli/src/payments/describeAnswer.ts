import type { ServingApi } from '@agorai/core'
import { plainLines } from '../output/format.js'

type Choice = { text?: unknown; message?: { content?: unknown }; delta?: { content?: unknown } }
type Answer = {
  choices?: Choice[]
  data?: { embedding?: unknown[] }[]
  outputs?: { name?: string; shape?: number[]; data?: unknown[] }[]
}

const valuesShown = 8

/** An answer as people read it: the text, the beginning of a vector, or the likeliest class. */
export function describeAnswer(api: ServingApi, result: unknown): string[] {
  const { data = [], outputs = [] } = (result ?? {}) as Answer
  if (api === 'embeddings') return data.map(({ embedding = [] }) => describeValues('vector', embedding))
  if (api === 'infer') return outputs.map(({ name = '', data: values = [] }) => describeValues(name, values))
  return [textOf(result)]
}

/** The text of a whole answer, or of one event of a stream. */
export function textOf(result: unknown): string {
  const [choice] = ((result ?? {}) as Answer).choices ?? []
  const text = choice?.text ?? choice?.message?.content ?? choice?.delta?.content
  return typeof text === 'string' ? plainLines(text) : ''
}

function describeValues(name: string, values: readonly unknown[]): string {
  const numbers = values.map(Number)
  const shown = numbers.slice(0, valuesShown).map((value) => String(Math.round(value * 1e4) / 1e4))
  const rest = numbers.length > valuesShown ? `, … (${numbers.length} numbers)` : ''
  const highest = numbers.indexOf(Math.max(...numbers))
  return `${name}: ${shown.join(', ')}${rest}; the highest is number ${highest}`
}
