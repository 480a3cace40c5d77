/** Runs over the items some at a time, in order; the answers stand in the order of the items. */
export async function inBatches<item, result>(
  items: readonly item[],
  size: number,
  run: (batch: readonly item[]) => Promise<readonly result[]>,
): Promise<result[]> {
  const results: result[] = []
  for (let at = 0; at < items.length; at += size) results.push(...(await run(items.slice(at, at + size))))
  return results
}
