import { AgoraiError } from '@agorai/core'

/** What may be fetched besides https from public addresses on the usual ports. */
export type GuardOptions = {
  /** Lets `http:` through. Default: only `https:`. */
  insecure?: boolean | undefined
  /** Default: 443, and 80 for `http:`. */
  ports?: readonly number[] | 'any' | undefined
}

const charactersMax = 4_096

/**
 * Reads a URL that somebody else may have chosen. Hosts are judged by the addresses they have, not here.
 *
 * @throws AgoraiError `unsafe_url`
 */
export function parseGuardedUrl(text: string, { insecure = false, ports = [443, 80] }: GuardOptions = {}): URL {
  if (text.length > charactersMax) throw unsafeUrl(`it has more than ${charactersMax} characters.`)
  let url: URL
  try {
    url = new URL(text)
  } catch (cause) {
    throw unsafeUrl('it cannot be read.', cause)
  }
  if (url.protocol !== 'https:' && !(insecure && url.protocol === 'http:'))
    throw unsafeUrl(
      url.protocol === 'http:'
        ? 'plain http is not protected from changes on the way.'
        : `${url.protocol} is not https:`,
    )
  if (url.username !== '' || url.password !== '') throw unsafeUrl('it names a user.')
  if (url.hostname === '') throw unsafeUrl('it names no host.')
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80))
  if (ports !== 'any' && !ports.includes(port)) throw unsafeUrl(`port ${port} is not allowed.`)
  return url
}

export const unsafeUrl = (reason: string, cause?: unknown): AgoraiError =>
  new AgoraiError('unsafe_url', `The URL is refused: ${reason}`, { field: 'url', cause })
