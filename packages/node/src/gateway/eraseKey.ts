import { AgoraiError, type SigningDomain, toTypedData } from '@agorai/core'
import type { Hex } from 'viem'
import type { KeptKey, KeyStore } from '../ports/keyStore.js'
import type { OperatorKeys } from '../ports/keys.js'
import type { Memory } from './memory.js'

export type EraserOptions = {
  domain: SigningDomain
  keys: OperatorKeys
  memory: Memory
  keyStore: KeyStore
}

/**
 * Destroys a key for good: that of one partition, or of the whole version. Again, it changes nothing; nor where no such key
 * is. Resolves once the key is gone.
 */
export type EraseKey = (commitment: Hex, partition?: number) => Promise<void>

/** What is to be destroyed is signed and written down first, so that whatever stops the node, a start carries it through. */
export const createEraser =
  ({ domain, keys, memory, keyStore }: EraserOptions): EraseKey =>
  async (commitment, partition) => {
    const kept = await keyStore.get(commitment)
    if (kept === undefined || isErased(kept, partition)) return
    if (partition !== undefined && kept.secrets[partition] === undefined)
      throw new AgoraiError('invalid_request', `The content has ${kept.secrets.length} partitions.`, {
        field: 'partition',
      })
    const { manifestDigest } = kept
    const erasedAt = Math.floor(Date.now() / 1000)
    const certificate = toTypedData(domain, 'ErasureCertificate', {
      ...{ commitment, manifestDigest },
      partition: BigInt(partition ?? -1),
      erasedAt: BigInt(erasedAt),
      operator: keys.account.address,
    })
    const signature = await keys.account.signTypedData(certificate)
    const { erasure } = await memory.record({
      kind: 'key-erased',
      ...{ commitment, manifestDigest },
      erasure: { partition: partition ?? null, erasedAt, signature },
    })
    await keyStore.destroy(commitment, erasure)
  }

/** Destroys again what ever was: what a stop left undone, and what an older copy of the key store brought back. */
export async function finishErasures({ memory, keyStore }: Pick<EraserOptions, 'memory' | 'keyStore'>): Promise<void> {
  for (const { commitment, erasure } of memory.erasures()) await keyStore.destroy(commitment, erasure)
}

export const isErased = ({ secrets }: KeptKey, partition?: number): boolean =>
  partition === undefined ? secrets.every((each) => each === null) : secrets[partition] === null
