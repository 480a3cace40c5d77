import { profileSchema } from '@agorai/core'
import { describe, expect, test } from 'vitest'
import { readFileFacts } from './fileFacts.js'

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

/** A JPEG's segments without its picture; with `place`, EXIF that says where it was taken. */
function jpeg(width: number, height: number, place?: 'here'): Buffer {
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
  // Header of 8 bytes, first directory of one entry, GPS directory of two, the values.
  const gps = Buffer.concat([uint16(2), entry(1, 2, 2, 0x4e000000), entry(2, 5, 3, 8 + 18 + 30), Buffer.alloc(4)])
  const tiff = Buffer.concat([
    Buffer.from('MM\0*\0\0\0\x08', 'latin1'),
    ...[uint16(1), entry(0x8825, 4, 1, 8 + 18), Buffer.alloc(4)],
    ...[gps, degrees],
  ])
  const exif = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff])
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
      images: { images: 3, width: { min: 640, max: 1024 }, height: { min: 480, max: 768 }, exif: 1, located: 1 },
      sound: {
        ...{ recordings: 2, seconds: 3, length: { min: 1, max: 2 } },
        hertz: [{ value: '8000', files: 2 }],
        channels: [
          { value: '1', files: 1 },
          { value: '2', files: 1 },
        ],
      },
    })
    expect(warnings).toEqual([expect.stringContaining('1 of 3 images say where they were taken')])
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
