import { AgoraiError, type ContentManifest, decodeTerms, type Manifest } from '@agorai/core'
import type { Address } from 'viem'
import type { ChainClient } from '../createChainClient.js'
import { type Evaluation, evaluateModel } from '../delivery/evaluateModel.js'
import { assertCommitted } from '../delivery/readManifest.js'
import { type Check, type DeliveredContent, verifyContent } from '../delivery/verifyContent.js'
import { registryOf } from '../transactions/contracts.js'
import { readContract } from '../transactions/readContract.js'

export type VerifyDeliveryParameters = DeliveredContent & {
  version: bigint
  publisher: Address
  /** For a model: takes its metric again on the evaluation rows. */
  evaluation?: Evaluation | undefined
}

export type VerifyDeliveryReturnType = {
  manifest: ContentManifest
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
  client: ChainClient,
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
async function checkTerms(client: ChainClient, version: bigint, manifest: Manifest): Promise<Check> {
  const registry = { ...registryOf(client), args: [version] } as const
  const [word, [, { contributorBps }]] = await Promise.all([
    readContract(client, { ...registry, functionName: 'termsOf' }),
    readContract(client, { ...registry, functionName: 'ratesOf' }),
  ])
  const terms = decodeTerms(word)
  for (const [name, found] of Object.entries(terms))
    if (found !== manifest.terms[name as keyof typeof terms])
      throw new AgoraiError('integrity_failed', 'The manifest states other terms than the chain.', {
        field: `terms.${name}`,
        details: { stated: String(manifest.terms[name as keyof typeof terms]), found: String(found) },
      })
  if (contributorBps !== manifest.contributors.bps)
    throw new AgoraiError('integrity_failed', 'The manifest states another contributor share than the chain.', {
      field: 'contributors.bps',
      details: { stated: manifest.contributors.bps, found: contributorBps },
    })
  return { name: 'terms', found: `royalty ${terms.royaltyBps / 100} %, contributors ${contributorBps / 100} %` }
}
