import {
  AgoraiError,
  hashMessageOf,
  type SigningDomain,
  sessionBytes32,
  toTypedData,
  type UsageReceipt,
} from '@agorai/core'
import { bytesToHex, type Hex, zeroHash } from 'viem'
import type { Journal } from '../../ports/journal.js'
import type { OperatorKeys } from '../../ports/keys.js'
import { nameOfSessionRecord } from '../../ports/sessionRecords.js'
import { type ChargedCall, counterOfLine, parseChargeLine } from './chargeLine.js'
import type { Live } from './pools.js'
import type { SessionState } from './sessionBook.js'

export type UsageReceiptsOptions = {
  journal: Pick<Journal, 'find'>
  domain: SigningDomain
  account: OperatorKeys['account']
}

/** Signs for the calls of sessions when it is asked to: the same receipt each time, as signatures follow from what is signed. */
export function createUsageReceipts({ journal, domain, account }: UsageReceiptsOptions) {
  async function findLine({ state, pool, ending }: Live, counter: number): Promise<string | undefined> {
    for (const { calls } of [pool, ...ending])
      for (const line of calls) if (counterOfLine(line) === counter) return line
    const reports = state.reports.filter(({ least, most }) => least <= counter && counter <= most)
    const names = reports.map(({ number, part }) =>
      nameOfSessionRecord({
        ...{ kind: 'lease-returned', session: state.id, number },
        ...{ part, last: false, calls: [] },
      }),
    )
    for (const record of names.length === 0 ? [] : await journal.find(names))
      if (record.kind === 'lease-returned')
        for (const line of record.calls) if (counterOfLine(line) === counter) return line
    return undefined
  }

  return {
    /** @throws AgoraiError `not_found` also for a call that another gateway answered and has not given back yet. */
    async sign(live: Live, counter: number): Promise<{ receipt: UsageReceipt; signature: Hex }> {
      const line = await findLine(live, counter)
      if (line === undefined)
        throw new AgoraiError('not_found', `No call with counter ${counter} is known of this session yet.`)
      const receipt = toReceipt(live.state, parseChargeLine(line))
      return { receipt, signature: await account.signTypedData(toTypedData(domain, 'UsageReceipt', receipt)) }
    },
    /** What the payer signs to acknowledge a total. */
    acknowledgementHash: (state: SessionState, total: bigint, at: bigint): Hex =>
      hashMessageOf(domain, 'SessionAcknowledgement', {
        session: sessionBytes32(state.id),
        payer: state.payer,
        total,
        at,
      }),
  }
}

const toBytes32 = (hash: string): Hex => bytesToHex(Buffer.from(hash, 'base64url'))

const toReceipt = (state: SessionState, call: ChargedCall): UsageReceipt => ({
  session: sessionBytes32(state.id),
  channel: state.channel ?? zeroHash,
  counter: BigInt(call.counter),
  version: BigInt(call.version),
  payer: state.payer,
  amount: call.amount,
  usage: call.usage,
  requestHash: toBytes32(call.requestHash),
  responseHash: toBytes32(call.responseHash),
  answeredAt: BigInt(call.at),
})
