import { AgoraiError, type ContentManifest, type Manifest, parseWith, statementSchema } from '@agorai/core'
import type { PrepareAssetParameters } from '../actions/prepareAsset.js'
import { describeCroissant } from './describeCroissant.js'

type Measured = Pick<ContentManifest, 'contentId' | 'content' | 'fields'>

/**
 * The manifest that follows from what a publisher states and what was measured of the content.
 *
 * @throws AgoraiError `manifest_invalid` with the field
 */
export function composeManifest(parameters: PrepareAssetParameters, measured: Measured): ContentManifest
export function composeManifest(parameters: PrepareAssetParameters): Manifest
export function composeManifest(parameters: PrepareAssetParameters, measured?: Measured): Manifest {
  const { kind, name, description, tags, licence, terms, contributors, metrics, members, provenance } = parameters
  const { parents = [], suppliers = [], croissant, modelCard } = parameters
  const stated = parseWith(
    statementSchema,
    {
      ...{ kind, name, description, tags, licence, terms, contributors, metrics, modelCard, croissant },
      ...(members === undefined ? {} : { members }),
      suppliers: suppliers.map(String),
      provenance: { ...provenance, builtFrom: parents.map(String) },
    },
    'manifest_invalid',
  )
  const manifest: Manifest = { agorai: '1', ...stated }
  if (measured === undefined) return manifest
  const whole = { ...manifest, ...measured, fields: parameters.fields ?? measured.fields }
  if (kind === 'dataset') return { ...whole, croissant: croissant ?? describeCroissant(whole) }
  if (kind === 'model' && modelCard === undefined)
    throw new AgoraiError('manifest_invalid', 'A model needs a model card.', { field: 'modelCard' })
  return whole
}
