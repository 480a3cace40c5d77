import { expect, test } from 'vitest'
import { channelFacts, channelName, delayWords } from './channelWords.js'

const config = { withdrawDelay: 900 } as Parameters<typeof channelFacts>[0]['config']
const funds = { balance: 100n, totalClaimed: 30n, charged: 45n, withdrawal: undefined, config }

test('what is left, what is owed of it, and when a withdrawal ends', () => {
  expect(channelFacts(funds)).toEqual({ left: 70n, owed: 15n, finishAt: undefined })
  expect(channelFacts({ ...funds, charged: undefined })).toMatchObject({ left: 70n, owed: 0n })
  // The operator may have claimed what this page does not know of.
  expect(channelFacts({ ...funds, charged: 10n })).toMatchObject({ owed: 0n })
  const withdrawal = { amount: 70n, initiatedAt: 1_000 }
  expect(channelFacts({ ...funds, withdrawal })).toMatchObject({ finishAt: 1_900 })
})

test('channels and delays in words', () => {
  expect([0, 3, undefined].map((index) => channelName({ index }))).toEqual([
    'Calls paid one by one',
    'Sessions, channel 3',
    'Channel of a mandate',
  ])
  expect([90, 900, 7_200, 604_800].map((seconds) => delayWords(seconds).replace('\u00a0', ' '))).toEqual([
    '90 seconds',
    '15 minutes',
    '2 hours',
    '7 days',
  ])
})
