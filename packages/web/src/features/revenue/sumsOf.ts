import type { Entitlement } from '@agorai/core'

/**
 * What the parties of a version have earned, took out and may take out, in base units. The treasury is left out: what it
 * holds comes from every sale of the market, not from this version's alone.
 */
export function sumsOf({ entitlements }: { entitlements: readonly Entitlement[] }) {
  const parties = entitlements.filter(({ role }) => role !== 'treasury')
  const sum = (part: 'entitled' | 'collected' | 'collectable') =>
    parties.reduce((total, entitlement) => total + BigInt(entitlement[part]), 0n)
  return { entitled: sum('entitled'), collected: sum('collected'), collectable: sum('collectable') }
}
