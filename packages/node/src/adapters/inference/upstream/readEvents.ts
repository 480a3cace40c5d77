import { AgoraiError } from '@agorai/core'

const lineCharactersMax = 1024 * 1024

/** The data of each event of a `text/event-stream`. @throws AgoraiError `upstream_unavailable` for a line without end. */
export async function* readEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8')
  let text = ''
  for await (const part of body) {
    text += decoder.decode(part, { stream: true })
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      const line = text.slice(0, end).replace(/\r$/, '')
      text = text.slice(end + 1)
      if (line.startsWith('data:')) yield line.slice('data:'.length).trim()
    }
    if (text.length > lineCharactersMax) throw new AgoraiError('upstream_unavailable', 'It sends a line without end.')
  }
}
