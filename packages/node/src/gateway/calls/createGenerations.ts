/** The latest values of as many keys as there is room for. */
export type Generations<Key, Value> = {
  get(key: Key): Value | undefined
  /** Takes the place of the key's last value. */
  set(key: Key, value: Value): void
}

/**
 * Old values go a generation at a time, as one by one would cost more than the calls that they are of: a map that is
 * deleted from and added to at every call is copied all the time, and each copy keeps what it holds from being collected
 * young.
 *
 * @param bytesMax Room of a generation; there are two.
 */
export function createGenerations<Key, Value>(
  bytesMax: number,
  bytesOf: (value: Value) => number,
): Generations<Key, Value> {
  let young = new Map<Key, Value>()
  let old = new Map<Key, Value>()
  let bytes = 0
  return {
    get: (key) => young.get(key) ?? old.get(key),
    set(key, value) {
      const before = young.get(key)
      bytes += bytesOf(value) - (before === undefined ? 0 : bytesOf(before))
      young.set(key, value)
      if (bytes <= bytesMax) return
      old = young
      young = new Map()
      bytes = 0
    },
  }
}
