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

/** The records of payloads that are synced at once, one after the other. */
export function encodeRecords(payloads: readonly string[], synced: number): Uint8Array {
  const lengths = payloads.map((payload) => Buffer.byteLength(payload))
  const records = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + headerBytes + length, 0))
  const place = BigInt(synced)
  let at = 0
  for (const payload of payloads) {
    const length = records.write(payload, at + headerBytes)
    const end = at + headerBytes + length
    records.writeUInt32BE(length, at)
    records.writeBigUInt64BE(place, at + 8)
    records.writeUInt32BE(crc32(records.subarray(at + 8, end)), at + 4)
    at = end
  }
  return records
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
