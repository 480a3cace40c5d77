import type { SessionInfo } from '@agorai/core'
import type { SessionState } from './sessionBook.js'

/** A session as its holder is told of it. */
export const describeSession = (session: SessionState): SessionInfo => ({
  session: session.id,
  state: session.state,
  paidBy: session.paidBy,
  payer: session.payer,
  ...(session.asset === undefined ? {} : { asset: session.asset }),
  ...(session.token === undefined ? {} : { token: session.token }),
  ...(session.channel === undefined ? {} : { channel: session.channel }),
  ceiling: String(session.ceiling),
  charged: String(session.charged),
  outstanding: String(session.outstanding),
  from: String(session.from),
  acknowledged: String(session.acknowledged),
  ...(session.acknowledgement === undefined ? {} : { acknowledgement: session.acknowledgement }),
  expiresAt: session.expiresAt,
})
