import { hash } from 'node:crypto'
import type { Hex } from 'viem'
import type { CallRequest } from '../http/lightRequest.js'

/** What names a request: sha-256 of method, path with query, and body. */
export function requestHash({ method, url }: Pick<CallRequest, 'method' | 'url'>, body: Uint8Array): Hex {
  const target = url.slice(url.indexOf('/', url.indexOf('//') + 2))
  return `0x${hash('sha256', Buffer.concat([Buffer.from(`${method}\n${target}\n`), body]), 'hex')}`
}
