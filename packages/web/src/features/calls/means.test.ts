import { expect, test } from 'vitest'
import { meansOf } from './means.js'

const offers = [
  { id: '1', usage: 'inference' as const },
  { id: '2', usage: 'train' as const },
]

test('what costs nothing comes first, and a budget always can pay', () => {
  const running = { offer: '1', state: 'running' as const }
  expect(meansOf({ freeCalls: 3 }, [running], offers).map(({ kind }) => kind)).toEqual(['pass', 'free', 'budget'])
  expect(meansOf({ freeCalls: 0 }, [], offers)).toEqual([{ kind: 'budget' }])
})

test('a pass that ended, or for something else, pays for no call', () => {
  const passes = [
    { offer: '1', state: 'expired' as const },
    { offer: '2', state: 'running' as const },
  ]
  expect(meansOf({ freeCalls: 0 }, passes, offers)).toEqual([{ kind: 'budget' }])
})
