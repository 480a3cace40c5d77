/** Calls that were charged: which one under which counter. */
export type ChargedCalls = {
  has(counter: number): boolean
  /**
   * @param name Of what was asked under the counter, in base64url: its first 16 bytes count.
   * @returns Whether it was not there before. The same call under one counter is one, whoever answered it; another is another
   * call, which whoever sends it to another gateway would else have for nothing.
   */
  add(counter: number, name: string): boolean
}

/** Clients count up, so a page fills before the next begins. */
const callsPerPage = 64
/** Whoever pays draws the names: fewer bytes would be the same in two of them within seconds. */
const nameBytes = 16

export function createChargedCalls(): ChargedCalls {
  /** Of each counter the first name that came with it. */
  const pages = new Map<number, { names: Buffer; known: Uint8Array }>()
  const others = new Set<string>()
  const own = Buffer.alloc(nameBytes)
  const placeOf = (counter: number) => {
    const page = Math.floor(counter / callsPerPage)
    return { page, index: counter - page * callsPerPage }
  }
  return {
    has(counter) {
      const { page, index } = placeOf(counter)
      return pages.get(page)?.known[index] === 1
    },
    add(counter, name) {
      const { page, index } = placeOf(counter)
      let calls = pages.get(page)
      if (calls === undefined) {
        calls = { names: Buffer.alloc(callsPerPage * nameBytes), known: new Uint8Array(callsPerPage) }
        pages.set(page, calls)
      }
      own.write(name, 'base64url')
      const from = index * nameBytes
      if (calls.known[index] === 0) {
        calls.known[index] = 1
        own.copy(calls.names, from)
        return true
      }
      if (own.equals(calls.names.subarray(from, from + nameBytes))) return false
      const other = `${counter}/${own.toString('base64url')}`
      const isNew = !others.has(other)
      others.add(other)
      return isNew
    },
  }
}
