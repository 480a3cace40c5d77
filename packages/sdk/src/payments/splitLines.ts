import { AgoraiError } from '@agorai/core'

const lineCharactersMax = 4 * 1024 * 1024

/** The lines of a text as they become whole, without their ends. */
export async function* splitLines(content: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const slice of content) {
    const lines = (rest + decoder.decode(slice, { stream: true })).split(/\r?\n/)
    rest = lines.pop() ?? ''
    if (rest.length > lineCharactersMax)
      throw new AgoraiError('payload_too_large', `A line of the stream is longer than ${lineCharactersMax} characters.`)
    yield* lines
  }
  if (rest !== '') yield rest
}
