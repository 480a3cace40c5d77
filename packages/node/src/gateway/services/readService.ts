import {
  AgoraiError,
  accessMarketAbi,
  assetRegistryAbi,
  contributorRootOf,
  type Deployment,
  isAgoraiError,
  type Manifest,
  publicationCommitment,
  revenueLedgerAbi,
  targetOf,
  type Usage,
  usages,
} from '@agorai/core'
import { isAddressEqual } from 'viem'
import type { Catalogue } from '../../ports/catalogue.js'
import type { Chain } from '../../ports/chain.js'
import type { ModelSource } from '../../ports/inference.js'
import type { ServiceStarted } from '../../ports/serviceRecords.js'
import { askChain } from '../askChain.js'
import type { ServedService } from '../calls/cashier.js'
import { assertEntitled } from '../entitlement.js'
import { ownerOf } from '../readRegistry.js'
import { findModel, type ModelStore } from './findModel.js'

export type ReadServiceOptions = ModelStore & {
  chain: Chain
  addresses: Deployment
  /** The index: a manifest found in it counts only if the chain commits to it. */
  catalogue: Catalogue
}

export type ReadService = {
  service: ServedService
  source: ModelSource
  /** Everything that must not be taken down. */
  targets: readonly string[]
}

/** Passes of these let their holder sell what the model answers. */
const servingUsages: ReadonlySet<Usage | undefined> = new Set(['inference', 'redistribute', 'exclusive'])

/**
 * What a service sells at this moment, by the confirmed chain, and whether its owner may: the model is the owner's own, or
 * the owner holds a running pass that allows inference, and the chain pays the model from the service's sales.
 *
 * @throws AgoraiError `not_owner`, `entitlement_missing`, `model_unsupported`, `content_missing`, `version_erased`,
 * `not_found`, `not_confirmed`, `taken_down`, `chain_unavailable`
 */
export async function readService(options: ReadServiceOptions, started: ServiceStarted): Promise<ReadService> {
  const { chain, addresses } = options
  const asset = BigInt(started.asset)
  const owner = await ownerOf({ chain, domain: { chainId: chain.id, assetRegistry: addresses.assetRegistry } }, asset)
  if (!isAddressEqual(owner, started.owner))
    throw new AgoraiError('not_owner', `Asset ${asset} belongs to ${owner}.`, { field: 'asset' })
  const { version, till, supplies, manifest, manifestTargets } = await readVersion(options, asset)
  const { serving, name } = manifest
  if (serving === undefined)
    throw new AgoraiError('model_unsupported', 'Its manifest does not say how it is called.', { field: 'serving' })
  const service: ServedService = { version, asset, owner, till, name, serving }
  const targets = [targetOf.asset(asset.toString()), targetOf.account(owner), ...manifestTargets]
  if (serving.model === undefined || serving.runtime === 'upstream') {
    if (serving.model !== undefined) await assertMayServe(options, service, started.offer)
    return { service, source: { runtime: 'upstream', asset, apis: serving.apis }, targets }
  }
  if (!supplies.includes(BigInt(serving.model)))
    throw new AgoraiError('model_unsupported', 'The chain does not pay the model from what this service earns.', {
      field: 'serving.model',
    })
  const commitment = await assertMayServe(options, service, started.offer)
  const model = await findModel(options, commitment)
  return { service, source: model.source, targets: [...targets, targetOf.version(serving.model), ...model.targets] }
}

async function assertMayServe(
  { chain, addresses }: ReadServiceOptions,
  { owner, serving }: ServedService,
  offer: string | undefined,
) {
  const version = BigInt(serving.model ?? 0)
  if (offer !== undefined) {
    const [{ usage }] = await askChain(() =>
      chain.publicClient.readContract({
        address: addresses.accessMarket,
        abi: accessMarketAbi,
        functionName: 'offerOf',
        args: [BigInt(offer)],
      }),
    )
    if (!servingUsages.has(usages[usage]))
      throw new AgoraiError('entitlement_missing', `The pass allows ${usages[usage]}, not inference for others.`, {
        field: 'offer',
      })
  }
  return assertEntitled(chain, addresses, {
    version,
    holder: owner,
    offer: offer === undefined ? undefined : BigInt(offer),
  })
}

async function readVersion({ chain, addresses, catalogue }: ReadServiceOptions, asset: bigint) {
  const client = chain.publicClient
  const blockNumber = await chain.confirmedBlockNumber()
  const registry = { address: addresses.assetRegistry, abi: assetRegistryAbi, blockNumber } as const
  const ledger = { address: addresses.revenueLedger, abi: revenueLedgerAbi, blockNumber } as const
  const [version, isRetired, till] = await askChain(() =>
    Promise.all([
      client.readContract({ ...registry, functionName: 'currentVersion', args: [asset] }),
      client.readContract({ ...registry, functionName: 'isRetired', args: [asset] }),
      client.readContract({ ...ledger, functionName: 'tillOf', args: [asset] }),
    ]),
  )
  if (isRetired) throw new AgoraiError('model_unsupported', 'Its owner retired it: it is sold no more.')
  const [commitment, [, , supplies], isErased] = await askChain(() =>
    Promise.all([
      client.readContract({ ...registry, functionName: 'commitmentOf', args: [version] }),
      client.readContract({ ...registry, functionName: 'edgesOf', args: [version] }),
      client.readContract({ ...registry, functionName: 'isErased', args: [version] }),
    ]),
  )
  if (isErased) throw new AgoraiError('version_erased', `Version ${version} was erased by its owner.`)
  const detail = await catalogue.getAsset(asset).catch((error: unknown) => {
    // The chain has it, so the index comes after.
    if (isAgoraiError(error, 'not_found')) return undefined
    throw error
  })
  if (detail === undefined || BigInt(detail.version.id) !== version || detail.manifest === null)
    throw new AgoraiError('not_confirmed', `Version ${version} is not in the index yet, or its manifest is not here.`)
  const { id, manifestDigest, publisher } = detail.version
  const manifest: Manifest = detail.manifest
  if (publicationCommitment(publisher, manifestDigest, contributorRootOf(manifest)) !== commitment)
    throw new AgoraiError('digest_mismatch', 'The chain commits to another manifest than the index has.')
  const manifestTargets = [targetOf.version(id), targetOf.manifest(manifestDigest), targetOf.account(publisher)]
  return { version, till, supplies: supplies.map((edge) => edge.version), manifest, manifestTargets }
}
