import { expect, test } from 'vitest'
import { createFreeAccounts, networkOf } from './freeAccounts.js'

test('an address gets the free calls of a service for so many accounts a day', () => {
  let nowMs = 0
  const accounts = createFreeAccounts(2, () => nowMs)
  const limited = expect.objectContaining({ code: 'rate_limited', details: { retryAfterSeconds: expect.any(Number) } })
  const take = (client: string, asset = 1n) => accounts.take(client, asset)
  for (let day = 0; day < 3; day++) {
    take('192.0.2.1')
    take('192.0.2.1')
    expect(() => take('192.0.2.1')).toThrowError(limited)
    take('192.0.2.2')
    take('192.0.2.1', 2n)
    nowMs += 86_400_000
  }
})

test('there is no limit where none is set', () => {
  const accounts = createFreeAccounts(0)
  for (let n = 0; n < 1_000; n++) accounts.take('192.0.2.1', 1n)
})

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:0db8:1:2::9', '2001:db8:1:2'],
  ['2001:db8::9', '2001:db8:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['::1', '0:0:0:0'],
  ['', ''],
])('%s is of the network %s', (client, network) => {
  expect(networkOf(client)).toBe(network)
})
