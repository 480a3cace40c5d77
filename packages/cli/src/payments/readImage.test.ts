import { deflateSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { readImage } from './readImage.js'

const [width, height] = [5, 6]
const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

function chunk(type: string, data: Uint8Array): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  return Buffer.concat([length, Buffer.from(type), data, Buffer.alloc(4)])
}

function toPng(colourType: number, lines: Uint8Array, depth = 8): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([depth, colourType], 8)
  return Buffer.concat([
    Buffer.from(signature),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(lines)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

/** Filters as the encoder applies them, by the definitions of the standard. */
function filtered(pixels: Uint8Array, channels: number): Uint8Array {
  const bytes = width * channels
  const at = (x: number, y: number): number => (x < 0 || y < 0 ? 0 : (pixels[y * bytes + x] ?? 0))
  const lines: number[] = []
  for (let y = 0; y < height; y++) {
    const filter = y % 5
    lines.push(filter)
    for (let x = 0; x < bytes; x++) {
      const [left, up, corner] = [at(x - channels, y), at(x, y - 1), at(x - channels, y - 1)]
      const near = [left, up, corner]
      const distances = near.map((value) => Math.abs(left + up - corner - value))
      const paeth = near[distances.indexOf(Math.min(...distances))] ?? 0
      lines.push((at(x, y) - ([0, left, up, Math.floor((left + up) / 2), paeth][filter] ?? 0)) & 0xff)
    }
  }
  return Uint8Array.from(lines)
}

const noise = (bytes: number): Uint8Array =>
  Uint8Array.from({ length: bytes }, (_, index) => (index * index * 37) & 0xff)

test.each([
  [0, 1, ([grey = 0]: number[]) => grey / 255],
  [2, 3, ([red = 0, green = 0, blue = 0]: number[]) => (0.299 * red + 0.587 * green + 0.114 * blue) / 255],
  [4, 2, ([grey = 0, alpha = 0]: number[]) => 1 - (alpha / 255) * (1 - grey / 255)],
] as const)('colour type %i is read under every filter', (colourType, channels, greyOf) => {
  const pixels = noise(width * height * channels)
  const { values } = readImage(toPng(colourType, filtered(pixels, channels)))
  const expected = Array.from({ length: width * height }, (_, index) =>
    greyOf([...pixels.subarray(index * channels, (index + 1) * channels)]),
  )
  expect(values).toHaveLength(expected.length)
  for (const [index, value] of expected.entries()) expect(values[index]).toBeCloseTo(value, 5)
})

test('what is transparent is white', () => {
  expect(readImage(toPng(6, filtered(new Uint8Array(width * height * 4), 4))).values[0]).toBe(1)
})

test.each([
  ['no PNG', Buffer.from('GIF89a')],
  ['a palette', toPng(3, filtered(noise(width * height), 1))],
  ['16 bits', toPng(0, filtered(noise(width * height), 1), 16)],
  ['too few pixels', toPng(0, new Uint8Array(3))],
  ['too many pixels', toPng(0, new Uint8Array(10_000))],
  ['damaged pixels', Buffer.from(toPng(0, noise(9)).map((byte, index) => (index > 45 && index < 50 ? 0 : byte)))],
])('%s is refused', (_, png) => {
  expect(() => readImage(png)).toThrowError(expect.objectContaining({ code: 'invalid_request', field: 'image' }))
})
