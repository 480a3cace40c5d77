import { expect, test } from 'vitest'
import { spdxLicenceIds } from '../generated/spdxLicenceIds.js'
import { assertKnownLicence } from './licence.js'

test('what SPDX lists is known, in use or no longer, "or later", and names of one’s own', () => {
  expect(new Set(spdxLicenceIds).size).toBe(734)
  for (const spdx of [...spdxLicenceIds, 'CC-BY-SA-3.0', 'GPL-2.0', 'Apache-2.0+', 'LicenseRef-Harbour-1.0'])
    expect(() => assertKnownLicence({ spdx })).not.toThrow()
})

test.each([
  ['CC-BY-5.0', 'CC-BY-4.0'],
  ['cc-by-4.0', 'CC-BY-4.0'],
  ['CCBY-SA-4.0', 'CC-BY-SA-4.0'],
  ['Apache-2', 'Apache-2.0'],
  ['MIIT', 'MIT'],
  ['LicenseRef-', 'Unlicense'],
  ['MIT++', 'MIT-0'],
])('%s is not, and the nearest is named', (spdx, nearest) => {
  expect(() => assertKnownLicence({ spdx })).toThrow(
    expect.objectContaining({ code: 'manifest_invalid', field: 'licence.spdx', details: { nearest } }),
  )
})
