import type { Version } from '@agorai/core'
import { formatBps } from '../../format/money.js'

/** What a version changed of what the chain holds, compared with the one before; the first is only the first. */
export function describeChange(before: Version | undefined, version: Version): string[] {
  if (before === undefined) return ['First publication']
  const rate = (name: string, from: number, to: number) =>
    from === to ? [] : [`${name} ${formatBps(from)} → ${formatBps(to)}`]
  const granted = (name: string, from: boolean, to: boolean) =>
    from === to ? [] : [`${name} ${to ? 'allowed' : 'no longer allowed'}`]
  const asked = (name: string, from: boolean, to: boolean) =>
    from === to ? [] : [`${name} ${to ? 'asked for' : 'no longer asked for'}`]
  const [then, now] = [before.terms, version.terms]
  const changes = [
    ...(before.manifestDigest === version.manifestDigest ? [] : ['Manifest']),
    ...lists('Built from', before.parents, version.parents),
    ...lists('Sells the work of', before.suppliers, version.suppliers),
    ...rate('Owed to ancestors', sum(before.edges), sum(version.edges)),
    ...rate('Owed to suppliers', sum(before.supplies), sum(version.supplies)),
    ...rate('Contributors’ share', before.contributorBps, version.contributorBps),
    ...(before.contributorRoot === version.contributorRoot ? [] : ['Contributors']),
    ...rate('Royalty asked', then.royaltyBps, now.royaltyBps),
    ...rate('Asked of services', then.serveBps, now.serveBps),
    ...granted('Building from it', then.derivatives, now.derivatives),
    ...granted('Selling what is built from it', then.commercial, now.commercial),
    ...asked('Consent', then.consent, now.consent),
    ...asked('Attribution', then.attribution, now.attribution),
    ...rate('Protocol fee', before.feeBps, version.feeBps),
  ]
  return changes.length === 0 ? ['Nothing that the chain holds'] : changes
}

const sum = (edges: readonly { bps: number }[]) => edges.reduce((total, { bps }) => total + bps, 0)

function lists(name: string, before: readonly string[], after: readonly string[]): string[] {
  const added = after.filter((id) => !before.includes(id))
  const dropped = before.filter((id) => !after.includes(id))
  return [
    ...(added.length === 0 ? [] : [`${name}: ${added.map((id) => `version ${id}`).join(', ')} added`]),
    ...(dropped.length === 0 ? [] : [`${name}: ${dropped.map((id) => `version ${id}`).join(', ')} left out`]),
  ]
}
