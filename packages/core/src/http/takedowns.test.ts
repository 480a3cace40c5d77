import { describe, expect, test } from 'vitest'
import { targetOf, targetSchema } from './takedowns.js'

const address = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266'
const cid = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'

describe('targetSchema', () => {
  test('takes each kind, in one spelling', () => {
    for (const target of ['asset:1', 'version:40', `manifest:0x${'ab'.repeat(32)}`, `cid:${cid}`])
      expect(targetSchema.parse(target)).toBe(target)
    expect(targetSchema.parse(`account:${address}`)).toBe(targetOf.account(address))
  })

  test.each([
    '',
    'asset',
    'asset:',
    ':1',
    'asset:-1',
    'asset:01',
    'person:x',
    `cid:${cid}x!`,
    'account:0x1',
    '__proto__:1',
  ])('refuses %j', (target) => {
    expect(targetSchema.safeParse(target).success).toBe(false)
  })
})
