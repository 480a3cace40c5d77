import { expect, test } from 'vitest'
import { describeRate } from './output.js'

test.each([
  [23_400_000, 1_000, 2_340_000_000, '23.4 MB/s, 2 min left'],
  [5_000, 10_000, 1_000, '1 kB/s, 2 s left'],
  [1e9, 1_000, 2e11, '1000.0 MB/s, 3 min left'],
  [1e6, 1_000, 2e11, '1.0 MB/s, 56 h left'],
  [0, 5_000, 100, '0 kB/s'],
  [1e6, 1_000, 0, '1.0 MB/s'],
])('%i bytes in %i ms with %i left: %s', (bytes, elapsedMs, left, text) => {
  expect(describeRate(bytes, elapsedMs, left)).toBe(text)
})
