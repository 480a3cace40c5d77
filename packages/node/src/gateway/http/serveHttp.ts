import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { AgoraiError, type ErrorCode } from '@agorai/core'
import { getRequestListener } from '@hono/node-server'
import type { ServeLight } from './serveLight.js'

export type ServeHttpOptions = {
  host: string
  /** 0 lets the system choose. */
  port: number
  /** @param client The address that asks. */
  fetch(request: Request, client: string): Response | Promise<Response>
  /** Whether the last `x-forwarded-for` is the word of a proxy of the operator's own. Default: nobody's word counts. */
  behindProxy?: boolean
  /** How long a connection may be silent while nothing is at work for it. Default 30,000. */
  idleTimeoutMs?: number
  /** Is asked first. Default: `fetch` answers everything. */
  serveLight?: ServeLight
  /** Answers what cannot even be made a request, such as a URL that is none. */
  refuse(error: AgoraiError): Response
}

export type HttpServer = {
  port: number
  /**
   * Takes no more connections, and ends once what is under way is answered.
   *
   * @param drainMs After this long what is still under way is cut off. Default 5,000.
   */
  stop(drainMs?: number): Promise<void>
}

const headersTimeoutMs = 10_000
const idleTimeoutMsDefault = 30_000
const keepAliveTimeoutMs = 5_000
const connectionsCheckingInterval = 1_000
const drainMsDefault = 5_000
const idleLookMs = 50
const connectionsMax = 1_024

/** @throws AgoraiError `port_in_use`, `config_invalid` for a host that is not this machine's. */
export async function serveHttp(options: ServeHttpOptions): Promise<HttpServer> {
  const { host, port, fetch, refuse, serveLight } = options
  const badRequest = (cause: unknown) =>
    refuse(new AgoraiError('invalid_request', 'The request line or the Host header is not valid.', { cause }))
  // Opening a large content takes longer than a silent connection may last; such a request is not silent, it is at work.
  const working = new WeakSet<Socket>()
  const clientOf = (forwarded: string | null | undefined, socket: Socket): string => {
    const named = options.behindProxy === true ? forwarded?.split(',').at(-1)?.trim() : ''
    return named || (socket.remoteAddress ?? '')
  }
  const work = async (request: Request, { incoming }: { incoming: { socket: unknown } }) => {
    const socket = incoming.socket as Socket
    working.add(socket)
    try {
      return await fetch(request, clientOf(request.headers.get('x-forwarded-for'), socket))
    } finally {
      working.delete(socket)
    }
  }
  const serveAny = getRequestListener(work, { overrideGlobalObjects: false, errorHandler: badRequest })
  const listener = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    const { socket } = incoming
    const forwarded = incoming.headers['x-forwarded-for']
    const answered = serveLight?.(incoming, outgoing, clientOf([forwarded].flat().join(', '), socket))
    if (answered === undefined) {
      void serveAny(incoming, outgoing)
      return
    }
    working.add(socket)
    const done = () => working.delete(socket)
    // What fails here is a connection that is gone.
    answered.then(done, () => {
      done()
      outgoing.destroy()
    })
  }
  const server = createServer(
    { headersTimeout: headersTimeoutMs, keepAliveTimeout: keepAliveTimeoutMs, connectionsCheckingInterval },
    listener,
  )
  // Uploads may take long: each body has a deadline of its own.
  server.requestTimeout = 0
  server.timeout = options.idleTimeoutMs ?? idleTimeoutMsDefault
  server.on('timeout', (socket: Socket) => {
    if (!working.has(socket)) socket.destroy()
  })
  server.maxConnections = connectionsMax
  server.on('clientError', (error, socket) => void answerRaw(error, socket as Socket, refuse))
  server.on('request', (incoming, outgoing) => {
    // While it stops, each answer is the last of its connection.
    if (!server.listening) outgoing.shouldKeepAlive = false
    const isBodiless = incoming.method === 'GET' || incoming.method === 'HEAD'
    // Nobody reads the body of a GET: what is still to come of it must not hold the connection once it is answered.
    if (isBodiless) outgoing.once('finish', () => incoming.complete || incoming.socket.destroySoon())
  })
  await listen(server, host, port)
  // Too many open files make one connection fail, not the node.
  server.on('error', () => {})
  return {
    port: (server.address() as AddressInfo).port,
    async stop(drainMs = drainMsDefault) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      // A connection that was at work when the others were closed is idle once it is answered.
      const idle = setInterval(() => server.closeIdleConnections(), idleLookMs)
      const timer = setTimeout(() => server.closeAllConnections(), drainMs)
      await closed
      clearInterval(idle)
      clearTimeout(timer)
    },
  }
}

/**
 * Fails early, before anything slow is started, when the port will not be free.
 *
 * @throws AgoraiError `port_in_use`, `config_invalid`
 */
export async function assertPortFree(host: string, port: number): Promise<void> {
  const server = createServer()
  await listen(server, host, port)
  await new Promise<void>((resolve) => server.close(() => resolve()))
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const code = systemCodeOf(cause)
      if (code === 'EADDRINUSE')
        reject(new AgoraiError('port_in_use', `Port ${port} of ${host} is taken.`, { cause, details: { port } }))
      else reject(new AgoraiError('config_invalid', `${host}:${port} cannot be listened on (${code}).`, { cause }))
    })
    server.listen({ host, port }, () => {
      server.removeAllListeners('error')
      resolve()
    })
  })
}

/** What the HTTP parser refuses never becomes a request; the answer is written by hand and the connection closed. */
async function answerRaw(error: Error, socket: Socket, refuse: ServeHttpOptions['refuse']): Promise<void> {
  const code = systemCodeOf(error)
  if (code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const response = refuse(rawError(code, error))
  const head = [`HTTP/1.1 ${response.status} Refused`]
  response.headers.set('connection', 'close')
  const body = await response.text()
  response.headers.set('content-length', String(Buffer.byteLength(body)))
  response.headers.forEach((value, name) => {
    head.push(`${name}: ${value}`)
  })
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

function rawError(code: string | undefined, cause: Error): AgoraiError {
  if (code !== 'HPE_HEADER_OVERFLOW')
    return new AgoraiError('invalid_request', 'This is not a valid HTTP request.', { cause })
  const packet = 'rawPacket' in cause && Buffer.isBuffer(cause.rawPacket) ? cause.rawPacket : Buffer.alloc(0)
  const kind: ErrorCode = packet.subarray(0, 16_384).includes('\r\n') ? 'headers_too_large' : 'uri_too_long'
  return new AgoraiError(kind, 'The request line and the headers together have at most 16 KiB.', { cause })
}

const systemCodeOf = (error: Error): string | undefined =>
  'code' in error && typeof error.code === 'string' ? error.code : undefined
