import { AgoraiError, type ContentManifest } from '@agorai/core'
import { type Check, verifySample } from '@agorai/sdk'
import { type ContentFormat, describeContent, openFile } from '@agorai/sdk/ingest'

/**
 * Takes again what a manifest says of its content beside the rows themselves: the sample by its proofs, a model's graph and a
 * table's figures from the downloaded file.
 *
 * @throws AgoraiError `integrity_failed` with the field that says otherwise
 */
export async function verifyDescription(manifest: ContentManifest, path: string): Promise<Check[]> {
  const { content, sample, profile, modelCard } = manifest
  const checks: Check[] = []
  if (sample !== undefined) {
    const { rows, previews } = await verifySample(manifest)
    checks.push({ name: 'sample', found: `${rows.length} rows proven, ${previews.length} previews` })
  }
  const { table } = profile ?? {}
  // Figures of some rows cannot be taken again by who does not know which.
  const isWhole = table !== undefined && table.sampled === undefined
  if (!isWhole && modelCard?.graph === undefined) return checks
  const { mediaType, rowFormat } = content.plaintext
  const family: ContentFormat['family'] = isWhole ? 'table' : (modelCard?.graph?.format ?? 'binary')
  const described = await describeContent(
    { ...(await openFile(path)), format: { rowFormat, mediaType, family } },
    { withhold: table?.withheld, top: table?.columns.filter(({ top }) => top !== undefined).map(({ name }) => name) },
  )
  if (isWhole) checks.push(compare('profile.table', table, described.profile?.table, `${table.columns.length} columns`))
  const { graph } = modelCard ?? {}
  if (graph !== undefined)
    checks.push(compare('modelCard.graph', graph, described.modelCard?.graph, `${graph.parameters} parameters`))
  return checks
}

function compare(field: string, stated: unknown, found: unknown, figure: string): Check {
  const difference = findDifference(stated, found, field)
  if (difference === undefined) return { name: field, found: figure }
  throw new AgoraiError('integrity_failed', `The content says otherwise than ${difference}.`, { field: difference })
}

/** Sums of many numbers differ in their last digits from machine to machine. */
const tolerance = 1e-6

/** Path of the first value that is another. */
function findDifference(stated: unknown, found: unknown, path: string): string | undefined {
  if (typeof stated === 'number' && typeof found === 'number')
    return Math.abs(stated - found) <= tolerance * Math.max(1, Math.abs(stated)) ? undefined : path
  if (typeof stated !== 'object' || stated === null || typeof found !== 'object' || found === null)
    return stated === found ? undefined : path
  const keys = new Set([...Object.keys(stated), ...Object.keys(found)])
  for (const key of keys) {
    const difference = findDifference(
      (stated as Record<string, unknown>)[key],
      (found as Record<string, unknown>)[key],
      `${path}.${key}`,
    )
    if (difference !== undefined) return difference
  }
  return undefined
}
