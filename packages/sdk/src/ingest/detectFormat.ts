import { AgoraiError, type RowFormat } from '@agorai/core'
import { isPickle } from './pickle.js'

export type ContentFormat = {
  rowFormat: RowFormat
  mediaType: string
  family: 'table' | 'image' | 'audio' | 'text' | 'onnx' | 'safetensors' | 'gguf' | 'archive' | 'binary'
}

/** Bytes of a file that say what it is. */
export const headBytes = 65_536

const table = (rowFormat: RowFormat, mediaType: string): ContentFormat => ({ rowFormat, mediaType, family: 'table' })
const other = (family: ContentFormat['family'], mediaType: string): ContentFormat => ({
  rowFormat: 'binary',
  mediaType,
  family,
})

export const arrowFileType = 'application/vnd.apache.arrow.file'
export const arrowStreamType = 'application/vnd.apache.arrow.stream'

/** What the ending of a name says. */
const byEnding: Record<string, ContentFormat> = {
  csv: table('csv', 'text/csv'),
  tsv: table('tsv', 'text/tab-separated-values'),
  tab: table('tsv', 'text/tab-separated-values'),
  jsonl: table('jsonl', 'application/jsonl'),
  ndjson: table('jsonl', 'application/jsonl'),
  txt: other('text', 'text/plain'),
  md: other('text', 'text/markdown'),
  json: other('text', 'application/json'),
  xml: other('text', 'application/xml'),
  html: other('text', 'text/html'),
  svg: other('image', 'image/svg+xml'),
  mp3: other('audio', 'audio/mpeg'),
  aac: other('audio', 'audio/aac'),
  onnx: other('onnx', 'application/octet-stream'),
  safetensors: other('safetensors', 'application/octet-stream'),
}

const at = (offset: number, text: string) => (head: Uint8Array) =>
  [...text].every((character, index) => head[offset + index] === character.charCodeAt(0))
const all =
  (...tests: ((head: Uint8Array) => boolean)[]) =>
  (head: Uint8Array) =>
    tests.every((test) => test(head))

/** What the first bytes say, whatever the name. */
const byContent: [(head: Uint8Array) => boolean, ContentFormat][] = [
  [at(0, 'PAR1'), table('parquet', 'application/vnd.apache.parquet')],
  [at(0, 'ARROW1\0\0'), table('arrow', arrowFileType)],
  [isArrowStream, table('arrow', arrowStreamType)],
  [at(0, 'GGUF'), other('gguf', 'application/octet-stream')],
  [isSafetensors, other('safetensors', 'application/octet-stream')],
  [at(0, '\x89PNG\r\n\x1a\n'), other('image', 'image/png')],
  [at(0, '\xff\xd8\xff'), other('image', 'image/jpeg')],
  [at(0, 'GIF8'), other('image', 'image/gif')],
  [all(at(0, 'RIFF'), at(8, 'WEBP')), other('image', 'image/webp')],
  [at(0, 'II*\0'), other('image', 'image/tiff')],
  [at(0, 'MM\0*'), other('image', 'image/tiff')],
  [at(4, 'ftypavif'), other('image', 'image/avif')],
  [at(4, 'ftypheic'), other('image', 'image/heic')],
  [all(at(0, 'RIFF'), at(8, 'WAVE')), other('audio', 'audio/wav')],
  [at(0, 'ID3'), other('audio', 'audio/mpeg')],
  [at(0, 'fLaC'), other('audio', 'audio/flac')],
  [at(0, 'OggS'), other('audio', 'audio/ogg')],
  [at(4, 'ftypM4A'), other('audio', 'audio/mp4')],
  [at(0, 'PK\x03\x04'), other('archive', 'application/zip')],
  [at(0, 'PK\x05\x06'), other('archive', 'application/zip')],
  [at(0, '\x1f\x8b\x08'), other('archive', 'application/gzip')],
  [at(257, 'ustar'), other('archive', 'application/x-tar')],
  [isCar, other('archive', 'application/vnd.ipld.car')],
  [at(0, '#!'), other('text', 'text/x-script')],
]

function isArrowStream(head: Uint8Array): boolean {
  if (head.length < 16) return false
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength)
  // A continuation marker, then the length of a schema message, which is a multiple of 8.
  const bytes = view.getInt32(4, true)
  return view.getUint32(0, true) === 0xffff_ffff && bytes > 0 && bytes % 8 === 0 && bytes < 16 * 1024 * 1024
}

/** A CAR file of version 1, whose header names few roots or some, or the beginning that all of version 2 have. */
export function isCar(head: Uint8Array): boolean {
  return [at(1, '\xa2eroots'), at(2, '\xa2eroots'), at(0, '\x0a\xa1gversion\x02')].some((test) => test(head))
}

function isSafetensors(head: Uint8Array): boolean {
  if (head.length < 10) return false
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength)
  return view.getUint32(4, true) === 0 && head[8] === 0x7b && (head[9] === 0x22 || head[9] === 0x7d)
}

const safer = 'Publish weights as safetensors or ONNX, and tables as CSV, Parquet or Arrow.'

/** Endings of files that run when they are opened or loaded. */
const unsafeEndings: Record<string, string> = {
  ...fromList('pkl pickle dill joblib pt pth ckpt mar', `runs Python code when it is loaded. ${safer}`),
  ...fromList('keras h5 hdf5', `may hold Python code (Keras layers). ${safer}`),
  ...fromList('exe dll so dylib msi scr com bat cmd ps1 vbs jar class lnk apk', 'is a program.'),
}

function fromList(endings: string, reason: string): Record<string, string> {
  return Object.fromEntries(endings.split(' ').map((ending) => [ending, reason]))
}

const machO = ['\xfe\xed\xfa\xce', '\xfe\xed\xfa\xcf', '\xce\xfa\xed\xfe', '\xcf\xfa\xed\xfe', '\xca\xfe\xba\xbe']

/** Contents that run when they are opened or loaded, whatever their name. */
const unsafeContents: [(head: Uint8Array) => boolean, string][] = [
  [isPickle, `is a Python pickle, which runs code when it is loaded. ${safer}`],
  [isTorchArchive, `is a PyTorch archive, which runs code when it is loaded. ${safer}`],
  [at(0, '\x89HDF\r\n\x1a\n'), `is an HDF5 file, which may hold Python code (Keras layers). ${safer}`],
  [hasPythonObjects, `is a NumPy array of Python objects, which are pickled. ${safer}`],
  [at(0, '\x7fELF'), 'is a program for Linux.'],
  [isWindowsProgram, 'is a program for Windows.'],
  [(head) => machO.some((magic) => at(0, magic)(head)), 'is a program for macOS or Java.'],
]

function isWindowsProgram(head: Uint8Array): boolean {
  if (!at(0, 'MZ')(head) || head.length < 64) return false
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength)
  const header = view.getUint32(60, true)
  // DOS programs have no second header; what merely begins with these two letters has hardly a zero among its first bytes.
  return at(header, 'PE\0\0')(head) || head.subarray(2, 32).includes(0)
}

/** A zip whose first names are those of `torch.save`. */
function isTorchArchive(head: Uint8Array): boolean {
  return at(0, 'PK\x03\x04')(head) && String.fromCharCode(...head.subarray(0, 4_096)).includes('/data.pkl')
}

function hasPythonObjects(head: Uint8Array): boolean {
  if (!at(0, '\x93NUMPY')(head)) return false
  const description = /'descr':\s*(.*?)'fortran_order'/s.exec(String.fromCharCode(...head.subarray(0, 16_384)))?.[1]
  return description === undefined || /['"]\|?O\d*['"]/.test(description)
}

/**
 * What a file is, by its first bytes and then by its name.
 *
 * @param head Its first bytes, `headBytes` of them where there are as many.
 * @throws AgoraiError `unsafe_format` for what runs code when it is opened or loaded, with what to publish instead.
 */
export function detectFormat(name: string, head: Uint8Array): ContentFormat {
  const ending = /\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase() ?? ''
  const reason = unsafeContents.find(([test]) => test(head))?.[1] ?? unsafeEndings[ending]
  if (reason !== undefined) throw new AgoraiError('unsafe_format', `The file ${reason}`, { field: 'content' })
  const named = byEnding[ending]
  // The header of a table may begin with the letters that another format begins with.
  if (named !== undefined && (named.family === 'table' || named.family === 'text') && isText(head)) return named
  const found = byContent.find(([test]) => test(head))?.[1]
  if (found !== undefined) return found
  return named ?? (isText(head) ? other('text', 'text/plain') : other('binary', 'application/octet-stream'))
}

/** Whether the bytes are UTF-8 without control characters; the last character may be cut. */
function isText(head: Uint8Array): boolean {
  if (head.length === 0 || head.some((byte) => byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d))
    return false
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true })
    return true
  } catch {
    return false
  }
}
