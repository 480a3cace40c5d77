import { AgoraiError, isAgoraiError } from '@agorai/core'

/** Bytes of an answer at most: several times what a step of an index aims at. */
const answerBytesMax = 64 * 1024 * 1024
const requestTimeoutMs = 20_000

/**
 * Asks an endpoint for logs and gives its answer as it came: reading it is most of the work of an index, and is done
 * there without making an object of each log.
 *
 * @throws AgoraiError `chain_unavailable` when it does not answer, or with more than is taken.
 */
export function createRawLogReader(rpcUrl: string): (filter: object) => Promise<Buffer> {
  const { url, headers } = withoutCredentials(rpcUrl)
  return async (filter) => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_getLogs', params: [filter] })
    try {
      const signal = AbortSignal.timeout(requestTimeoutMs)
      const response = await fetch(url, { method: 'POST', headers, body, signal })
      if (response.ok && response.body !== null) return await readWhole(response.body)
      await response.body?.cancel()
      throw unavailable(`The chain answered with status ${response.status} when it was asked for logs.`)
    } catch (cause) {
      throw isAgoraiError(cause) ? cause : unavailable('The chain did not say which logs there are.', cause)
    }
  }
}

const unavailable = (message: string, cause?: unknown) => new AgoraiError('chain_unavailable', message, { cause })

async function readWhole(body: ReadableStream<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of body) {
    length += part.length
    if (length > answerBytesMax) throw unavailable(`The chain answered with more than ${answerBytesMax} bytes of logs.`)
    parts.push(part)
  }
  return Buffer.concat(parts, length)
}

/** A name and a password in the URL go as a header: `fetch` takes no URL with them. */
function withoutCredentials(rpcUrl: string): { url: string; headers: Record<string, string> } {
  const url = new URL(rpcUrl)
  const headers = { 'content-type': 'application/json' }
  if (url.username === '') return { url: url.href, headers }
  const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  url.username = ''
  url.password = ''
  return {
    url: url.href,
    headers: { ...headers, authorization: `Basic ${Buffer.from(credentials).toString('base64')}` },
  }
}
