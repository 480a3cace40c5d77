export type SoundFacts = { seconds: number; hertz: number; channels: number; codec: string }

/** What the bytes of a recording say of it; undefined where its length cannot be told. Titles and names are not read out. */
export async function readSoundFacts(bytes: Uint8Array, mediaType: string): Promise<SoundFacts | undefined> {
  const { parseBuffer } = await import('music-metadata')
  const options = { duration: true, skipCovers: true, skipPostHeaders: true }
  const found = await parseBuffer(bytes, { mimeType: mediaType, size: bytes.length }, options).catch(() => undefined)
  const { duration, sampleRate, numberOfChannels, codec, container } = found?.format ?? {}
  if (duration === undefined || !Number.isFinite(duration)) return undefined
  return {
    seconds: duration,
    hertz: sampleRate ?? 0,
    channels: numberOfChannels ?? 0,
    codec: codec ?? container ?? 'unknown',
  }
}
