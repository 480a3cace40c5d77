/** Starts work under a name, unless it is under way there: then its outcome, good or bad, is everybody's. */
export function shareWork<name, result>(
  underWay: Map<name, Promise<result>>,
  name: name,
  start: () => Promise<result>,
): Promise<result> {
  const known = underWay.get(name)
  if (known !== undefined) return known
  const work = start().finally(() => underWay.delete(name))
  underWay.set(name, work)
  return work
}
