import { AgoraiError, type ContentManifest, type Manifest, parseWith, type Sample, statementSchema } from '@agorai/core'
import type { Hex } from 'viem'
import type { PrepareAssetParameters } from '../actions/prepareAsset.js'
import { describeCroissant } from './describeCroissant.js'

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
export function composeManifest(parameters: PrepareAssetParameters, measured: Measured): ContentManifest
export function composeManifest(parameters: PrepareAssetParameters): Manifest
export function composeManifest(parameters: PrepareAssetParameters, measured?: Measured): Manifest {
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
