import { devAccounts } from '@agorai/core'
import { createGate } from '@agorai/sdk'
import { expect, test } from 'vitest'
import { isAdmitted, readAdmission } from './admission.js'

const [first, second, third] = devAccounts.map(({ address }) => address) as [
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
]
const gate = createGate([first, second]).root

test('an offer without a gate admits everyone', () => {
  expect(readAdmission(null, '', undefined)).toBe('open')
  expect(isAdmitted('open')).toBe(true)
})

test.each([
  ['', first, 'unknown'],
  ['everyone', first, 'wrongList'],
  [`${second}, ${first}`, first, 'admitted'],
  [`${second}\n${first}`.toLowerCase(), first, 'admitted'],
  [`${first} ${second}`, third, 'notListed'],
  [`${first} ${third}`, first, 'wrongList'],
  [`${first} ${second} everyone`, first, 'wrongList'],
  [`${first} ${second}`, undefined, 'unknown'],
] as const)('the list %j and holder %s: %s', (list, holder, admission) => {
  expect(readAdmission(gate, list, holder)).toBe(admission)
  expect(isAdmitted(readAdmission(gate, list, holder))).toBe(admission === 'admitted')
})
