import { AgoraiError } from '@agorai/core'

/** A file of which parts can be read. */
export type Parts = { bytes: number; read(start: number, end: number): Promise<Uint8Array> }

/** Reads a file from front to back, without holding more of it than is asked for at once. */
export type PartReader = {
  readonly at: number
  /** The next bytes. */
  take(bytes: number): Promise<Uint8Array>
  /** Goes on after the next bytes. */
  skip(bytes: number): void
}

const windowBytes = 1024 * 1024

/**
 * Starts a reader of a part of a file.
 *
 * @throws AgoraiError `content_unreadable` when the part ends before what is asked for
 */
export function createPartReader(parts: Parts, from = 0, to = parts.bytes): PartReader {
  let at = from
  let window = new Uint8Array()
  let windowAt = from
  const assertInside = (bytes: number): void => {
    if (!Number.isSafeInteger(bytes) || bytes < 0 || at + bytes > to)
      throw refuseFile(`it ends at byte ${to}, inside of what begins at byte ${at}`)
  }
  return {
    get at() {
      return at
    },
    async take(bytes) {
      assertInside(bytes)
      if (at < windowAt || at + bytes > windowAt + window.length) {
        windowAt = at
        window = new Uint8Array(await parts.read(at, Math.min(to, at + Math.max(bytes, windowBytes))))
      }
      const taken = window.subarray(at - windowAt, at - windowAt + bytes)
      at += bytes
      return taken
    },
    skip(bytes) {
      assertInside(bytes)
      at += bytes
    },
  }
}

/** The error of a file that is not what its format asks for. */
export const refuseFile = (why: string, cause?: unknown): AgoraiError =>
  new AgoraiError('content_unreadable', `The file cannot be described: ${why}.`, { field: 'content', cause })

/** The first bytes as a view, to read numbers from. */
export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
