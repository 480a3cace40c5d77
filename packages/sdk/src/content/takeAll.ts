import { AgoraiError, type ByteReader } from '@agorai/core'

/** @throws AgoraiError `rows_invalid` where the content ends before its time. */
export async function takeAll(reader: ByteReader, length: number): Promise<Uint8Array> {
  const bytes = await reader.take(length)
  if (bytes.length === length) return bytes
  throw new AgoraiError('rows_invalid', 'The content ends before its time.')
}
