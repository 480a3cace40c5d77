import { isAgoraiError, type Profile } from '@agorai/core'
import type { TarFile } from '../../content/folder/readTar.js'
import { type ContentFormat, detectFormat, headBytes } from '../detectFormat.js'
import { type ImageFacts, readImageFacts } from './imageFacts.js'
import { readSoundFacts, type SoundFacts } from './soundFacts.js'

/** Files whose inside is looked at; all are counted. */
const openedMax = 100_000
/** What is read of an image to find its size and EXIF, which may stand at its end, and of a recording to find its length. */
const insideBytesMax = 64 * 1024 * 1024

export type FileFacts = Pick<Profile, 'files' | 'images' | 'sound'> & {
  /** What the seller should know before publishing. */
  warnings: string[]
}

/** What the files of a content are, from their own bytes: kinds, sizes of images, lengths of recordings. One file at a time is in memory. */
export async function readFileFacts(files: AsyncIterable<TarFile>): Promise<FileFacts> {
  const total = { files: 0, bytes: 0, opened: 0 }
  const mediaTypes = new Map<string, number>()
  const images: ImageFacts[] = []
  const sounds: SoundFacts[] = []
  for await (const { path, bytes, content } of files) {
    total.files++
    total.bytes += bytes
    const reader = content[Symbol.asyncIterator]()
    const head = await takeUpTo(reader, total.opened < openedMax ? headBytes : 0)
    if (total.opened < openedMax) {
      total.opened++
      const { family, mediaType } = formatOf(path, head)
      mediaTypes.set(mediaType, (mediaTypes.get(mediaType) ?? 0) + 1)
      const wanted = family === 'image' || family === 'audio' ? insideBytesMax : 0
      const more = wanted > head.length ? Buffer.concat([head, await takeUpTo(reader, wanted - head.length)]) : head
      const sound = family === 'audio' ? await readSoundFacts(more, mediaType) : undefined
      if (family === 'image') images.push(await readImageFacts(more))
      if (sound !== undefined) sounds.push(sound)
    }
    while (!(await reader.next()).done);
  }
  const located = images.filter((image) => image.located).length
  return {
    files: { ...total, mediaTypes: toTally(mediaTypes) },
    ...toImages(images, located),
    ...(sounds.length === 0 ? {} : { sound: toSound(sounds) }),
    warnings:
      located === 0
        ? []
        : [
            `${located} of ${images.length} images say where they were taken. Take the place out, unless it is meant to be sold.`,
          ],
  }
}

/** What a file is. One that would be refused by itself is only counted: it was taken in as a part of something else. */
function formatOf(path: string, head: Uint8Array): Pick<ContentFormat, 'family' | 'mediaType'> {
  try {
    return detectFormat(path, head)
  } catch (error) {
    if (isAgoraiError(error, 'unsafe_format')) return { family: 'binary', mediaType: 'application/octet-stream' }
    throw error
  }
}

async function takeUpTo(reader: AsyncIterator<Uint8Array>, bytes: number): Promise<Uint8Array> {
  const slices: Uint8Array[] = []
  let taken = 0
  while (taken < bytes) {
    const next = await reader.next()
    if (next.done) break
    slices.push(next.value)
    taken += next.value.length
  }
  return Buffer.concat(slices)
}

const toTally = (counts: ReadonlyMap<string, number>) =>
  [...counts]
    .map(([value, files]) => ({ value: value.slice(0, 100), files }))
    .sort((a, b) => b.files - a.files || (a.value < b.value ? -1 : 1))
    .slice(0, 64)

function tally<item>(items: readonly item[], toValue: (item: item) => string) {
  const counts = new Map<string, number>()
  for (const item of items) counts.set(toValue(item), (counts.get(toValue(item)) ?? 0) + 1)
  return toTally(counts)
}

const rangeOf = (values: readonly number[]) => ({
  min: values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
  max: values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY),
})

/** The ranges are those of the images that tell their size; where none does, there is nothing to say. */
function toImages(images: readonly ImageFacts[], located: number): Pick<Profile, 'images'> {
  const sizes = images.flatMap(({ size }) => size ?? [])
  if (sizes.length === 0) return {}
  return {
    images: {
      images: images.length,
      width: rangeOf(sizes.map(({ width }) => width)),
      height: rangeOf(sizes.map(({ height }) => height)),
      exif: images.filter(({ exif }) => exif).length,
      located,
    },
  }
}

const toSound = (sounds: readonly SoundFacts[]): NonNullable<Profile['sound']> => ({
  recordings: sounds.length,
  seconds: short(sounds.reduce((sum, { seconds }) => sum + seconds, 0)),
  length: rangeOf(sounds.map(({ seconds }) => short(seconds))),
  hertz: tally(sounds, ({ hertz }) => String(hertz)),
  channels: tally(sounds, ({ channels }) => String(channels)),
  codecs: tally(sounds, ({ codec }) => codec),
})

const short = (figure: number): number => Number(figure.toPrecision(8))
