import { AgoraiError, assetRegistryAbi, type Manifest } from '@agorai/core'
import type { Address } from 'viem'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { type Evaluation, evaluateModel } from '../delivery/evaluateModel.js'
import { assertCommitted } from '../delivery/readManifest.js'
import { type Check, type DeliveredContent, verifyContent } from '../delivery/verifyContent.js'
import { readContract } from '../transactions/readContract.js'

export type VerifyDeliveryParameters = DeliveredContent & {
  version: bigint
  publisher: Address
  /** For a model: takes its metric again on the evaluation rows. */
  evaluation?: Evaluation | undefined
}

export type VerifyDeliveryReturnType = {
  manifest: Manifest
  /** Every check, all of them passed. */
  checks: Check[]
}

/**
 * Recomputes all that was stated about a delivered content: rows, salted root, length and ciphertext CID from the content
 * itself; the manifest and its terms against the chain; and a model's metric, if rows and a way to run it are given.
 * `fetchDelivery` returns what this takes.
 *
 * @throws AgoraiError `integrity_failed` naming the field, `evaluation_failed`, `chain_unavailable`
 */
export async function verifyDelivery(
  client: AgoraiClient,
  parameters: VerifyDeliveryParameters,
): Promise<VerifyDeliveryReturnType> {
  const { version, publisher, evaluation } = parameters
  const { manifest, digest, checks } = await verifyContent(parameters)
  await assertCommitted(client, { version, publisher, manifest, digest })
  const terms = await checkTerms(client, version, manifest)
  const evaluated = evaluation === undefined ? [] : [await evaluateModel(manifest, evaluation)]
  return { manifest, checks: [...checks, { name: 'manifest', found: digest }, terms, ...evaluated] }
}

/** The terms that money follows are the registry's: a manifest that promises others is not what was published. */
async function checkTerms(client: AgoraiClient, version: bigint, manifest: Manifest): Promise<Check> {
  const [, { royaltyBps, contributorBps }] = await readContract(client, {
    address: client.info.chain.addresses.assetRegistry,
    abi: assetRegistryAbi,
    functionName: 'ratesOf',
    args: [version],
  })
  if (royaltyBps !== manifest.terms.royaltyBps)
    throw new AgoraiError('integrity_failed', 'The manifest states another royalty than the chain.', {
      field: 'terms.royaltyBps',
      details: { stated: manifest.terms.royaltyBps, found: royaltyBps },
    })
  if (contributorBps !== manifest.contributors.bps)
    throw new AgoraiError('integrity_failed', 'The manifest states another contributor share than the chain.', {
      field: 'contributors.bps',
      details: { stated: manifest.contributors.bps, found: contributorBps },
    })
  return { name: 'terms', found: `royalty ${royaltyBps} bps, contributors ${contributorBps} bps` }
}
