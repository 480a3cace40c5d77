import { formatBoundToken, macInputOf } from '@agorai/core'

const macBytes = 16

/** Makes a token that is good for one request of a session: it binds method, path with query, and body. */
export async function boundToken(
  { session, macKey }: { session: string; macKey: string },
  request: { counter: number; method: string; target: string; body: Uint8Array<ArrayBuffer> },
): Promise<string> {
  const { counter, method, target, body } = request
  const bodyHash = await bodyDigest(body)
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('raw', fromBase64url(macKey), algorithm, false, ['sign'])
  const input = new TextEncoder().encode(macInputOf({ counter, method, target, bodyHash }))
  const mac = new Uint8Array(await crypto.subtle.sign('HMAC', key, input)).subarray(0, macBytes)
  return formatBoundToken({ session, counter, mac: toBase64url(mac) })
}

/** sha-256 of a body, in base64url, as receipts state it. */
export const bodyDigest = async (body: Uint8Array<ArrayBuffer>): Promise<string> =>
  toBase64url(new Uint8Array(await crypto.subtle.digest('SHA-256', body)))

const toBase64url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')

const fromBase64url = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0))
