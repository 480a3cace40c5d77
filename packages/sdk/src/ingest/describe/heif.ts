import { viewOf } from './partReader.js'

export type ImageSize = { width: number; height: number }

type Range = { start: number; end: number }
type Box = Range & { kind: string }

/**
 * What a HEIF file (HEIC, AVIF) says beside its picture: the size of its primary image, and the TIFF that its EXIF is. Boxes
 * are those of ISO/IEC 14496-12 and 23008-12.
 *
 * @throws RangeError where a box states more than the file has
 */
export function readHeif(bytes: Uint8Array): { size: ImageSize | undefined; exif: Uint8Array | undefined } {
  const view = viewOf(bytes)
  const meta = inside(find(view, { start: 0, end: bytes.length }, 'meta'))
  return { size: readPrimarySize(view, meta), exif: readExif(bytes, meta) }
}

/** A picture in tiles has a size for each tile, too: the one that belongs to the primary item counts. */
function readPrimarySize(view: DataView, meta: Range): ImageSize | undefined {
  const primary = find(view, meta, 'pitm')
  const properties = find(view, meta, 'iprp')
  const associations = find(view, properties, 'ipma')
  if (primary === undefined || associations === undefined) return undefined
  const id = readNumbers(view, primary.start + 4)(view.getUint8(primary.start) === 0 ? 2 : 4)
  const known = [...boxesOf(view, find(view, properties, 'ipco'))]
  const next = readNumbers(view, associations.start + 4)
  const idBytes = view.getUint8(associations.start) === 0 ? 2 : 4
  const isWide = (view.getUint8(associations.start + 3) & 1) === 1
  for (let items = next(4); items > 0; items--) {
    const item = next(idBytes)
    for (let left = next(1); left > 0; left--) {
      const property = known[(isWide ? next(2) & 0x7fff : next(1) & 0x7f) - 1]
      if (item !== id || property?.kind !== 'ispe') continue
      return { width: view.getUint32(property.start + 4), height: view.getUint32(property.start + 8) }
    }
  }
  return undefined
}

function readExif(bytes: Uint8Array, meta: Range): Uint8Array | undefined {
  const view = viewOf(bytes)
  const item = findExifItem(view, meta)
  const place = item === undefined ? undefined : locate(view, meta, item)
  if (place === undefined || place.end > bytes.length) return undefined
  // A number says how far behind it the TIFF begins.
  return bytes.subarray(place.start + 4 + view.getUint32(place.start), place.end)
}

function findExifItem(view: DataView, meta: Range): number | undefined {
  const items = find(view, meta, 'iinf')
  if (items === undefined) return undefined
  const counted = view.getUint8(items.start) === 0 ? 2 : 4
  for (const { kind, start } of boxesOf(view, { start: items.start + 4 + counted, end: items.end })) {
    const version = view.getUint8(start)
    if (kind !== 'infe' || version < 2) continue
    const idBytes = version === 2 ? 2 : 4
    if (textOf(view, start + 4 + idBytes + 2) === 'Exif') return readNumbers(view, start + 4)(idBytes)
  }
  return undefined
}

/** Where an item stands in the file, if it stands there in one piece. */
function locate(view: DataView, meta: Range, item: number): Range | undefined {
  const locations = find(view, meta, 'iloc')
  if (locations === undefined) return undefined
  const version = view.getUint8(locations.start)
  const next = readNumbers(view, locations.start + 4)
  const [sizes, more] = [next(1), next(1)]
  const [offsetBytes, lengthBytes, baseBytes, indexBytes] = [
    sizes >> 4,
    sizes & 15,
    more >> 4,
    version === 0 ? 0 : more & 15,
  ]
  if (offsetBytes + lengthBytes === 0) return undefined
  const idBytes = version < 2 ? 2 : 4
  for (let items = next(idBytes); items > 0; items--) {
    const id = next(idBytes)
    const method = version === 0 ? 0 : next(2) & 15
    const elsewhere = next(2)
    const base = next(baseBytes)
    const extents = next(2)
    for (let extent = 0; extent < extents; extent++) {
      next(indexBytes)
      const start = base + next(offsetBytes)
      const end = start + next(lengthBytes)
      if (id === item) return extents === 1 && method === 0 && elsewhere === 0 ? { start, end } : undefined
    }
  }
  return undefined
}

/** Whole numbers, one after another, of so many bytes each. */
function readNumbers(view: DataView, start: number): (bytes: number) => number {
  let at = start
  return (bytes) => {
    let value = 0
    for (const end = at + bytes; at < end; at++) value = value * 256 + view.getUint8(at)
    return value
  }
}

function* boxesOf(view: DataView, range: Range | undefined): Generator<Box> {
  const { start, end } = range ?? { start: 0, end: 0 }
  for (let at = start; at + 8 <= end; ) {
    const stated = view.getUint32(at)
    const head = stated === 1 ? 16 : 8
    const bytes = stated === 0 ? end - at : stated === 1 ? Number(view.getBigUint64(at + 8)) : stated
    if (bytes < head || at + bytes > end) return
    yield { kind: textOf(view, at + 4), start: at + head, end: at + bytes }
    at += bytes
  }
}

function find(view: DataView, range: Range | undefined, kind: string): Range | undefined {
  for (const box of boxesOf(view, range)) if (box.kind === kind) return box
  return undefined
}

/** What is in a box behind its version and flags. */
const inside = (box: Range | undefined): Range =>
  box === undefined ? { start: 0, end: 0 } : { start: box.start + 4, end: box.end }

const textOf = (view: DataView, at: number): string =>
  String.fromCharCode(...[0, 1, 2, 3].map((offset) => view.getUint8(at + offset)))
