/** Calls that were charged: which request under which counter. */
export type ChargedCalls = {
  has(counter: number): boolean
  /**
   * @param requestHash In base64url.
   * @returns Whether it was not there before. The same request under one counter is one call, whoever answered it; another
   * request is another call, which whoever sends it to another gateway would else have for nothing.
   */
  add(counter: number, requestHash: string): boolean
}

/** Clients count up, so a page fills before the next begins. */
const callsPerPage = 64
const hashBytes = 6

export function createChargedCalls(): ChargedCalls {
  /** Of each call so much of its hash as a number holds; 0 where there is none. */
  const pages = new Map<number, Float64Array>()
  const others = new Set<string>()
  const placeOf = (counter: number) => {
    const page = Math.floor(counter / callsPerPage)
    return { page, index: counter - page * callsPerPage }
  }
  return {
    has(counter) {
      const { page, index } = placeOf(counter)
      return (pages.get(page)?.[index] ?? 0) !== 0
    },
    add(counter, requestHash) {
      const { page, index } = placeOf(counter)
      const calls = pages.get(page) ?? new Float64Array(callsPerPage)
      pages.set(page, calls)
      const known = calls[index]
      const own = numberOf(requestHash)
      if (known === 0) calls[index] = own
      if (known === 0 || known === own) return known === 0
      const name = `${counter}/${own}`
      const isNew = !others.has(name)
      others.add(name)
      return isNew
    },
  }
}

function numberOf(requestHash: string): number {
  const bytes = Buffer.alloc(hashBytes)
  bytes.write(requestHash, 'base64url')
  return bytes.readUIntBE(0, hashBytes) + 1
}
