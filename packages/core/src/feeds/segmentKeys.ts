import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import type { Hex } from 'viem'
import { concatBytes, hexToBytes, numberToBytes } from 'viem/utils'
import type { PartitionSecrets } from '../content/partitions.js'

/**
 * The keys of a feed. Its operator keeps one master; each UTC day has keys of its own that follow from it, and a segment's
 * follow from those of its day. Whoever has a day's keys opens that day's segments and no others.
 *
 *     day key   = HKDF-SHA256(master key, info = "agorai/feed/day/v1" ‖ day as 8 bytes), likewise the day's seed
 *     salt seed = HKDF-SHA256(day's seed, info = "agorai/feed/salt/v1" ‖ sequence as 8 bytes)
 *     key       = HKDF-SHA256(day key, info = "agorai/feed/key/v1" ‖ sequence as 8 bytes ‖ root of the rows)
 *
 * The root stands in the key, so that two attempts at one segment with other rows never share a key, and a repeated one
 * has the same ciphertext.
 */
export function feedDayKeys(master: PartitionSecrets, day: number): PartitionSecrets {
  const info = concatBytes([label('agorai/feed/day/v1'), numberToBytes(day, { size: 8 })])
  return { contentKey: derive(master.contentKey, info), saltSeed: derive(master.saltSeed, info) }
}

export const segmentSaltSeed = (dayKeys: PartitionSecrets, sequence: number): Uint8Array =>
  derive(dayKeys.saltSeed, concatBytes([label('agorai/feed/salt/v1'), numberToBytes(sequence, { size: 8 })]))

/** @param root Salted root of the segment's rows. */
export function segmentSecrets(
  dayKeys: PartitionSecrets,
  { sequence, root }: { sequence: number; root: Hex },
): PartitionSecrets {
  const place = [label('agorai/feed/key/v1'), numberToBytes(sequence, { size: 8 }), hexToBytes(root, { size: 32 })]
  return {
    contentKey: derive(dayKeys.contentKey, concatBytes(place)),
    saltSeed: segmentSaltSeed(dayKeys, sequence),
  }
}

const secondsPerDay = 86_400

/** The UTC day, since 1970, of a unix second. */
export const utcDayOf = (unixSeconds: number): number => Math.floor(unixSeconds / secondsPerDay)

const label = (text: string): Uint8Array => new TextEncoder().encode(text)
const derive = (key: Uint8Array, info: Uint8Array): Uint8Array => hkdf(sha256, key, undefined, info, 32)
