import { AgoraiError, isAgoraiError } from '@agorai/core'
import { checkPath, collisionKey, comparePaths } from '../../content/folder/checkPath.js'
import { paddingOf, tarHeader, trailerBytes } from '../../content/folder/tar.js'
import type { ContentFormat } from '../detectFormat.js'
import { inspectSource } from '../inspectSource.js'
import type { LocalSource } from '../localSource.js'

/** A file that will be in the folder. `stream` reads it from its beginning, each time anew. */
export type FolderFile = {
  path: string
  bytes: number
  read(start: number, end: number): Promise<Uint8Array>
  stream(): AsyncIterable<Uint8Array>
}

export type LeftOut = { path: string; reason: string }

const filesMax = 200_000
const archivesMax = 100

/** Files that begin with a dot are settings and traces of a machine, and nothing that is sold. */
export const isHidden = (path: string): boolean => path.split('/').some((name) => /^\.(?!\.?$)/.test(name))

/**
 * Files as one content: the one tar that they have, put together as it is read. Its length is known before.
 *
 * @throws AgoraiError `archive_invalid`, `unsafe_name`, `unsafe_format`, `content_unreadable`
 */
export async function packFolder(
  name: string,
  files: readonly FolderFile[],
  leftOut: readonly LeftOut[],
): Promise<LocalSource> {
  if (files.length === 0) throw refuseFolder('It holds no files.')
  if (files.length > filesMax) throw refuseFolder(`It holds more than ${filesMax} files.`)
  const sorted = files
    .map((file) => ({ ...file, path: checkPath(file.path) }))
    .sort((a, b) => comparePaths(a.path, b.path))
  checkCollisions(sorted.map(({ path }) => path))
  const families = await inspectFiles(sorted)
  let bytes = trailerBytes
  for (const file of sorted) bytes += tarHeader(file.path, file.bytes).length + file.bytes + paddingOf(file.bytes)
  const format: ContentFormat = { rowFormat: 'tar', mediaType: 'application/x-tar', family: familyOf(families) }
  return {
    fileName: `${name}.tar`,
    mediaType: format.mediaType,
    bytes,
    stream: () => streamFolder(sorted),
    format,
    ...(leftOut.length === 0 ? {} : { leftOut }),
  }
}

async function* streamFolder(files: readonly FolderFile[]): AsyncGenerator<Uint8Array> {
  for (const file of files) {
    yield tarHeader(file.path, file.bytes)
    let bytes = 0
    for await (const slice of file.stream()) {
      bytes += slice.length
      if (bytes > file.bytes) break
      yield slice
    }
    if (bytes !== file.bytes) throw refuseFolder('A file is not as long as it states.', file.path)
    const padding = paddingOf(bytes)
    if (padding > 0) yield new Uint8Array(padding)
  }
  yield new Uint8Array(trailerBytes)
}

/** Two names for one file, on systems that do not tell cases apart; or a file where another has its folder. */
function checkCollisions(paths: readonly string[]): void {
  const taken = new Map<string, 'file' | 'folder'>()
  for (const path of paths) {
    const names = collisionKey(path).split('/')
    for (let depth = 1; depth <= names.length; depth++) {
      const place = names.slice(0, depth).join('/')
      const kind = depth === names.length ? 'file' : 'folder'
      const known = taken.get(place)
      if (known !== undefined && (known === 'file' || kind === 'file'))
        throw refuseFolder('A path stands twice, or only its case differs from another.', path)
      taken.set(place, kind)
    }
  }
}

async function inspectFiles(files: readonly FolderFile[]): Promise<ContentFormat['family'][]> {
  const paths = new Set(files.map(({ path }) => path))
  const families: ContentFormat['family'][] = []
  let archives = 0
  for (const file of files) {
    const folder = file.path.slice(0, file.path.lastIndexOf('/') + 1)
    const isBeside = (name: string): boolean => paths.has(folder + name)
    const { family } = await inspectSource({ ...file, fileName: file.path }, isBeside).catch((error: unknown) => {
      if (!isAgoraiError(error)) throw error
      throw new AgoraiError(error.code, `${file.path}: ${error.shortMessage}`, {
        field: 'content',
        details: { ...error.details, path: file.path },
        cause: error,
      })
    })
    if (family === 'archive' && ++archives > archivesMax)
      throw refuseFolder(`It holds more than ${archivesMax} archives; unpack them.`)
    families.push(family)
  }
  return families
}

/** What most of the files are. */
function familyOf(families: readonly ContentFormat['family'][]): ContentFormat['family'] {
  const most = (['image', 'audio', 'text'] as const).find(
    (family) => families.filter((each) => each === family).length * 2 > families.length,
  )
  return most ?? 'binary'
}

export const refuseFolder = (message: string, path?: string): AgoraiError =>
  new AgoraiError(
    'archive_invalid',
    path === undefined ? message : `${JSON.stringify(path.slice(0, 200))}: ${message}`,
    {
      field: 'content',
      ...(path === undefined ? {} : { details: { path: path.slice(0, 200) } }),
    },
  )
