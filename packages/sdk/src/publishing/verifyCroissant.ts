import { AgoraiError, type ContentManifest } from '@agorai/core'
import type { Hex } from 'viem'
import { croissantMaker, describeCroissant } from './describeCroissant.js'

/**
 * Makes the Croissant description again that a manifest says Agorai made, and compares them. A description by the seller is
 * the seller's word, and must not pass for ours.
 *
 * @param sha256 Of the ciphertext, where it was computed. Default: what the description states.
 * @returns Whether there is one that Agorai made.
 * @throws AgoraiError `integrity_failed` with the field
 */
export function verifyCroissant(manifest: ContentManifest, sha256?: Hex): boolean {
  const { croissant: stated, ...described } = manifest
  if (stated === undefined || !isSame(stated.sdPublisher, croissantMaker)) return false
  const { datePublished: date, distribution } = stated
  const [ciphertext] = Array.isArray(distribution) ? distribution : []
  const known = sha256 ?? `0x${isRecord(ciphertext) ? ciphertext.sha256 : ''}`
  const day = typeof date === 'string' && /^\d{4}-\d\d-\d\d$/.test(date) ? date : ''
  const made: Record<string, unknown> = describeCroissant(described, { sha256: known, date: day })
  for (const name of new Set([...Object.keys(made), ...Object.keys(stated)]))
    if (!isSame(stated[name], made[name]))
      throw new AgoraiError('integrity_failed', 'The Croissant description says other things than the manifest.', {
        field: `croissant.${name}`,
      })
  return true
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/** Whether two values of JSON are one, whatever the order of their keys. */
function isSame(one: unknown, other: unknown): boolean {
  if (!isRecord(one) || !isRecord(other)) return one === other
  if (Array.isArray(one) !== Array.isArray(other)) return false
  const names = Object.keys(one)
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && isSame(one[name], other[name]))
  )
}
