import type { IncomingMessage, ServerResponse } from 'node:http'

/** What brings a call: of either, method, URL, headers, signal and, by `readBytes`, the body. */
export type CallRequest = Request | LightRequest
export type ReadHeaders = Pick<Headers, 'get' | 'has'>

/** A request as Node's parser gives it. The platform's own class costs more than most calls, even made from it lazily. */
export class LightRequest {
  readonly method: string
  readonly url: string
  readonly headers: ReadHeaders
  readonly incoming: IncomingMessage
  readonly #outgoing: ServerResponse
  #signal: AbortSignal | undefined

  constructor(incoming: IncomingMessage, outgoing: ServerResponse) {
    const { method = '', headers, url = '' } = incoming
    this.method = method
    this.url = `http://${headers.host}${url}`
    this.headers = new LightHeaders(headers)
    this.incoming = incoming
    this.#outgoing = outgoing
  }

  /** Given when the connection ends before the answer; made for those who ask for it, as it costs more than the rest. */
  get signal(): AbortSignal {
    this.#signal ??= signalOf(this.#outgoing)
    return this.#signal
  }
}

class LightHeaders implements ReadHeaders {
  readonly #headers: IncomingMessage['headers']
  constructor(headers: IncomingMessage['headers']) {
    this.#headers = headers
  }

  get(name: string): string | null {
    const value = this.#headers[name.toLowerCase()]
    return value === undefined ? null : typeof value === 'string' ? value : value.join(', ')
  }

  has(name: string): boolean {
    return this.#headers[name.toLowerCase()] !== undefined
  }
}

function signalOf(outgoing: ServerResponse): AbortSignal {
  const controller = new AbortController()
  const giveUp = () => {
    if (!outgoing.writableFinished) controller.abort()
  }
  if (outgoing.destroyed) giveUp()
  else outgoing.once('close', giveUp)
  return controller.signal
}
