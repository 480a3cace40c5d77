import { revenueLedgerAbi } from '@agorai/core'
import { type Log, parseEventLogs } from 'viem'

/** Money along one edge: from the version that sold to the ancestor that is owed, in base units. */
export type Flow = { from: string; to: string; amount: bigint }

/** Money that has just moved along edges of the picture. A new `key` makes the picture move once. */
export type Movement = { key: string; token: { symbol: string; decimals: number }; flows: readonly Flow[] }

/** What a sale of `version` owes along each of its royalty edges: the floor of `amount · bps / 10,000`. */
export function saleFlows(
  edges: readonly { ancestor: string; bps: number }[],
  version: string,
  amount: bigint,
): Flow[] {
  return edges
    .map((edge) => ({ from: version, to: edge.ancestor, amount: (amount * BigInt(edge.bps)) / 10_000n }))
    .filter((flow) => flow.amount > 0n)
}

/** What a transaction moved along royalty edges, as the ledger's own events say. The fee has no edge in the picture. */
export function pulledFlows(logs: readonly Log[]): Flow[] {
  const flows = new Map<string, Flow>()
  for (const { args } of parseEventLogs({ abi: revenueLedgerAbi, logs: [...logs], eventName: 'RevenuePulled' })) {
    if (args.ancestor === 0n || args.amount === 0n) continue
    const [from, to] = [args.version.toString(), args.ancestor.toString()]
    const key = `${from}-${to}`
    flows.set(key, { from, to, amount: (flows.get(key)?.amount ?? 0n) + args.amount })
  }
  return [...flows.values()]
}
