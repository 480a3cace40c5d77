import type { Deployment, SigningDomain } from '@agorai/core'
import type { Chain } from '../../ports/chain.js'
import type { ChargeLog } from '../../ports/chargeLog.js'
import type { Journal } from '../../ports/journal.js'
import type { OperatorKeys } from '../../ports/keys.js'
import { createAnswerOnce } from '../calls/answerOnce.js'
import type { Cashier, ServedService } from '../calls/cashier.js'
import type { Route } from '../http/route.js'
import type { Memory } from '../memory.js'
import { createLiveSessions } from './authenticate.js'
import { createSessionClosing } from './closeSession.js'
import { createFreeAccounts } from './freeAccounts.js'
import { createSessionGrants } from './grantSession.js'
import { createHousekeeping } from './keepHouse.js'
import { createSessionOpening, type SessionVouchers } from './openSession.js'
import { createPools } from './pools.js'
import { recover } from './recover.js'
import { createSellInSession } from './sellInSession.js'
import { createSessionKeys } from './sessionKeys.js'
import { sessionRoutes } from './sessionRoutes.js'
import { createUsageReceipts } from './usageReceipts.js'

export type CreateSessionsOptions = {
  memory: Memory
  journal: Journal
  log: ChargeLog
  keys: OperatorKeys
  chain: Chain
  addresses: Deployment
  domain: SigningDomain
  /** Undefined where the chain has no channels. */
  vouchers: SessionVouchers | undefined
  findService(asset: bigint): Promise<ServedService>
  /** Accounts that one address gets a service's free calls for in a day; 0 is no limit. */
  freeAccounts: number
  onWarning(message: string, cause: unknown): void
}

/** Sessions: opened by a budget, a pass or the free calls of a day; many calls draw on each at the same time. */
export type Sessions = Cashier & {
  routes: Route[]
  /** Gives back what this gateway holds, so that others, or its next start, find it free. */
  stop(): Promise<void>
  /** What is due now: slices given back, expired sessions ended. It happens by itself, too. */
  look(): Promise<void>
}

/** Gives back first what this gateway held when it ended. @throws AgoraiError when the journal does not take it. */
export async function createSessions(options: CreateSessionsOptions): Promise<Sessions> {
  const { memory, journal, log, keys, chain, addresses, domain, vouchers, findService, onWarning } = options
  const { gateway } = log
  const shared = journal.news !== undefined
  const operator = keys.account.address
  const answerOnce = createAnswerOnce({ memory, gateway })
  await recover({ memory, log, answerOnce })
  await (await log.turn())()

  const live = createLiveSessions({ memory, secretsOf: createSessionKeys(keys.encryption.privateKey) })
  const pools = createPools({ memory, gateway, shared })
  const closings = createSessionClosing({ memory, pools, gateway })
  const grants = createSessionGrants({
    ...{ memory, chain, addresses, domain, operator, findService },
    freeAccounts: createFreeAccounts(options.freeAccounts),
  })
  const opening = vouchers && createSessionOpening({ memory, live, pools, vouchers })
  const receipts = createUsageReceipts({ journal, domain, account: keys.account })
  const desk = vouchers?.desk
  const house = createHousekeeping({ memory, live, pools, closings, answerOnce, log, shared, desk, onWarning })
  house.start()
  const { publicClient } = chain
  return {
    sell: createSellInSession({ live, pools, log, answerOnce }),
    routes: sessionRoutes({ memory, live, opening, grants, closings, receipts, findService, publicClient, addresses }),
    look: house.look,
    async stop() {
      await house.stop()
      for (const each of live.all()) await pools.giveBack(each)
      await answerOnce.recordRest()
    },
  }
}
