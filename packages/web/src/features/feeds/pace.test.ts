import type { SignedSegment } from '@agorai/core'
import { expect, test } from 'vitest'
import { paceOf } from './pace.js'

const segmentsAt = (...times: number[]) =>
  times.map((publishedAt, sequence) => ({ segment: { sequence, publishedAt, rows: 10 } }) as SignedSegment)

test('rows an hour are those after the first segment over the time since it', () => {
  expect(paceOf(segmentsAt(0, 1_800, 3_600), undefined, 3_600).rowsPerHour).toBe(20)
  expect(paceOf(segmentsAt(5), undefined, 10).rowsPerHour).toBeUndefined()
  expect(paceOf([], undefined, 10)).toEqual({ rowsPerHour: undefined, longestPauseSeconds: 0, isSilent: false })
})

test('a pause of more than three cadences is a silence, also the one that lasts', () => {
  expect(paceOf(segmentsAt(0, 60, 120), 60, 150)).toMatchObject({ longestPauseSeconds: 60, isSilent: false })
  expect(paceOf(segmentsAt(0, 60, 300), 60, 310)).toMatchObject({ longestPauseSeconds: 240, isSilent: true })
  expect(paceOf(segmentsAt(0, 60), 60, 1_000)).toMatchObject({ longestPauseSeconds: 940, isSilent: true })
  expect(paceOf(segmentsAt(0, 60), undefined, 1_000).isSilent).toBe(false)
})
