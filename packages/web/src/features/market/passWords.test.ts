import { expect, test } from 'vitest'
import { passWords } from './passWords.js'

const pass = { state: 'running', expiry: null, refundUntil: null } as const

test('every state of a pass has its words, and the moment that matters', () => {
  expect(passWords(pass, 5)).toEqual({ words: 'Does not expire. The sale is final', at: null, good: true })
  expect(passWords({ ...pass, refundUntil: 7 }, 5)).toEqual({
    words: 'Does not expire. May be refunded until',
    at: 7,
    good: true,
  })
  expect(passWords({ ...pass, refundUntil: 7 }, 7).words).toBe('Does not expire. The sale is final')
  expect(passWords({ ...pass, refundUntil: 7 }, undefined).at).toBe(7)
  expect(passWords({ ...pass, expiry: 9 }, 5)).toEqual({ words: 'Runs until', at: 9, good: true })
  expect(passWords({ ...pass, expiry: 9, state: 'expired' }, 10)).toEqual({ words: 'Ran until', at: 9, good: false })
  expect(passWords({ ...pass, refundUntil: 7, state: 'refunded' }, 5).words).toBe('Given back')
  expect(passWords({ ...pass, expiry: 9, state: 'transferred' }, 5)).toMatchObject({ at: null, good: false })
})
