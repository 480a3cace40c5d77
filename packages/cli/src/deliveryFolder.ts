import { createReadStream } from 'node:fs'
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import {
  AgoraiError,
  addressSchema,
  bytes32Schema,
  type ContentManifest,
  type ErrorCode,
  isAgoraiError,
  type KeptSecrets,
  parseManifest,
  parseStrictJson,
  parseWith,
  requireContent,
  uintSchema,
} from '@agorai/core'
import { collectBytes, type FetchDeliveryReturnType } from '@agorai/sdk'
import { type Address, bytesToHex, type Hex, hexToBytes } from 'viem'

/**
 * What a download leaves: the content under its own name, `manifest.json` (the exact bytes that the chain committed to)
 * and `delivery.json`, which holds the content key and is readable by its owner only.
 */
const manifestName = 'manifest.json'
const deliveryName = 'delivery.json'

/** The content's own name, unless that is one of the other two; some systems do not tell upper from lower case. */
export function contentNameOf({ content }: ContentManifest): string {
  const { fileName } = content.plaintext
  return [manifestName, deliveryName].includes(fileName.toLowerCase()) ? `content-${fileName}` : fileName
}

export type WriteDeliveryOptions = {
  onProgress(done: number, total: number): void
  /** Told that an earlier download is gone on with, and from which byte. */
  onResume?(bytes: number): void
}

/**
 * Writes a delivery into a new folder. The folder appears whole or not at all: nothing that failed a check is left behind.
 * What was read before a connection broke, or the process was killed, waits beside it, and the same download goes on.
 *
 * @throws AgoraiError `invalid_request` when the folder exists, `integrity_failed`, `storage_full`
 */
export async function writeDelivery(
  folder: string,
  delivery: FetchDeliveryReturnType,
  options: WriteDeliveryOptions,
): Promise<void> {
  const target = resolve(folder)
  if (await exists(target)) throw unusable(`${folder} exists already: choose another with --output.`)
  const draft = join(dirname(target), `.agorai-download-${basename(target)}`)
  try {
    await openDraft(draft, delivery.manifestBytes)
    await writePlaintext(join(draft, contentNameOf(delivery.manifest)), delivery, options)
    const { version, publisher, grant, secrets } = delivery
    const record = {
      note: 'Keep this file to yourself: its contentKey decrypts the content.',
      version: String(version),
      publisher,
      ...writeSecrets(secrets),
      receipt: grant.receipt,
      receiptSignature: grant.receiptSignature,
    }
    await writeFile(join(draft, deliveryName), `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 })
    await rename(draft, target)
  } catch (cause) {
    if (!isPassing(cause)) await rm(draft, { recursive: true, force: true })
    if (isFull(cause)) throw new AgoraiError('storage_full', `There is no space left for ${folder}.`, { cause })
    throw cause
  }
}

/** After these the same command goes on where it stopped. */
const isPassing = (error: unknown): boolean =>
  ['node_unavailable', 'busy', 'rate_limited', 'storage_unavailable'].some((code) =>
    isAgoraiError(error, code as ErrorCode),
  )

/** A folder for what is not whole yet. One of another manifest is of no use. */
async function openDraft(draft: string, manifestBytes: Uint8Array): Promise<void> {
  const path = join(draft, manifestName)
  const before = await readFile(path).catch(() => undefined)
  if (before !== undefined && Buffer.compare(before, manifestBytes) === 0) return
  await rm(draft, { recursive: true, force: true })
  await mkdir(draft, { recursive: true, mode: 0o700 })
  await writeFile(path, manifestBytes)
}

async function writePlaintext(
  path: string,
  delivery: FetchDeliveryReturnType,
  { onProgress, onResume }: WriteDeliveryOptions,
): Promise<void> {
  const found = (await exists(path)) ? await delivery.countRight(createReadStream(path)) : 0
  if (found > 0) onResume?.(found)
  const file = await open(path, found > 0 ? 'r+' : 'w', 0o600)
  try {
    // What could not be compared, such as a chunk that was cut off, comes again.
    await file.truncate(found)
    let position = found
    for await (const slice of delivery.plaintext({
      start: found,
      onProgress: ({ bytes, bytesTotal }) => onProgress(bytes, bytesTotal),
    })) {
      for (let written = 0; written < slice.length; ) {
        const { bytesWritten } = await file.write(slice, written, slice.length - written, position)
        written += bytesWritten
        position += bytesWritten
      }
    }
    await file.sync()
  } finally {
    await file.close()
  }
}

type WrittenSecrets = { contentKey: Hex; saltSeed: Hex }

/** The two secrets themselves where the content is one partition, a list where it has several. */
function writeSecrets(secrets: KeptSecrets): WrittenSecrets | { partitions: (WrittenSecrets | null)[] } {
  const partitions = secrets.map(
    (each) => each && { contentKey: bytesToHex(each.contentKey), saltSeed: bytesToHex(each.saltSeed) },
  )
  const [only] = partitions
  return partitions.length === 1 && only ? only : { partitions }
}

export type StoredDelivery = {
  version: bigint
  publisher: Address
  manifest: ContentManifest
  manifestBytes: Uint8Array
  secrets: KeptSecrets
  /** Path of the content. */
  path: string
  plaintext(): AsyncIterable<Uint8Array>
  read(start: number, end: number): Promise<Uint8Array>
}

/** Reads back what `writeDelivery` wrote. @throws AgoraiError `invalid_request`, `manifest_invalid` */
export async function readDelivery(folder: string): Promise<StoredDelivery> {
  const manifestBytes = await readPart(folder, manifestName)
  const manifest = requireContent(parseManifest(manifestBytes))
  const record = parseStrictJson(await readPart(folder, deliveryName))
  const { version, publisher, secrets } =
    typeof record === 'object' && record !== null ? fieldsOf(record) : fieldsOf({})
  const name = contentNameOf(manifest)
  const path = join(folder, name)
  if (!(await exists(path))) throw unusable(`${folder} does not hold ${name}.`)
  return {
    version,
    publisher,
    manifest,
    manifestBytes,
    secrets,
    path,
    plaintext: () => createReadStream(path),
    read: async (start, end) =>
      start < end ? collectBytes(createReadStream(path, { start, end: end - 1 })) : new Uint8Array(),
  }
}

type Fields = { version?: unknown; publisher?: unknown; contentKey?: unknown; saltSeed?: unknown; partitions?: unknown }

function fieldsOf(record: Fields) {
  const partitions: (Fields | null)[] = Array.isArray(record.partitions) ? record.partitions : [record]
  return {
    version: BigInt(parseWith(uintSchema, record.version)),
    publisher: parseWith(addressSchema, record.publisher),
    secrets: partitions.map(
      (each) =>
        each && {
          contentKey: hexToBytes(parseWith(bytes32Schema, each.contentKey)),
          saltSeed: hexToBytes(parseWith(bytes32Schema, each.saltSeed)),
        },
    ),
  }
}

async function readPart(folder: string, name: string): Promise<Uint8Array> {
  try {
    return await readFile(join(folder, name))
  } catch (cause) {
    throw new AgoraiError('invalid_request', `${folder} is not a downloaded asset: it has no ${name}.`, {
      field: 'folder',
      cause,
    })
  }
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )

const unusable = (message: string): AgoraiError => new AgoraiError('invalid_request', message, { field: 'output' })

const isFull = (cause: unknown): boolean => (cause as NodeJS.ErrnoException | undefined)?.code === 'ENOSPC'
