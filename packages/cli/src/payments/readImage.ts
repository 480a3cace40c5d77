import { inflateSync } from 'node:zlib'
import { AgoraiError } from '@agorai/core'

/** Brightness of an image, row by row from the top: 0 is black, 1 is white. */
export type Greys = { width: number; height: number; values: Float32Array }

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const sideMax = 4_096
/** Bytes a pixel, by the colour type of the header: grey, colours, grey with alpha, colours with alpha. */
const channelsOf: Record<number, number> = { 0: 1, 2: 3, 4: 2, 6: 4 }

/**
 * Reads a PNG of 8 bits a channel without interlacing, as drawing programs write them (ISO/IEC 15948). What is
 * transparent is white.
 *
 * @throws AgoraiError `invalid_request` for any other file.
 */
export function readImage(png: Buffer): Greys {
  if (!png.subarray(0, signature.length).equals(signature) || png.length < 33) throw unreadable('It is no PNG.')
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)]
  const channels = channelsOf[png[25] ?? -1]
  if (channels === undefined || png[24] !== 8 || png[28] !== 0)
    throw unreadable('Save it with 8 bits a channel, without a palette and without interlacing.')
  if (width === 0 || height === 0 || width > sideMax || height > sideMax)
    throw unreadable(`Its sides are 1 to ${sideMax} pixels.`)
  const rowBytes = width * channels
  const lines = inflate(png, (rowBytes + 1) * height)
  const values = new Float32Array(width * height)
  let above = new Uint8Array(rowBytes)
  for (let y = 0; y < height; y++) {
    const start = y * (rowBytes + 1)
    const row = unfilter(lines[start] ?? 0, lines.subarray(start + 1, start + 1 + rowBytes), { above, channels })
    for (let x = 0; x < width; x++) values[y * width + x] = greyOf(row.subarray(x * channels, (x + 1) * channels))
    above = row
  }
  return { width, height, values }
}

function inflate(png: Buffer, bytes: number): Uint8Array {
  const parts: Buffer[] = []
  for (let at = signature.length; at + 12 <= png.length; ) {
    const length = png.readUInt32BE(at)
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') parts.push(png.subarray(at + 8, at + 8 + length))
    at += 12 + length
  }
  try {
    const lines = inflateSync(Buffer.concat(parts), { maxOutputLength: bytes })
    if (lines.length === bytes) return lines
  } catch (cause) {
    throw unreadable('Its pixels are damaged.', cause)
  }
  throw unreadable('Its pixels are missing.')
}

type Neighbours = { above: Uint8Array; channels: number }

/** Undoes what the encoder subtracted: the left, the upper, their mean, or the nearest of three (Paeth). */
function unfilter(filter: number, line: Uint8Array, { above, channels }: Neighbours): Uint8Array<ArrayBuffer> {
  const row = new Uint8Array(line.length)
  for (let index = 0; index < line.length; index++) {
    const left = row[index - channels] ?? 0
    const up = above[index] ?? 0
    const corner = above[index - channels] ?? 0
    const predicted = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter] ?? 0
    row[index] = (line[index] ?? 0) + predicted
  }
  return row
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner
  const [toLeft, toUp, toCorner] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)]
  if (toLeft <= toUp && toLeft <= toCorner) return left
  return toUp <= toCorner ? up : corner
}

/** Luma of Rec. 601, over white. */
function greyOf(pixel: Uint8Array): number {
  const [first = 0, second = 0, third = 0, fourth = 255] = pixel
  const isGrey = pixel.length < 3
  const luma = isGrey ? first : 0.299 * first + 0.587 * second + 0.114 * third
  const alpha = pixel.length === 2 ? second : fourth
  return (luma * alpha + 255 * (255 - alpha)) / (255 * 255)
}

const unreadable = (message: string, cause?: unknown): AgoraiError =>
  new AgoraiError('invalid_request', message, { field: 'image', cause })
