import { hash } from 'node:crypto'
import { AgoraiError, type BoundToken, parseBearerToken, parseBoundToken } from '@agorai/core'
import type { CallRequest } from '../http/lightRequest.js'
import type { Memory } from '../memory.js'
import type { Live } from './pools.js'
import { createLive } from './pools.js'
import { isMac, isSecret, type SessionSecrets } from './sessionKeys.js'

/** A request that a session's token came with. */
export type Authenticated = {
  live: Live
  /** The token that is good for this request only; undefined for a bearer. */
  bound: BoundToken | undefined
  /** sha-256 of the body in base64url. */
  requestHash: string
}

/** The sessions that this gateway has been asked for. */
export type LiveSessions = {
  /** @throws AgoraiError `session_refused` */
  authenticate(request: CallRequest, body: Uint8Array): Authenticated | Promise<Authenticated>
  find(session: string): Live | undefined
  all(): IterableIterator<Live>
  forget(session: string): void
}

/** Whether a request names a session, soundly or not. */
export const hasSessionToken = ({ headers }: CallRequest): boolean =>
  headers.has('agorai-session') || headers.get('authorization')?.startsWith('Bearer ags_') === true

export type LiveSessionsOptions = {
  memory: Pick<Memory, 'sessions' | 'catchUp'>
  secretsOf(session: string): SessionSecrets
}

export function createLiveSessions({ memory, secretsOf }: LiveSessionsOptions): LiveSessions {
  const lives = new Map<string, Live>()

  function find(session: string): Live | undefined {
    const known = lives.get(session)
    if (known !== undefined) return known
    const state = memory.sessions.get(session)
    if (state === undefined) return undefined
    const live = createLive(state, secretsOf(session))
    lives.set(session, live)
    return live
  }

  function check(live: Live | undefined, request: CallRequest, body: Uint8Array, token: Token): Authenticated {
    if (live === undefined) throw refused('This operator knows no such session.')
    const requestHash = hash('sha256', body, 'base64url')
    if (token.bound === undefined) {
      if (!isSecret(live.secrets, token.secret)) throw refused('The secret is another one.')
      return { live, bound: undefined, requestHash }
    }
    const { counter, mac } = token.bound
    const input = { counter, method: request.method, target: targetOf(request.url), bodyHash: requestHash }
    if (!isMac(live.secrets, input, mac)) throw refused('The token is bound to another request.')
    return { live, bound: token.bound, requestHash }
  }

  return {
    authenticate(request, body) {
      const token = readToken(request)
      const { session } = token
      const live = find(session)
      if (live !== undefined) return check(live, request, body, token)
      // Another gateway may have opened it a moment ago.
      return memory.catchUp().then(() => check(find(session), request, body, token))
    },
    find,
    all: () => lives.values(),
    forget: (session) => void lives.delete(session),
  }
}

type Token = { session: string } & ({ bound: BoundToken } | { bound: undefined; secret: string })

function readToken({ headers }: CallRequest): Token {
  const boundHeader = headers.get('agorai-session')
  if (boundHeader !== null) {
    const bound = parseBoundToken(boundHeader)
    if (bound === undefined) throw refused('agorai-session: must be <id>.<counter>.<mac>.')
    return { bound, session: bound.session }
  }
  const bearer = parseBearerToken(headers.get('authorization') ?? '')
  if (bearer === undefined) throw refused('There is no token of a session.')
  return { bound: undefined, ...bearer }
}

/** Path and query of a URL, as they were sent. */
function targetOf(url: string): string {
  const host = url.indexOf('//') + 2
  const path = url.indexOf('/', host)
  return path < 0 ? '/' : url.slice(path)
}

const refused = (message: string): AgoraiError => new AgoraiError('session_refused', message)
