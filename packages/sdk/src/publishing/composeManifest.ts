import {
  AgoraiError,
  assertKnownLicence,
  type ContentManifest,
  type History,
  type Manifest,
  type Profile,
  parseWith,
  type Sample,
  statementSchema,
} from '@agorai/core'
import type { Hex } from 'viem'
import type { z } from 'zod'
import { describeCroissant } from './describeCroissant.js'

/** What a publisher states of an asset; the rest of its manifest is measured. */
export type StatedAsset = Pick<
  z.input<typeof statementSchema>,
  | 'kind'
  | 'name'
  | 'description'
  | 'tags'
  | 'licence'
  | 'terms'
  | 'contributors'
  | 'metrics'
  | 'members'
  | 'feed'
  | 'serving'
> & {
  /** Digests of the consent records of the contributors whose partitions are in it. */
  consentDigests?: readonly Hex[] | undefined
  /** Where it comes from. The versions it was built from are `parents`. */
  provenance: { description: string }
  /** Of rows that were read from a chain: what proves their range. */
  history?: History | undefined
  /** Default: found in the content. */
  fields?: Manifest['fields'] | undefined
  /** Default for a dataset: described from the content. */
  croissant?: Manifest['croissant'] | undefined
  /** Needed for a model. */
  modelCard?: Manifest['modelCard'] | undefined
  /** Figures of the content to make public, as `describeContent` takes them. Default: none. */
  profile?: Profile | undefined
  /** Versions that this was built from, ascending; each is owed its royalty by every sale. Default: none. */
  parents?: readonly bigint[] | undefined
  /** Versions whose work this service, agent or pipeline sells, ascending; each is paid its `serveBps`. Default: none. */
  suppliers?: readonly bigint[] | undefined
}

type Measured = Pick<ContentManifest, 'contentId' | 'content' | 'fields'> & {
  sample?: Sample | undefined
  ciphertextSha256?: Hex
  /** Day of the description. */
  date: string
}

/**
 * The manifest that follows from what a publisher states and what was measured of the content.
 *
 * @throws AgoraiError `manifest_invalid` with the field
 */
export function composeManifest(parameters: StatedAsset, measured: Measured): ContentManifest
export function composeManifest(parameters: StatedAsset): Manifest
export function composeManifest(parameters: StatedAsset, measured?: Measured): Manifest {
  const { kind, name, description, tags, licence, terms, contributors, metrics, members, provenance } = parameters
  const {
    parents = [],
    suppliers = [],
    croissant,
    modelCard,
    profile,
    consentDigests,
    history,
    feed,
    serving,
  } = parameters
  const stated = parseWith(
    statementSchema,
    {
      ...{ kind, name, description, tags, licence, terms, contributors, metrics, modelCard, croissant, feed, serving },
      ...(members === undefined ? {} : { members }),
      suppliers: suppliers.map(String),
      provenance: { ...provenance, builtFrom: parents.map(String) },
    },
    'manifest_invalid',
  )
  assertKnownLicence(stated.licence)
  const origin = {
    ...stated.provenance,
    ...(consentDigests && { consents: [...consentDigests] }),
    ...(history && { history }),
  }
  const manifest: Manifest = { agorai: '1', ...stated, provenance: origin }
  if (measured === undefined) return manifest
  const { sample, ciphertextSha256: sha256, date, ...content } = measured
  const whole = {
    ...{ ...manifest, ...content, fields: parameters.fields ?? measured.fields },
    ...(profile && { profile }),
    ...(sample && { sample }),
  }
  if (croissant === undefined && sha256 !== undefined)
    return { ...whole, croissant: describeCroissant(whole, { sha256, date }) }
  if (kind === 'model' && modelCard === undefined)
    throw new AgoraiError('manifest_invalid', 'A model needs a model card.', { field: 'modelCard' })
  return whole
}
