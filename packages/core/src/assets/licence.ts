import { AgoraiError } from '../errors/AgoraiError.js'
import { spdxLicenceIds } from '../generated/spdxLicenceIds.js'

const known: ReadonlySet<string> = new Set(spdxLicenceIds)

/**
 * That a licence is one of SPDX's list, such a one "or later" (`Apache-2.0+`), or a name of one's own, `LicenseRef-…`.
 * Whoever publishes or accepts a version asks this. Readers do not: the list grows, and what is published stays readable.
 *
 * @throws AgoraiError `manifest_invalid`, with the identifier that is most like it
 */
export function assertKnownLicence({ spdx }: { spdx: string }): void {
  if (known.has(spdx) || known.has(spdx.replace(/\+$/, '')) || /^LicenseRef-[A-Za-z0-9.-]+$/.test(spdx)) return
  const nearest = spdxLicenceIds.reduce((best, id) => (distance(id, spdx) <= distance(best, spdx) ? id : best))
  throw new AgoraiError(
    'manifest_invalid',
    `SPDX lists no licence "${spdx}"; "${nearest}" is the nearest. What SPDX does not list is named LicenseRef-….`,
    { field: 'licence.spdx', details: { nearest } },
  )
}

/** How many letters are added, left out or changed (Levenshtein's distance), without regard to capitals. */
function distance(from: string, to: string): number {
  const letters = [...to.toLowerCase()]
  const first = letters.map((_, index) => index + 1)
  const last = [...from.toLowerCase()].reduce((above, letter, row) => {
    let left = row + 1
    return letters.map((other, at) => {
      const changed = (at === 0 ? row : (above[at - 1] ?? 0)) + (letter === other ? 0 : 1)
      left = Math.min(changed, left + 1, (above[at] ?? 0) + 1)
      return left
    })
  }, first)
  return last.at(-1) ?? 0
}
