const bitsPerPage = 1_024

/** Counters that were used, a bit each: clients count up, so a page of bits fills before the next begins. */
export type CounterSet = {
  has(counter: number): boolean
  /** @returns Whether it was not there before. */
  add(counter: number): boolean
  delete(counter: number): void
}

export function createCounterSet(): CounterSet {
  const pages = new Map<number, Uint32Array>()
  const placeOf = (counter: number) => {
    const page = Math.floor(counter / bitsPerPage)
    const bit = counter - page * bitsPerPage
    return { page, word: bit >>> 5, mask: 1 << (bit & 31) }
  }
  return {
    has(counter) {
      const { page, word, mask } = placeOf(counter)
      return ((pages.get(page)?.[word] ?? 0) & mask) !== 0
    },
    add(counter) {
      const { page, word, mask } = placeOf(counter)
      let words = pages.get(page)
      if (words === undefined) {
        words = new Uint32Array(bitsPerPage / 32)
        pages.set(page, words)
      }
      const before = words[word] ?? 0
      words[word] = before | mask
      return (before & mask) === 0
    },
    delete(counter) {
      const { page, word, mask } = placeOf(counter)
      const words = pages.get(page)
      if (words !== undefined) words[word] = (words[word] ?? 0) & ~mask
    },
  }
}
