import { crc32 } from 'node:zlib'

/**
 * The journal's file: 8 bytes that name the format, then records, each
 *
 *     length u32 · crc32 u32 · synced u64 · payload      (big endian)
 *
 * The checksum covers `synced` and the payload. `synced` is the length of the file that was known to be on the disk when
 * the record was written: it names the group that was synced at once, and can never exceed the record's own place.
 */
export const journalMagic = Buffer.from('AGORAIJ1')
export const headerBytes = 16
export const payloadBytesMax = 1024 * 1024

export function encodeRecord(payload: Uint8Array, synced: number): Uint8Array {
  const record = Buffer.alloc(headerBytes + payload.length)
  record.writeUInt32BE(payload.length, 0)
  record.writeBigUInt64BE(BigInt(synced), 8)
  record.set(payload, headerBytes)
  record.writeUInt32BE(crc32(record.subarray(8)), 4)
  return record
}

export type DecodedRecord = { payload: Uint8Array; synced: number; bytes: number }

/** The record that starts at `offset`; undefined when there is no whole and sound one. */
export function decodeRecord(buffer: Buffer, offset: number): DecodedRecord | undefined {
  const length = recordLength(buffer, offset)
  if (length === undefined || offset + headerBytes + length > buffer.length) return undefined
  const end = offset + headerBytes + length
  if (crc32(buffer.subarray(offset + 8, end)) !== buffer.readUInt32BE(offset + 4)) return undefined
  return {
    payload: buffer.subarray(offset + headerBytes, end),
    synced: Number(buffer.readBigUInt64BE(offset + 8)),
    bytes: headerBytes + length,
  }
}

/** The payload length that a header states; undefined when it cannot be one. */
export function recordLength(buffer: Buffer, offset: number): number | undefined {
  if (offset + headerBytes > buffer.length) return undefined
  const length = buffer.readUInt32BE(offset)
  return length > 0 && length <= payloadBytesMax ? length : undefined
}
