import {
  type ByteReader,
  createByteReader,
  createRowEncoder,
  isAgoraiError,
  isRandomAccess,
  type RandomAccess,
} from '@agorai/core'
import {
  CompressionType,
  compressionRegistry,
  DataType,
  type Field,
  MessageHeader,
  RecordBatchReader,
  type Schema,
} from 'apache-arrow'
import { Footer } from 'apache-arrow/ipc/metadata/file'
import { type RecordBatch as BatchHeader, type DictionaryBatch, Message } from 'apache-arrow/ipc/metadata/message'
import { decompressZstd } from 'hyparquet-compressors'
import type { ReadRowsOptions } from '../readRowsOptions.js'
import { takeAll } from '../takeAll.js'
import { createArrowReader } from './arrowValues.js'
import { arrowFooter, arrowMessage, checkFlatbuffer } from './checkFlatbuffer.js'
import { encodeRecord, readRecord } from './encodeRecord.js'
import { rowsInvalid } from './jsonValues.js'
import { decompressLz4Frame } from './lz4.js'

const columnsMax = 4_096
const metadataBytesMax = 16 * 1024 * 1024
/** Most bytes of a batch, unfolded, and of all dictionaries together. */
const batchBytesMax = 512 * 1024 * 1024
const batchRowsMax = 2 ** 24
const continuation = 0xffff_ffff
const fileMagic = 'ARROW1'

/**
 * The records of an Arrow IPC file or stream, in order, batch by batch: memory holds one batch and the dictionaries.
 *
 * @param content A file is read from its end.
 * @throws AgoraiError `rows_invalid` with the row and the column where one is to blame
 */
export async function* readArrow(
  content: AsyncIterable<Uint8Array> | RandomAccess,
  options: ReadRowsOptions,
): AsyncGenerator<Uint8Array> {
  registerCodecs()
  const bytes = createByteReader(isRandomAccess(content) ? toStream(content) : content)
  try {
    const reader = await readable(RecordBatchReader.from(readMessages(bytes)).then((opened) => opened.open()))
    const { columns, encode, readers } = await readable(readSchema(reader.schema))
    let row = 0
    for (;;) {
      const { done, value: batch } = await readable(reader.next())
      if (done === true) break
      for (let at = 0; at < batch.numRows; at++, row++) {
        const record = readRecord(row, columns, (column) => {
          const data = batch.data.children[column]
          return data === undefined ? null : readers[column]?.(data, at)
        })
        options.onRecord?.(columns, record)
        yield encodeRecord(row, encode, record)
      }
    }
  } finally {
    await bytes.close()
  }
}

async function readSchema({ fields }: Schema) {
  const columns = fields.map(({ name }) => name)
  if (columns.length > columnsMax) throw rowsInvalid(`The file has more than ${columnsMax} columns.`)
  if (columns.some((name) => !name?.trim())) throw rowsInvalid('A column has no name.')
  return { columns, encode: createRowEncoder(columns), readers: fields.map((field) => createArrowReader(field)) }
}

/** What the library throws says what it could not read. */
async function readable<result>(reading: Promise<result>): Promise<result> {
  try {
    return await reading
  } catch (cause) {
    if (isAgoraiError(cause)) throw cause
    throw rowsInvalid(`The Arrow data cannot be read: ${cause instanceof Error ? cause.message : 'damaged.'}`, cause)
  }
}

/** A file as a stream: its schema, and the batches that its end names, in that order. A stream as it is. */
async function* toStream(content: RandomAccess): AsyncGenerator<Uint8Array> {
  const head = await content.read(0, Math.min(content.bytes, fileMagic.length))
  if (textOf(head) !== fileMagic) {
    yield* content.stream()
    return
  }
  const damaged = () => rowsInvalid('This is no Arrow file, or a part of one.')
  if (content.bytes < 18) throw damaged()
  const tail = await content.read(content.bytes - 10, content.bytes)
  const footerBytes = new DataView(tail.buffer, tail.byteOffset).getInt32(0, true)
  if (textOf(tail.subarray(4)) !== fileMagic || !(footerBytes > 0 && footerBytes <= metadataBytesMax)) throw damaged()
  if (footerBytes > content.bytes - 18) throw damaged()
  const { schema, blocks } = await readable(
    readFooter(await content.read(content.bytes - 10 - footerBytes, content.bytes - 10)),
  )
  yield schema
  for (const { start, bytes } of blocks) {
    if (!(start >= 8 && bytes >= 0 && bytes <= metadataBytesMax + batchBytesMax && start + bytes <= content.bytes))
      throw damaged()
    yield content.read(start, start + bytes)
  }
}

async function readFooter(bytes: Uint8Array) {
  checkFlatbuffer(bytes, arrowFooter)
  const footer = Footer.decode(bytes)
  const message = Message.encode(Message.from(footer.schema))
  const schema = new Uint8Array(8 + Math.ceil(message.length / 8) * 8)
  new DataView(schema.buffer).setUint32(0, continuation, true)
  new DataView(schema.buffer).setInt32(4, schema.length - 8, true)
  schema.set(message, 8)
  const blocks = [...footer.dictionaryBatches(), ...footer.recordBatches()].map((block) => ({
    start: Number(block.offset),
    bytes: Number(block.metaDataLength) + Number(block.bodyLength),
  }))
  return { schema, blocks }
}

const textOf = (bytes: Uint8Array): string => String.fromCharCode(...bytes)

/** The messages of a stream, each whole and checked: what one states of itself decides how much memory it takes. */
async function* readMessages(reader: ByteReader): AsyncGenerator<Uint8Array> {
  let begin = await reader.take(8)
  if (textOf(begin.subarray(0, fileMagic.length)) === fileMagic)
    throw rowsInvalid('An Arrow file is read from its end, not as a stream.')
  let dictionaryBytes = 0
  let nodeCounts: number[] = []
  for (let index = 0; ; index++) {
    // A stream may simply end, when its sender had nothing more.
    if (begin.length === 0 && index > 0) return
    if (begin.length < 8) throw rowsInvalid('This is no Arrow IPC data, or a part of it.')
    const prefix = new DataView(begin.buffer, begin.byteOffset, 8)
    if (prefix.getUint32(0, true) !== continuation)
      throw rowsInvalid('This is no Arrow IPC data of version 0.15 or later.')
    const length = prefix.getInt32(4, true)
    if (length === 0) {
      yield begin
      return
    }
    if (length < 0 || length > metadataBytesMax) throw rowsInvalid('An Arrow message is damaged.')
    const metadata = await takeAll(reader, length)
    const message = decodeMessage(metadata)
    if (message.isSchema() !== (index === 0)) throw rowsInvalid('Arrow data begins with its schema, and has one.')
    if (index === 0) nodeCounts = (message.header() as unknown as Schema).fields.map(countNodes)
    const bodyBytes = checkMessage(message, nodeCounts)
    if (message.headerType === MessageHeader.DictionaryBatch) dictionaryBytes += bodyBytes
    if (dictionaryBytes > batchBytesMax) throw tooLarge('The dictionaries')
    const body = await takeAll(reader, message.bodyLength)
    checkUnfolding(message, body)
    yield begin
    yield metadata
    if (body.length > 0) yield body
    begin = await reader.take(8)
  }
}

const tooLarge = (what: string) =>
  rowsInvalid(`${what} have more than ${batchBytesMax} bytes; write smaller record batches.`)

function decodeMessage(metadata: Uint8Array): Message {
  checkFlatbuffer(metadata, arrowMessage)
  try {
    return Message.decode(metadata)
  } catch (cause) {
    throw rowsInvalid('An Arrow message is damaged.', cause)
  }
}

function batchOf(message: Message): BatchHeader | undefined {
  if (message.headerType === MessageHeader.RecordBatch) return message.header() as unknown as BatchHeader
  if (message.headerType === MessageHeader.DictionaryBatch) return (message.header() as unknown as DictionaryBatch).data
  return undefined
}

/** A column has a node, and one for each that is nested in it; entries of a dictionary lie elsewhere. */
const countNodes = ({ type }: Field): number =>
  DataType.isDictionary(type)
    ? 1
    : (type.children ?? []).reduce((sum: number, child: Field) => sum + countNodes(child), 1)

/** Length of the body. */
function checkMessage(message: Message, nodeCounts: readonly number[]): number {
  const batch = batchOf(message)
  const { bodyLength } = message
  if (!(bodyLength >= 0 && bodyLength <= batchBytesMax)) throw tooLarge('The buffers of a batch')
  if (batch !== undefined && !(batch.length >= 0 && batch.length <= batchRowsMax))
    throw rowsInvalid(`A batch has ${batch.length} rows and at most ${batchRowsMax} are read.`)
  if (batch !== undefined && message.headerType === MessageHeader.RecordBatch) {
    // The library fills a column that is too short with nulls.
    let node = 0
    for (const count of nodeCounts) {
      if (batch.nodes[node]?.length !== batch.length) throw rowsInvalid('The columns of a batch are not equally long.')
      node += count
    }
  }
  for (const { offset, length } of batch?.buffers ?? [])
    if (!(offset >= 0 && length >= 0 && offset + length <= bodyLength))
      throw rowsInvalid('A buffer lies outside of its batch.')
  return bodyLength
}

/** Compressed buffers begin with the length that they unfold to; -1 is as it is. */
function checkUnfolding(message: Message, body: Uint8Array): void {
  const batch = batchOf(message)
  if (batch?.compression == null) return
  let bytes = 0
  for (const { offset, length } of batch.buffers) {
    if (length === 0) continue
    if (length < 8) throw rowsInvalid('A compressed buffer is damaged.')
    const stated = unfoldedLength(body, offset)
    if (stated < -1) throw rowsInvalid('A compressed buffer is damaged.')
    bytes += stated === -1 ? length : stated
  }
  if (bytes > batchBytesMax) throw tooLarge('The buffers of a batch')
}

const unfoldedLength = (bytes: Uint8Array, at: number): number =>
  Number(new DataView(bytes.buffer, bytes.byteOffset + at, 8).getBigInt64(0, true))

/** The library hands over a buffer without the length before it, which still stands there. */
function registerCodecs(): void {
  const lengthBefore = (bytes: Uint8Array): number =>
    Number(new DataView(bytes.buffer, bytes.byteOffset - 8, 8).getBigInt64(0, true))
  compressionRegistry.set(CompressionType.LZ4_FRAME, {
    decode: (bytes) => decompressLz4Frame(bytes, lengthBefore(bytes)),
  })
  compressionRegistry.set(CompressionType.ZSTD, {
    decode(bytes) {
      const length = lengthBefore(bytes)
      const unfolded = decompressZstd(bytes, new Uint8Array(length))
      if (unfolded.length !== length) throw rowsInvalid('A buffer unfolds to another length than it states.')
      return unfolded
    },
  })
}
