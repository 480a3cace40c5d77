import { viewOf } from './partReader.js'

export type ImageFacts = {
  width: number
  height: number
  exif: boolean
  /** Whether its EXIF says where it was taken. The place itself is never read out. */
  located: boolean
}

/** What the bytes of an image say of it; undefined where its size cannot be told. */
export async function readImageFacts(bytes: Uint8Array): Promise<ImageFacts | undefined> {
  const size = readSize(bytes)
  if (size === undefined) return undefined
  const { default: exifr } = await import('exifr')
  const options = { tiff: true, exif: true, gps: true, xmp: false, icc: false, iptc: false, jfif: false, ihdr: false }
  // A damaged block is no reason to refuse the image: it then counts as none.
  const found: unknown = await exifr.parse(Buffer.from(bytes), options).catch(() => undefined)
  const tags = typeof found === 'object' && found !== null ? Object.keys(found) : []
  return { ...size, exif: tags.length > 0, located: tags.some((tag) => tag.startsWith('GPS') || tag === 'latitude') }
}

type Size = { width: number; height: number }

/** Width and height of a PNG, GIF, WebP or JPEG. */
function readSize(bytes: Uint8Array): Size | undefined {
  const view = viewOf(bytes)
  const begins = (offset: number, text: string) =>
    [...text].every((character, index) => bytes[offset + index] === character.charCodeAt(0))
  if (begins(0, '\x89PNG') && bytes.length >= 24) return { width: view.getUint32(16), height: view.getUint32(20) }
  if (begins(0, 'GIF8') && bytes.length >= 10)
    return { width: view.getUint16(6, true), height: view.getUint16(8, true) }
  if (begins(0, 'RIFF') && begins(8, 'WEBP') && bytes.length >= 30) return readWebpSize(view, begins)
  return begins(0, '\xff\xd8') ? readJpegSize(view) : undefined
}

function readWebpSize(view: DataView, begins: (offset: number, text: string) => boolean): Size | undefined {
  const uint24 = (offset: number) => view.getUint16(offset, true) + (view.getUint8(offset + 2) << 16)
  if (begins(12, 'VP8X')) return { width: uint24(24) + 1, height: uint24(27) + 1 }
  if (begins(12, 'VP8L')) {
    const bits = view.getUint32(21, true)
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 }
  }
  return begins(12, 'VP8 ')
    ? { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff }
    : undefined
}

/** Segments follow one another; those that start a frame hold the size. */
function readJpegSize(view: DataView): Size | undefined {
  for (let at = 2; at + 9 < view.byteLength; ) {
    if (view.getUint8(at) !== 0xff) return undefined
    const marker = view.getUint8(at + 1)
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)
    if (isFrame) return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) }
    at += 2 + view.getUint16(at + 2)
  }
  return undefined
}
