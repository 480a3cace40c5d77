import { createReadStream } from 'node:fs'
import { mkdir, mkdtemp, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import {
  AgoraiError,
  addressSchema,
  bytes32Schema,
  type ContentManifest,
  parseManifest,
  parseStrictJson,
  parseWith,
  requireContent,
  uintSchema,
} from '@agorai/core'
import type { FetchDeliveryReturnType } from '@agorai/sdk'
import { type Address, bytesToHex, hexToBytes } from 'viem'

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

/**
 * Writes a delivery into a new folder. The folder appears whole or not at all: nothing that failed a check is left behind.
 *
 * @throws AgoraiError `invalid_request` when the folder exists, `integrity_failed`, `storage_full`
 */
export async function writeDelivery(
  folder: string,
  delivery: FetchDeliveryReturnType,
  onProgress: (done: number, total: number) => void,
): Promise<void> {
  const target = resolve(folder)
  if (await exists(target)) throw unusable(`${folder} exists already: choose another with --output.`)
  const parent = dirname(target)
  await mkdir(parent, { recursive: true })
  const draft = await mkdtemp(join(parent, '.agorai-download-'))
  try {
    await writePlaintext(join(draft, contentNameOf(delivery.manifest)), delivery, onProgress)
    await writeFile(join(draft, manifestName), delivery.manifestBytes)
    const { version, publisher, grant, contentKey, saltSeed } = delivery
    const record = {
      note: 'Keep this file to yourself: its contentKey decrypts the content.',
      version: String(version),
      publisher,
      contentKey: bytesToHex(contentKey),
      saltSeed: bytesToHex(saltSeed),
      receipt: grant.receipt,
      receiptSignature: grant.receiptSignature,
    }
    await writeFile(join(draft, deliveryName), `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 })
    await rename(draft, target)
  } catch (cause) {
    await rm(draft, { recursive: true, force: true })
    if (isFull(cause)) throw new AgoraiError('storage_full', `There is no space left for ${folder}.`, { cause })
    throw cause
  }
}

async function writePlaintext(
  path: string,
  delivery: FetchDeliveryReturnType,
  onProgress: (done: number, total: number) => void,
): Promise<void> {
  const file = await open(path, 'wx')
  try {
    for await (const slice of delivery.plaintext({
      onProgress: ({ bytes, bytesTotal }) => onProgress(bytes, bytesTotal),
    }))
      await file.writeFile(slice)
    await file.sync()
  } finally {
    await file.close()
  }
}

export type StoredDelivery = {
  version: bigint
  publisher: Address
  manifest: ContentManifest
  manifestBytes: Uint8Array
  contentKey: Uint8Array
  saltSeed: Uint8Array
  /** Path of the content. */
  path: string
  plaintext(): AsyncIterable<Uint8Array>
}

/** Reads back what `writeDelivery` wrote. @throws AgoraiError `invalid_request`, `manifest_invalid` */
export async function readDelivery(folder: string): Promise<StoredDelivery> {
  const manifestBytes = await readPart(folder, manifestName)
  const manifest = requireContent(parseManifest(manifestBytes))
  const record = parseStrictJson(await readPart(folder, deliveryName))
  const { version, publisher, contentKey, saltSeed } =
    typeof record === 'object' && record !== null ? fieldsOf(record) : fieldsOf({})
  const name = contentNameOf(manifest)
  const path = join(folder, name)
  if (!(await exists(path))) throw unusable(`${folder} does not hold ${name}.`)
  return {
    version,
    publisher,
    manifest,
    manifestBytes,
    contentKey,
    saltSeed,
    path,
    plaintext: () => createReadStream(path),
  }
}

function fieldsOf(record: { version?: unknown; publisher?: unknown; contentKey?: unknown; saltSeed?: unknown }) {
  return {
    version: BigInt(parseWith(uintSchema, record.version)),
    publisher: parseWith(addressSchema, record.publisher),
    contentKey: hexToBytes(parseWith(bytes32Schema, record.contentKey)),
    saltSeed: hexToBytes(parseWith(bytes32Schema, record.saltSeed)),
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
