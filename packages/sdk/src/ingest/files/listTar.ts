import { type LocalFile, readFilePart, streamFile } from './localFile.js'
import { refuseFolder } from './packFolder.js'
import { type Listing, listingOf } from './unpacking.js'

const blockBytes = 512
const extensionBytesMax = 64 * 1024
const windowBytes = 1_048_576

type Header = { path: string; bytes: number; type: string }

/** What extended headers say of the entry after them. */
type Extension = { path?: string; bytes?: number }

/**
 * The files of any tar archive: ustar, pax and GNU. Only files and folders are known; anything else is refused, and not
 * passed over, since whoever packed it meant something by it.
 *
 * @throws AgoraiError `archive_invalid`, `unsafe_name`
 */
export async function listTar(archive: LocalFile): Promise<Listing> {
  const listing = listingOf()
  const read = createWindow(archive)
  let extension: Extension = {}
  let at = 0
  while (at + blockBytes <= archive.bytes) {
    const block = await read(at, at + blockBytes)
    at += blockBytes
    if (block.every((byte) => byte === 0)) break
    const header = parseHeader(block)
    const bytes = extension.bytes ?? header.bytes
    if (!(bytes >= 0 && at + bytes <= archive.bytes)) throw refuseFolder('It is longer than the archive.', header.path)
    if (header.type === 'x' || header.type === 'L') {
      if (bytes > extensionBytesMax) throw refuseFolder('An extended header is too long.', header.path)
      const body = await read(at, at + bytes)
      extension = { ...extension, ...(header.type === 'L' ? { path: textOf(body) } : parsePax(body)) }
    } else if (header.type === 'g') {
      if (bytes > extensionBytesMax || Object.keys(parsePax(await read(at, at + bytes))).length > 0)
        throw refuseFolder('A header for all entries renames them.')
    } else {
      const path = (extension.path ?? header.path).replace(/^(\.\/)+/, '')
      const start = at
      if (['0', '\0', '7'].includes(header.type) && !path.endsWith('/'))
        listing.add(path, async () => ({
          path,
          bytes,
          read: (from, to) => readFilePart(archive, start + from, start + to),
          stream: () => streamFile(archive, start, start + bytes),
        }))
      else if (header.type !== '5' && !path.endsWith('/')) throw refuseFolder(kindOf(header.type), path)
      extension = {}
    }
    at += Math.ceil(bytes / blockBytes) * blockBytes
  }
  return listing
}

const kindOf = (type: string): string =>
  type === '1' || type === '2' || type === 'K'
    ? 'It is a link; pack the archive with the files themselves (tar --dereference --hard-dereference).'
    : 'It is a device, a pipe, or of a kind that is not read.'

/** Headers lie close together where files are short. */
function createWindow(archive: LocalFile): (start: number, end: number) => Promise<Uint8Array> {
  let from = 0
  let window: Uint8Array = new Uint8Array()
  return async (start, end) => {
    if (start < from || end > from + window.length) {
      from = start
      window = await readFilePart(archive, start, Math.min(archive.bytes, Math.max(end, start + windowBytes)))
    }
    return window.subarray(start - from, end - from)
  }
}

function parseHeader(block: Uint8Array): Header {
  const sum = block.reduce((total, byte, place) => total + (place >= 148 && place < 156 ? 0x20 : byte), 0)
  if (octalOf(block.subarray(148, 156)) !== sum) throw refuseFolder('The tar archive is damaged.')
  const name = textOf(block.subarray(0, 100))
  const isUstar = textOf(block.subarray(257, 263)) === 'ustar' && block[262] === 0
  const prefix = isUstar ? textOf(block.subarray(345, 500)) : ''
  const size = block.subarray(124, 136)
  return {
    path: prefix === '' ? name : `${prefix}/${name}`,
    bytes: (size[0] ?? 0) & 0x80 ? base256Of(size) : octalOf(size),
    type: String.fromCharCode(block[156] ?? 0),
  }
}

/** `<length> <key>=<value>\n`, one after the other. */
function parsePax(body: Uint8Array): Extension {
  const extension: Extension = {}
  for (let at = 0; at < body.length; ) {
    const space = body.indexOf(0x20, at)
    const length = Number(textOf(body.subarray(at, Math.max(at, space))))
    if (space === -1 || !(length > space - at + 1 && at + length <= body.length))
      throw refuseFolder('An extended header is damaged.')
    const [key = '', ...value] = textOf(body.subarray(space + 1, at + length - 1)).split('=')
    if (key.startsWith('GNU.sparse')) throw refuseFolder('It is sparse; pack the archive without --sparse.')
    if (key === 'path') extension.path = value.join('=')
    if (key === 'size') extension.bytes = Number(value.join('='))
    at += length
  }
  return extension
}

/** Up to the first NUL. */
function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      end === -1 ? bytes : bytes.subarray(0, end),
    )
  } catch {
    throw refuseFolder('A name is not UTF-8; pack the archive again with a current program.')
  }
}

function octalOf(bytes: Uint8Array): number {
  const text = String.fromCharCode(...bytes)
    .replace(/[\0 ]+$/, '')
    .trim()
  return /^[0-7]*$/.test(text) ? Number.parseInt(text || '0', 8) : Number.NaN
}

/** Lengths of eight gibibytes and more, as GNU writes them. */
function base256Of(bytes: Uint8Array): number {
  if (bytes[0] !== 0x80) return Number.NaN
  return bytes.subarray(1).reduce((total, byte) => total * 256 + byte, 0)
}
