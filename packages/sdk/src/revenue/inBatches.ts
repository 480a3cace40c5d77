import { isAgoraiError } from '@agorai/core'

/**
 * Runs over the items some at a time, in order; the answers stand in the order of the items. A batch that the chain refuses
 * is halved, so that one party that cannot be paid holds up nobody else; what is refused alone is thrown at the end.
 *
 * @throws AgoraiError the first refusal of a single item, after all others have run; any other failure at once.
 */
export async function inBatches<item, result>(
  items: readonly item[],
  size: number,
  run: (batch: readonly item[]) => Promise<readonly result[]>,
): Promise<result[]> {
  const results: result[] = []
  let refusal: unknown
  const runOrHalve = async (batch: readonly item[]): Promise<void> => {
    try {
      results.push(...(await run(batch)))
    } catch (error) {
      if (!isRefusal(error)) throw error
      if (batch.length === 1) {
        refusal ??= error
        return
      }
      const half = Math.ceil(batch.length / 2)
      await runOrHalve(batch.slice(0, half))
      await runOrHalve(batch.slice(half))
    }
  }
  for (let at = 0; at < items.length; at += size) await runOrHalve(items.slice(at, at + size))
  if (refusal !== undefined) throw refusal
  return results
}

/** Whether a contract said no. Its word for it stands in the details. */
const isRefusal = (error: unknown): boolean =>
  isAgoraiError(error, 'transaction_reverted') || (isAgoraiError(error) && error.details?.revert !== undefined)
