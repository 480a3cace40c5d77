import { createSession, type KeptSession, type Payer, type Session } from '@agorai/sdk'

/** A session that another process of this user opened. Its ceiling is raised by `agorai session top-up` only. */
export const resumeSession = (payer: Payer, kept: KeptSession): Session =>
  createSession({ kept, payer, budget: kept.ceiling, openMax: kept.ceiling })
