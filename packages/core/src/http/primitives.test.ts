import { describe, expect, test } from 'vitest'
import { devAccounts } from '../chain/devAccounts.js'
import {
  addressSchema,
  bytes32Schema,
  cidSchema,
  hexSchema,
  uintSchema,
  unixSchema,
  versionIdSchema,
} from './primitives.js'

const address = devAccounts[1]?.address ?? ''
const cid = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'

describe.each([
  [
    'uintSchema',
    uintSchema,
    ['0', '1', '9'.repeat(77), `${2n ** 256n - 1n}`],
    [
      '',
      ' 1 ',
      '-1',
      '+1',
      '1.5',
      '1e3',
      '0x10',
      '01',
      '9'.repeat(79),
      '9'.repeat(78),
      `${2n ** 256n}`,
      '1\n',
      '١',
      1,
      1n,
      null,
    ],
  ],
  [
    'versionIdSchema',
    versionIdSchema,
    ['0', '7', `${2n ** 48n - 1n}`],
    ['', '-1', '01', `${2n ** 48n}`, '9'.repeat(77), 1],
  ],
  [
    'addressSchema',
    addressSchema,
    [address, address.toLowerCase()],
    [
      '',
      '0x',
      address.slice(2),
      address.slice(0, -1),
      `${address}0`,
      address.replace('C', 'c'),
      address.toUpperCase(),
      'vitalik.eth',
      1,
    ],
  ],
  [
    'bytes32Schema',
    bytes32Schema,
    [`0x${'0a'.repeat(32)}`],
    ['0x', `0x${'0A'.repeat(32)}`, `0x${'0a'.repeat(31)}`, `0x${'0a'.repeat(33)}`, '0a'.repeat(32), 1],
  ],
  ['hexSchema', hexSchema, ['0x', '0x00ff'], ['', '0x0', '0xFF', '0xzz', `0x${'00'.repeat(4096)}`, 1]],
  [
    'cidSchema',
    cidSchema,
    [cid],
    ['', cid.slice(1), `${cid}a`, cid.toUpperCase(), `../${cid}`, 'QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWKPbdG'],
  ],
  ['unixSchema', unixSchema, [0, 1_800_000_000], [-1, 1.5, 2 ** 41, Number.NaN, Number.POSITIVE_INFINITY, '1']],
])('%s', (_, schema, accepted, refused) => {
  test.each(accepted as unknown[])('accepts %j', (value) => {
    expect(schema.parse(value)).toBe(value)
  })
  test.each(refused as unknown[])('refuses case %#', (value) => {
    expect(schema.safeParse(value).success).toBe(false)
  })
})
