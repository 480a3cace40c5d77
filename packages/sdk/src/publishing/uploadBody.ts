/** A stream as the body of a request. Browsers do not send streams over HTTP/1.1, so there it is gathered first. */
export async function toUploadBody(content: AsyncIterable<Uint8Array>): Promise<BodyInit> {
  if (!isBrowser()) return toReadableStream(content)
  const parts: BlobPart[] = []
  for await (const slice of content) parts.push(new Uint8Array(slice))
  return new Blob(parts)
}

export const isBrowser = (): boolean => 'document' in globalThis

function toReadableStream(content: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const slices = content[Symbol.asyncIterator]()
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await slices.next()
      if (done === true) controller.close()
      else controller.enqueue(value)
    },
    async cancel() {
      await slices.return?.()
    },
  })
}
