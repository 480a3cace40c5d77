import { isIPv6 } from 'node:net'
import { createBuckets } from '../limits.js'

/** Free calls are an account's, and accounts cost nothing. So one address gets those of so many accounts alone. */
export type FreeAccounts = {
  /**
   * Counts an account that a client gets the free calls of a service for.
   *
   * @param client The address that asks. It is kept in memory only.
   * @throws AgoraiError `rate_limited` with the seconds until it gets those of another one
   */
  take(client: string, asset: bigint): void
}

const secondsPerDay = 86_400

/** @param perDay Accounts of one client and service in a day; 0 is no limit. */
export function createFreeAccounts(perDay: number, nowMs?: () => number): FreeAccounts {
  const buckets = createBuckets({
    // A bucket may be left in debt: with half an account less so many fit, and what flows in at once is none more.
    ...{ perSecond: perDay / secondsPerDay, burst: perDay - 0.5 },
    ...(nowMs === undefined ? {} : { nowMs }),
  })
  return {
    take: (client, asset) => buckets.take(`${asset}/${networkOf(client)}`),
  }
}

/** Of IPv6 the first 64 bits: all addresses below are one subscriber's. */
export function networkOf(client: string): string {
  if (!isIPv6(client) || client.includes('.')) return client
  const [head = '', tail] = client.split('%')[0]?.split('::') ?? []
  const groups = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = Array.from({ length: 8 - groups.length - after.length }, () => '0')
  const first = [...groups, ...zeros, ...after].slice(0, 4)
  return first.map((group) => Number.parseInt(group, 16).toString(16)).join(':')
}
