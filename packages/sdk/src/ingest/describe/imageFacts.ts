import { type ImageSize, readHeif } from './heif.js'
import { viewOf } from './partReader.js'

export type ImageFacts = {
  /** Absent where it cannot be told. */
  size?: ImageSize
  exif: boolean
  /** Whether its EXIF says where it was taken. The place itself is never read out. */
  located: boolean
}

/** `exif` is a file in which exifr finds EXIF, which may be the image itself. */
type Inside = { size: ImageSize | undefined; exif: Uint8Array | undefined }

/** What the bytes of an image say of it. What is damaged in it counts as absent: it is no reason to refuse the image. */
export async function readImageFacts(bytes: Uint8Array): Promise<ImageFacts> {
  const inside = lookInside(bytes)
  const blocks = inside.exif === undefined ? {} : await readBlocks(inside.exif)
  const isTiff = beginsWith(bytes, 0, 'II*\0') || beginsWith(bytes, 0, 'MM\0*')
  const size = isTiff ? toSize(blocks.ifd0) : inside.size
  // Every TIFF has a first directory, so there only the others are EXIF.
  const names = Object.keys(blocks).filter((name) => name === 'exif' || name === 'gps' || (name === 'ifd0' && !isTiff))
  return { ...(size && { size }), exif: names.length > 0, located: names.includes('gps') }
}

type Blocks = Partial<Record<'ifd0' | 'exif' | 'gps', Record<string, unknown>>>

async function readBlocks(file: Uint8Array): Promise<Blocks> {
  const { default: exifr } = await import('exifr')
  const blocks = { tiff: true, exif: true, gps: true, xmp: false, icc: false, iptc: false, jfif: false, ihdr: false }
  const found: unknown = await exifr.parse(Buffer.from(file), { ...blocks, mergeOutput: false }).catch(() => undefined)
  return typeof found === 'object' && found !== null ? found : {}
}

const toSize = ({ ImageWidth: width, ImageHeight: height }: Record<string, unknown> = {}): ImageSize | undefined =>
  typeof width === 'number' && typeof height === 'number' ? { width, height } : undefined

const beginsWith = (bytes: Uint8Array, offset: number, text: string): boolean =>
  [...text].every((character, index) => bytes[offset + index] === character.charCodeAt(0))

function lookInside(bytes: Uint8Array): Inside {
  try {
    return readInside(bytes)
  } catch (error) {
    if (error instanceof RangeError) return { size: undefined, exif: undefined }
    throw error
  }
}

function readInside(bytes: Uint8Array): Inside {
  const view = viewOf(bytes)
  if (beginsWith(bytes, 4, 'ftyp')) return readHeif(bytes)
  if (beginsWith(bytes, 0, 'RIFF')) return { size: readWebpSize(bytes, view), exif: findWebpExif(bytes, view) }
  if (beginsWith(bytes, 0, 'GIF8'))
    return { size: { width: view.getUint16(6, true), height: view.getUint16(8, true) }, exif: undefined }
  if (beginsWith(bytes, 0, '\x89PNG'))
    return { size: { width: view.getUint32(16), height: view.getUint32(20) }, exif: bytes }
  return { size: readJpegSize(view), exif: bytes }
}

function readWebpSize(bytes: Uint8Array, view: DataView): ImageSize | undefined {
  const uint24 = (offset: number) => view.getUint16(offset, true) + (view.getUint8(offset + 2) << 16)
  if (beginsWith(bytes, 12, 'VP8X')) return { width: uint24(24) + 1, height: uint24(27) + 1 }
  if (beginsWith(bytes, 12, 'VP8L')) {
    const bits = view.getUint32(21, true)
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 }
  }
  return beginsWith(bytes, 12, 'VP8 ')
    ? { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff }
    : undefined
}

/** Chunks follow one another, each padded to an even length. Some writers put JPEG's six bytes before the TIFF. */
function findWebpExif(bytes: Uint8Array, view: DataView): Uint8Array | undefined {
  for (let at = 12; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at + 4, true)
    if (beginsWith(bytes, at, 'EXIF'))
      return bytes.subarray(at + 8 + (beginsWith(bytes, at + 8, 'Exif\0\0') ? 6 : 0), at + 8 + length)
    at += 8 + length + (length % 2)
  }
  return undefined
}

/** Segments follow one another; those that start a frame hold the size. */
function readJpegSize(view: DataView): ImageSize | undefined {
  for (let at = 2; at + 9 < view.byteLength; ) {
    if (view.getUint8(at) !== 0xff) return undefined
    const marker = view.getUint8(at + 1)
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)
    if (isFrame) return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) }
    at += 2 + view.getUint16(at + 2)
  }
  return undefined
}
