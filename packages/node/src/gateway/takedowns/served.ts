import {
  type AssetSummary,
  assetRegistryAbi,
  type DeliveryRequestBody,
  type Deployment,
  hasContent,
  type Manifest,
  parseManifest,
  targetOf,
} from '@agorai/core'
import type { Hex } from 'viem'
import type { Catalogue } from '../../ports/catalogue.js'
import type { Chain } from '../../ports/chain.js'
import type { Storage } from '../../ports/storage.js'
import type { Uploads } from '../../ports/uploads.js'
import { askChain } from '../askChain.js'
import type { Route } from '../http/route.js'
import type { Memory } from '../memory.js'
import type { Denials } from './denials.js'

/** The same store, without what is not served: neither given out, nor taken in again. */
export function servedStorage(storage: Storage, denials: Denials): Storage {
  return {
    ...storage,
    async putContent(cid, ...content) {
      denials.assertServed(targetOf.cid(cid))
      await storage.putContent(cid, ...content)
    },
    async contentBytes(cid) {
      denials.assertServed(targetOf.cid(cid))
      return storage.contentBytes(cid)
    },
    async *readContent(cid, range) {
      denials.assertServed(targetOf.cid(cid))
      yield* storage.readContent(cid, range)
    },
    async putManifest(digest, bytes) {
      denials.assertServed(targetOf.manifest(digest), ...contentOf(parseManifest(bytes)))
      await storage.putManifest(digest, bytes)
    },
    async getManifest(digest) {
      denials.assertServed(targetOf.manifest(digest))
      return storage.getManifest(digest)
    },
  }
}

/** The same uploads, of nothing that would not be served. */
export function servedUploads(uploads: Uploads, denials: Denials): Uploads {
  return {
    ...uploads,
    async receive(upload, ...content) {
      denials.assertServed(targetOf.cid(upload.cid))
      return uploads.receive(upload, ...content)
    },
  }
}

/** The same catalogue, without what is not served. What it earns, and where it comes from, the chain says to everybody. */
export function servedCatalogue(catalogue: Catalogue, denials: Denials): Catalogue {
  return {
    ...catalogue,
    async searchAssets(parameters) {
      const found = await catalogue.searchAssets(parameters)
      if (denials.isEmpty()) return found
      const isServed = async (asset: AssetSummary): Promise<boolean> => {
        if (!denials.isServed(...targetsOf(asset))) return false
        const manifest = await catalogue.getManifest(BigInt(asset.version.id))
        return manifest === undefined || denials.isServed(...contentOf(manifest))
      }
      const served = await Promise.all(found.assets.map(isServed))
      return { ...found, assets: found.assets.filter((_, index) => served[index]) }
    },
    async getAsset(asset) {
      const found = await catalogue.getAsset(asset)
      denials.assertServed(...targetsOf(found), ...(found.manifest === null ? [] : contentOf(found.manifest)))
      return found
    },
    async getManifest(version) {
      denials.assertServed(targetOf.version(version))
      return catalogue.getManifest(version)
    },
  }
}

const contentOf = (manifest: Manifest): string[] => (hasContent(manifest) ? [targetOf.cid(manifest.content.cid)] : [])

const targetsOf = ({ id, owner, version }: AssetSummary): string[] => [
  targetOf.asset(id),
  targetOf.account(owner),
  targetOf.version(version.id),
  targetOf.manifest(version.manifestDigest),
  targetOf.account(version.publisher),
]

export type DeliverableOptions = { chain: Chain; addresses: Deployment; memory: Memory; denials: Denials }

/** The same route for deliveries of contents or of a feed's days, without what is not served. */
export const servedDelivery =
  (options: DeliverableOptions) =>
  (item: Route): Route => ({
    ...item,
    errors: [...item.errors, 'taken_down'],
    async handle(input) {
      const { request } = input.body as DeliveryRequestBody
      await assertDeliverable(options, BigInt(request.version))
      return item.handle(input)
    },
  })

/** @throws AgoraiError `taken_down` when the version, its asset, or anything it consists of is not served. */
async function assertDeliverable(options: DeliverableOptions, version: bigint): Promise<void> {
  const { chain, addresses, memory, denials } = options
  if (denials.isEmpty()) return
  denials.assertServed(targetOf.version(version))
  const registry = { address: addresses.assetRegistry, abi: assetRegistryAbi } as const
  const facts = await askChain(
    () =>
      Promise.all([
        chain.publicClient.readContract({ ...registry, functionName: 'assetOf', args: [version] }),
        chain.publicClient.readContract({ ...registry, functionName: 'commitmentOf', args: [version] }),
      ]),
    // Whether there is such a version is for others to say.
  ).catch(() => undefined)
  if (facts === undefined) return
  const [asset, commitment] = facts
  denials.assertServed(targetOf.asset(asset))
  const deposited = memory.keyOf(commitment as Hex)
  if (deposited === undefined) return
  const { manifestDigest, cid, account } = deposited
  denials.assertServed(targetOf.manifest(manifestDigest), targetOf.cid(cid), targetOf.account(account))
}
