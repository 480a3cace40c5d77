import { formatBps } from '../../format/money.js'
import type { PlacedEdge } from './layoutLineage.js'

type Edge = Pick<PlacedEdge, 'from' | 'to' | 'kind' | 'bps' | 'inherited'>

/** How an edge is drawn: each kind has a stroke of its own, told apart without colour. */
export function edgeClass({ kind, inherited }: Pick<Edge, 'kind' | 'inherited'>): string {
  return `lineage-edge lineage-edge-${kind}${inherited ? ' lineage-edge-inherited' : ''}`
}

/** An edge in words, for whoever does not see the picture. */
export function edgeSentence({ from, to, kind, bps, inherited }: Edge, names: ReadonlyMap<string, string>): string {
  const [payer, payee] = [names.get(from) ?? `Version ${from}`, names.get(to) ?? `version ${to}`]
  if (kind === 'supply') return `${payer} sells the work of ${payee} and owes it ${formatBps(bps)} of its sales.`
  if (kind === 'member') return `${payer} gathers ${payee} and gives it ${formatBps(bps)} of what it keeps.`
  return `${payer} owes ${payee} ${formatBps(bps)} of its sales${inherited ? ', inherited.' : '.'}`
}
