import { expect, test } from 'vitest'
import { composeManifest, type StatedAsset } from './composeManifest.js'

const stated: StatedAsset = {
  ...{ kind: 'machine', name: 'Crane', description: 'It lifts.', tags: [], metrics: [] },
  licence: { spdx: 'CC-BY-4.0', source: 'https://example.org', attribution: 'The harbour' },
  terms: { derivatives: true, royaltyBps: 0, serveBps: 0, consent: false, attribution: true, commercial: true },
  contributors: { bps: 0, leaves: [] },
  provenance: { description: 'Built in 1931.' },
}
const under = (spdx: string): StatedAsset => ({ ...stated, licence: { ...stated.licence, spdx } })

test('a licence that SPDX does not list is refused before anything is sealed, unless it is named as one’s own', () => {
  expect(() => composeManifest(under('CC-BY-5.0'))).toThrow(
    expect.objectContaining({ code: 'manifest_invalid', field: 'licence.spdx', details: { nearest: 'CC-BY-4.0' } }),
  )
  for (const spdx of ['CC-BY-4.0', 'LicenseRef-Harbour']) expect(composeManifest(under(spdx)).licence.spdx).toBe(spdx)
})
