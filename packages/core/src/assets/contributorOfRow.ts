import { partitionsOf } from '../content/partitions.js'
import type { Manifest } from './manifest.js'

/** Who gave a row of a version, by the partition that it is in. Null is the publisher. */
export function contributorOfRow(
  { content, contributors }: Manifest,
  index: number,
): Manifest['contributors']['leaves'][number] | null {
  if (content === undefined) return null
  let first = 0
  for (const { contributor, rows } of partitionsOf(content)) {
    if (index < first + rows) return contributors.leaves[contributor ?? -1] ?? null
    first += rows
  }
  return null
}
