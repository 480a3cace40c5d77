import { hash } from 'node:crypto'
import type { Hex } from 'viem'
import type { CallRequest } from '../http/lightRequest.js'

/** Nothing waits between writing and hashing, so all requests share it. */
const small = Buffer.alloc(16 * 1024)

/** What names a request: sha-256 of method, path with query, and body. */
export function requestHash({ method, url }: Pick<CallRequest, 'method' | 'url'>, body: Uint8Array): Hex {
  const target = url.slice(url.indexOf('/', url.indexOf('//') + 2))
  const head = `${method}\n${target}\n`
  // A head of some length may be beyond the room that is kept for small requests.
  if (head.length * 3 + body.length > small.length)
    return `0x${hash('sha256', Buffer.concat([Buffer.from(head), body]), 'hex')}`
  const headBytes = small.write(head)
  small.set(body, headBytes)
  return `0x${hash('sha256', small.subarray(0, headBytes + body.length), 'hex')}`
}
