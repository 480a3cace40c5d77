import { contributorRootOf, encodeTerms, type Manifest, type PublicationArgument } from '@agorai/core'
import type { Hex } from 'viem'
import type { SignedConsent } from '../actions/signConsent.js'

/** A manifest as the registry takes it: what money follows stands in both, and buyers compare them. */
export const toPublication = (
  manifest: Manifest,
  more: { manifestDigest: Hex; feeBpsMax: number; consents: readonly SignedConsent[] },
): PublicationArgument => ({
  manifestDigest: more.manifestDigest,
  parents: manifest.provenance.builtFrom.map(BigInt),
  suppliers: manifest.suppliers.map(BigInt),
  terms: encodeTerms(manifest.terms),
  contributors: { root: contributorRootOf(manifest), bps: manifest.contributors.bps },
  feeBpsMax: more.feeBpsMax,
  consents: [...more.consents],
})
