import { expect, test } from 'vitest'
import { readEvents } from './readEvents.js'

async function read(...parts: string[]): Promise<unknown[]> {
  const bytes = new TextEncoder().encode(parts.join(''))
  async function* cut() {
    // A byte at a time, so that every event and every character is cut somewhere.
    for (const byte of bytes) yield Uint8Array.of(byte)
  }
  const events: unknown[] = []
  for await (const event of readEvents(cut())) events.push(event)
  return events
}

test('events are read wherever they are cut, and the end is the end', async () => {
  const said = [
    'data: {"a":"é"}\n\n',
    ': a comment\r\n',
    'data:{"b":2}\r\n\r\n',
    'data: [DONE]\n\n',
    'data: {"c":3}\n\n',
  ]
  expect(await read(...said)).toEqual([{ a: 'é' }, { b: 2 }])
})

test.each([
  ['node_unavailable', ['data: {"a":1}\n\n']],
  ['call_refused', ['data: {"error":{"message":"It failed."}}\n\n']],
  ['call_refused', ['data: {\n\n']],
])('%s', async (code, parts) => {
  await expect(read(...parts)).rejects.toMatchObject({ code })
})
