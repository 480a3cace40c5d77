import { revenueLedgerAbi, type Version } from '@agorai/core'
import { type Log, parseEventLogs } from 'viem'
import type { EdgeKind } from './layoutLineage.js'

/** Money along one edge: from the version that sold to the one that is owed, in base units. */
export type Flow = { from: string; to: string; kind: EdgeKind; amount: bigint }

/** Money that has just moved along edges of the picture. A new `key` makes the picture move once. */
export type Movement = { key: string; token: { symbol: string; decimals: number }; flows: readonly Flow[] }

/** What a sale of a version owes along each of its edges: the floor of `amount · bps / 10,000`. */
export function saleFlows(version: Pick<Version, 'id' | 'edges' | 'supplies'>, amount: bigint): Flow[] {
  const { edges, id: from, supplies } = version
  const share = (bps: number) => (amount * BigInt(bps)) / 10_000n
  return [
    ...edges.map(({ ancestor, bps }): Flow => ({ from, to: ancestor, kind: 'royalty', amount: share(bps) })),
    ...supplies.map(({ supplier, bps }): Flow => ({ from, to: supplier, kind: 'supply', amount: share(bps) })),
  ].filter((flow) => flow.amount > 0n)
}

/** What transactions moved along edges, as the ledger's own events say. The fee has no edge in the picture. */
export function pulledFlows(logs: readonly Log[]): Flow[] {
  const flows = new Map<string, Flow>()
  const add = (from: bigint, to: bigint, kind: EdgeKind, amount: bigint) => {
    const key = `${from}-${to}-${kind}`
    const before = flows.get(key)?.amount ?? 0n
    flows.set(key, { from: from.toString(), to: to.toString(), kind, amount: before + amount })
  }
  for (const { args, eventName } of parseEventLogs({ abi: revenueLedgerAbi, logs: [...logs] })) {
    if (eventName === 'RevenuePulled') add(args.version, args.ancestor, 'royalty', args.amount)
    else if (eventName === 'SupplyPulled') add(args.version, args.supplier, 'supply', args.amount)
    else if (eventName === 'MemberCredited') add(args.version, args.member, 'member', args.amount)
  }
  return [...flows.values()].filter(({ to, amount }) => to !== '0' && amount > 0n)
}
