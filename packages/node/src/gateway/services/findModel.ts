import {
  AgoraiError,
  type ContentManifest,
  openPartitions,
  type PartitionSecrets,
  parseManifest,
  partitionsOf,
  requireContent,
  targetOf,
} from '@agorai/core'
import type { Hex } from 'viem'
import type { ModelSource } from '../../ports/inference.js'
import type { KeyStore } from '../../ports/keyStore.js'
import type { Storage } from '../../ports/storage.js'
import type { Memory } from '../memory.js'

export type ModelStore = { memory: Memory; storage: Storage; keyStore: KeyStore }

/**
 * The file of a model whose key was deposited here.
 *
 * @param commitment The registry's, of the model's version.
 * @throws AgoraiError `content_missing`, `nothing_to_deliver`, `taken_down`
 */
export async function findModel(
  { memory, storage, keyStore }: ModelStore,
  commitment: Hex,
): Promise<{ source: ModelSource; targets: string[] }> {
  const deposited = memory.keyOf(commitment)
  const bytes = deposited && (await storage.getManifest(deposited.manifestDigest))
  if (deposited === undefined || bytes === undefined)
    throw new AgoraiError('content_missing', 'The key of the model was not deposited with this operator.', {
      field: 'serving.model',
    })
  const manifest = requireContent(parseManifest(bytes))
  const source: ModelSource = {
    runtime: 'onnx',
    name: commitment,
    bytes: manifest.content.plaintext.bytes,
    open: () => openWhole({ storage, keyStore }, commitment, manifest),
  }
  const { manifestDigest, cid, account } = deposited
  return { source, targets: [targetOf.manifest(manifestDigest), targetOf.cid(cid), targetOf.account(account)] }
}

/**
 * Opens a whole content in memory. No file of it is written anywhere.
 *
 * @throws AgoraiError `version_erased`, `content_missing`, `integrity_failed`
 */
async function openWhole(
  { storage, keyStore }: Pick<ModelStore, 'storage' | 'keyStore'>,
  commitment: Hex,
  { contentId, content }: ContentManifest,
): Promise<Uint8Array> {
  const kept = await keyStore.get(commitment)
  const secrets = (kept?.secrets ?? []).filter((each): each is PartitionSecrets => each !== null)
  const partitionBytes = partitionsOf(content).map(({ bytes }) => bytes)
  const [first, ...rest] = secrets
  if (first === undefined || secrets.length !== partitionBytes.length)
    throw new AgoraiError('version_erased', 'The key of the model, or of a part of it, was destroyed.')
  const whole = new Uint8Array(content.plaintext.bytes)
  let at = 0
  const ciphertext = storage.readContent(content.cid)
  for await (const part of openPartitions({ contentId, secrets: [first, ...rest], partitionBytes, ciphertext })) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
