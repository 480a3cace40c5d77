import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'

/** Something that must be nowhere, in one of the ways in which it could be written down. */
type Needle = { name: string; bytes: Buffer }

/** Every way in which bytes are usually written: as they are, in hexadecimal, in base64 at each of three places. */
export function needlesOf(name: string, bytes: Uint8Array): Needle[] {
  const raw = Buffer.from(bytes)
  const hex = raw.toString('hex')
  const base64 = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), raw]).toString('base64')
    // What stands beside the bytes changes the first and last characters.
    return text.slice(before === 0 ? 0 : 4, -4)
  })
  const base64Url = base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'))
  const texts = [hex, hex.toUpperCase(), ...base64, ...base64Url]
  // A list of numbers is how JSON writes bytes that nobody encoded.
  const numbers = [...raw].join(',')
  return [
    { name, bytes: raw },
    ...[...texts, numbers].map((text) => ({ name: `${name}, as text`, bytes: Buffer.from(text) })),
  ]
}

/** Every 32-byte window of a longer secret. */
export const windowsOf = (name: string, bytes: Uint8Array): Needle[] =>
  Array.from({ length: bytes.length - 31 }, (_, at) => needlesOf(`${name}+${at}`, bytes.subarray(at, at + 32))).flat()

/** Where any of the needles is in any file below a folder, also in what is packed by gzip. */
export async function scanFolder(folder: string, needles: readonly Needle[]) {
  const hits: string[] = []
  let files = 0
  let bytes = 0
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const content = await readFile(path)
    files += 1
    bytes += content.length
    const packed = content[0] === 0x1f && content[1] === 0x8b
    const all = packed ? [content, await promisify(gunzip)(content).catch(() => Buffer.alloc(0))] : [content]
    for (const { name, bytes: needle } of needles)
      if (all.some((each) => each.includes(needle))) hits.push(`${name} in ${path}`)
  }
  return { hits, files, bytes }
}
