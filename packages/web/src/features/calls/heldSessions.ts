import { createSession, type KeptSession, type Payer, parseKeptSession, type Session } from '@agorai/sdk'

/**
 * Sessions that this tab opened, by account and service. Their keys spend money, so they are kept as long as the tab, and
 * where storage is forbidden as long as the page.
 */
const held = new Map<string, Session>()

const nameOf = (account: string, asset: string) => `agorai.session.${account.toLowerCase()}.${asset}`

export function heldSession(account: string, asset: string, payer: Payer | undefined): Session | undefined {
  const name = nameOf(account, asset)
  const known = held.get(name)
  if (known !== undefined || payer === undefined) return known
  const kept = recallSession(name)
  if (kept === undefined) return undefined
  // The page may have been left in the middle of a call, whose counter is used and which nobody counted.
  const session = createSession({
    ...{ payer, budget: kept.ceiling, openMax: kept.ceiling },
    kept: { ...kept, counter: kept.counter + 1, shared: true },
  })
  held.set(name, session)
  return session
}

/** Keeps a session as it stands now; undefined forgets it. */
export function holdSession(account: string, asset: string, session: Session | undefined): void {
  const name = nameOf(account, asset)
  if (session === undefined) held.delete(name)
  else held.set(name, session)
  try {
    if (session === undefined) sessionStorage.removeItem(name)
    else sessionStorage.setItem(name, JSON.stringify(session.kept(), withoutBigint))
  } catch {
    return
  }
}

const withoutBigint = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value)

function recallSession(name: string): KeptSession | undefined {
  try {
    const kept = parseKeptSession(JSON.parse(sessionStorage.getItem(name) ?? 'null'))
    return kept.expiresAt * 1000 > Date.now() ? kept : undefined
  } catch {
    return undefined
  }
}
