import { profileSchema } from '@agorai/core'
import { describe, expect, test } from 'vitest'
import { readFileFacts } from './fileFacts.js'
import { readImageFacts } from './imageFacts.js'
import { placedAvif, placedHeic, placedWebp } from './testImages.js'

const uint16 = (value: number) => Buffer.from([value >> 8, value & 255])

const png = (width: number, height: number): Buffer => {
  const bytes = Buffer.alloc(33)
  bytes.write('\x89PNG\r\n\x1a\n', 'latin1')
  bytes.writeUInt32BE(13, 8)
  bytes.write('IHDR', 12, 'latin1')
  bytes.writeUInt32BE(width, 16)
  bytes.writeUInt32BE(height, 20)
  return bytes
}

/** The directories of a TIFF, with `place` one that says where it was taken. */
function tiff(size: readonly [width: number, height: number] | undefined, place?: 'here'): Buffer {
  const entry = (tag: number, type: number, count: number, value: number) => {
    const bytes = Buffer.alloc(12)
    bytes.writeUInt16BE(tag, 0)
    bytes.writeUInt16BE(type, 2)
    bytes.writeUInt32BE(count, 4)
    bytes.writeUInt32BE(value, 8)
    return bytes
  }
  const degrees = Buffer.alloc(24)
  for (const [place, value] of [48, 1, 51, 1, 30, 1].entries()) degrees.writeUInt32BE(value, place * 4)
  // Header of 8 bytes, the first directory, the GPS directory of two entries, the values.
  const entries = (size === undefined ? 0 : 2) + (place === undefined ? 0 : 1)
  const gpsAt = 8 + 2 + 12 * entries + 4
  const gps = Buffer.concat([uint16(2), entry(1, 2, 2, 0x4e000000), entry(2, 5, 3, gpsAt + 30), Buffer.alloc(4)])
  return Buffer.concat([
    Buffer.from('MM\0*\0\0\0\x08', 'latin1'),
    uint16(entries),
    ...(size?.map((value, index) => entry(0x100 + index, 4, 1, value)) ?? []),
    ...(place === undefined ? [Buffer.alloc(4)] : [entry(0x8825, 4, 1, gpsAt), Buffer.alloc(4), gps, degrees]),
  ])
}

/** A JPEG's segments without its picture; with `place`, EXIF that says where it was taken. */
function jpeg(width: number, height: number, place?: 'here'): Buffer {
  const exif = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff(undefined, place)])
  const app1 = place === undefined ? [] : [Buffer.from([0xff, 0xe1]), uint16(exif.length + 2), exif]
  const frame = [
    Buffer.from([0xff, 0xc0]),
    uint16(17),
    Buffer.from([8]),
    uint16(height),
    uint16(width),
    Buffer.alloc(10),
  ]
  return Buffer.concat([Buffer.from([0xff, 0xd8]), ...app1, ...frame, Buffer.from([0xff, 0xd9])])
}

/** A second of silence a channel, a byte a sample. */
function wav(seconds: number, hertz: number, channels: number): Buffer {
  const data = seconds * hertz * channels
  const bytes = Buffer.alloc(44 + data)
  bytes.write('RIFF', 0, 'latin1')
  bytes.writeUInt32LE(36 + data, 4)
  bytes.write('WAVEfmt ', 8, 'latin1')
  bytes.writeUInt32LE(16, 16)
  bytes.writeUInt16LE(1, 20)
  bytes.writeUInt16LE(channels, 22)
  bytes.writeUInt32LE(hertz, 24)
  bytes.writeUInt32LE(hertz * channels, 28)
  bytes.writeUInt16LE(channels, 32)
  bytes.writeUInt16LE(8, 34)
  bytes.write('data', 36, 'latin1')
  bytes.writeUInt32LE(data, 40)
  return bytes
}

async function* folder(files: Record<string, Uint8Array>) {
  for (const [path, content] of Object.entries(files))
    yield {
      path,
      bytes: content.length,
      content: (async function* () {
        // In small pieces, as a stream may give them.
        for (let at = 0; at < content.length; at += 100) yield content.subarray(at, at + 100)
      })(),
    }
}

describe('the files of a folder', () => {
  test('are counted, images by size and EXIF, recordings by length', async () => {
    const { warnings, ...profile } = await readFileFacts(
      folder({
        'a.png': png(640, 480),
        'b.jpg': jpeg(800, 600),
        'c.jpeg': jpeg(1024, 768, 'here'),
        'd.wav': wav(2, 8000, 1),
        'e.wav': wav(1, 8000, 2),
        'notes.txt': Buffer.from('Hello.'),
        'broken.png': png(1, 1).subarray(0, 12),
      }),
    )
    expect(profileSchema.parse(profile)).toMatchObject({
      files: {
        ...{ files: 7, opened: 7 },
        mediaTypes: [
          { value: 'image/jpeg', files: 2 },
          { value: 'image/png', files: 2 },
          { value: 'audio/wav', files: 2 },
          { value: 'text/plain', files: 1 },
        ].sort((a, b) => b.files - a.files || (a.value < b.value ? -1 : 1)),
      },
      images: { images: 4, width: { min: 640, max: 1024 }, height: { min: 480, max: 768 }, exif: 1, located: 1 },
      sound: {
        ...{ recordings: 2, seconds: 3, length: { min: 1, max: 2 } },
        hertz: [{ value: '8000', files: 2 }],
        channels: [
          { value: '1', files: 1 },
          { value: '2', files: 1 },
        ],
      },
    })
    expect(warnings).toEqual([expect.stringContaining('1 of 4 images say where they were taken')])
    // That there is a place is said, never the place.
    expect(JSON.stringify(profile)).not.toMatch(/48\.|51|GPS|latitude/i)
  })

  test('may be none', async () => {
    expect(await readFileFacts(folder({}))).toEqual({
      files: { files: 0, bytes: 0, opened: 0, mediaTypes: [] },
      warnings: [],
    })
  })
})

describe('an image', () => {
  const size = { width: 48, height: 32 }

  test.each([
    ['TIFF', tiff([48, 32], 'here')],
    ['HEIC, in tiles', placedHeic],
    ['AVIF', placedAvif],
    ['WebP', placedWebp],
    ['JPEG', jpeg(48, 32, 'here')],
  ])('that says where it was taken: %s', async (_, bytes) => {
    expect(await readImageFacts(bytes)).toEqual({ size, exif: true, located: true })
  })

  test('that says so and nothing of its size is warned of all the same', async () => {
    const placed = tiff(undefined, 'here')
    expect(await readImageFacts(placed)).toEqual({ exif: true, located: true })
    const { images, warnings } = await readFileFacts(folder({ 'a.tif': placed }))
    expect(images).toBeUndefined()
    expect(warnings).toEqual([expect.stringContaining('1 of 1 images say where they were taken')])
  })

  test('in TIFF whose directories stand at its end, behind a large picture', async () => {
    const placed = tiff([48, 32])
    const at = 5 * 1024 * 1024
    // Offsets are of the file, so a directory that has no values of its own moves as it is.
    const large = Buffer.concat([placed.subarray(0, 8), Buffer.alloc(at - 8), placed.subarray(8)])
    large.writeUInt32BE(at, 4)
    const { images } = await readFileFacts(folder({ 'a.tif': large }))
    expect(images).toMatchObject({ images: 1, width: { min: 48, max: 48 }, exif: 0, located: 0 })
  })

  test('cut off or spoiled anywhere is none the less an image', async () => {
    for (const whole of [placedHeic, placedAvif, placedWebp, tiff([48, 32], 'here')])
      for (let at = 12; at < whole.length; at += 5) {
        const spoiled = Buffer.from(whole)
        spoiled[at] = 0xff
        for (const bytes of [whole.subarray(0, at), spoiled])
          expect(await readImageFacts(bytes)).toEqual(expect.objectContaining({ exif: expect.any(Boolean) }))
      }
  })
})
