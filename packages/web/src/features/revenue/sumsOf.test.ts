import type { Entitlement } from '@agorai/core'
import { expect, test } from 'vitest'
import { sumsOf } from './sumsOf.js'

const entitlement = (
  role: Entitlement['role'],
  entitled: string,
  collected: string,
  collectable: string,
): Entitlement => ({
  ...{
    version: '2',
    name: null,
    role,
    account: `0x${'11'.repeat(20)}`,
    label: null,
    start: null,
    token: `0x${'22'.repeat(20)}`,
  },
  ...{ entitled, collected, collectable },
})

test('the sums of a version are those of its parties, and not of the treasury, which every sale pays', () => {
  const entitlements = [
    entitlement('owner', '8900000', '8900000', '0'),
    entitlement('contributor', '300000', '0', '300000'),
    entitlement('treasury', '150000', '100000', '50000'),
  ]
  expect(sumsOf({ entitlements })).toEqual({ entitled: 9_200_000n, collected: 8_900_000n, collectable: 300_000n })
  expect(sumsOf({ entitlements: entitlements.slice(2) })).toEqual({ entitled: 0n, collected: 0n, collectable: 0n })
})
