import { expect, test } from 'vitest'
import { readMessages, type ServerMessage } from './readMessages.js'

const text = [
  'retry: 1000\n\n',
  ':\n\n',
  'id: 1-2-ab\nevent: event\ndata: {"name":"é"}\n\n',
  'event: retraction\ndata: {"above":7}\n\n',
  'data: unfinished',
].join('')

async function* cut(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

test.each([1, 2, 3, 7, 1_000])('messages are whole however they arrive: %d bytes at a time', async (size) => {
  const messages: ServerMessage[] = []
  for await (const message of readMessages(cut(new TextEncoder().encode(text), size))) messages.push(message)
  expect(messages).toEqual([
    { event: 'event', data: '{"name":"é"}', id: '1-2-ab' },
    { event: 'retraction', data: '{"above":7}', id: undefined },
  ])
})

test('a message without an end is not waited for', async () => {
  async function* endless() {
    for (;;) yield new Uint8Array(1 << 20).fill(0x61)
  }
  await expect(readMessages(endless()).next()).rejects.toMatchObject({ code: 'payload_too_large' })
})
