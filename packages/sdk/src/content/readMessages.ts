import { AgoraiError } from '@agorai/core'

/** A message of a server that sends events. Comments are none. */
export type ServerMessage = { event: string; data: string; id: string | undefined }

/** More than any message of ours. */
const messageCharactersMax = 4 * 2 ** 20

/**
 * Reads `text/event-stream` (HTML Living Standard, 9.2), as far as nodes write it: lines end in one character, and
 * messages in an empty line.
 *
 * @throws AgoraiError `payload_too_large`
 */
export async function* readMessages(stream: AsyncIterable<Uint8Array>): AsyncGenerator<ServerMessage> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const slice of stream) {
    text += decoder.decode(slice, { stream: true })
    const parts = text.split('\n\n')
    text = parts.pop() ?? ''
    if (text.length > messageCharactersMax)
      throw new AgoraiError('payload_too_large', 'The node sent a message without an end.')
    for (const part of parts) {
      const fields = new Map(part.split('\n').map((line) => toField(line)))
      const data = fields.get('data')
      if (data !== undefined) yield { event: fields.get('event') ?? 'message', data, id: fields.get('id') }
    }
  }
}

function toField(line: string): [string, string] {
  const at = line.indexOf(':')
  return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1).replace(/^ /, '')]
}
