import { type PaymentRequired, x402Errors } from '@agorai/core'
import type { PrivateKeyAccount } from 'viem'
import { expect } from 'vitest'
import { createTestPayer, requiredBy, settledBy } from '../../packages/node/src/gateway/payments/testPayer.js'
import { channelOnChain } from './channels.js'
import { type PaidNode, type Purse, type Running, randomNonce, target } from './paidNode.js'
import { callBody, price } from './paidService.js'
import { openSessionAt, sessionState, topUpSessionAt } from './sessionClient.js'

/** Work on a node that a payer follows: it notes what was acknowledged, and `check` finds it after a crash. */
export type Work = { run(node: Running): Promise<void>; check(node: Running): Promise<void> }

const deposited = 20_000n
const json = { 'content-type': 'application/json' }

const payerAt = (paid: PaidNode, { url }: Running, account: PrivateKeyAccount) =>
  createTestPayer(url + target, account, { headers: json, body: callBody(paid.service, 'how much?') })

async function textOf(answer: Response): Promise<string> {
  return `HTTP ${answer.status}: ${await answer.text()}`
}

/** A call that is paid by a transfer. Whoever got no answer sends the very same again, and has paid once. */
export async function exactWork(paid: PaidNode): Promise<Work> {
  const { market, service } = paid
  const account = await paid.newPayer()
  const before = await market.balanceOf(account.address)
  let calls = 0n
  let last: { payload: object; body: string } | undefined
  async function run(node: Running): Promise<void> {
    const payer = await payerAt(paid, node, account)
    last ??= { payload: await payer.transfer(), body: callBody(service, `transfer ${calls}`) }
    const answer = await payer.payExact(last.payload, last.body)
    if (answer.status !== 200) throw new Error(await textOf(answer))
    last = undefined
    calls += 1n
    expect(await market.balanceOf(account.address)).toBe(before - calls * price)
  }
  return { run, check: run }
}

/** Deposits with a call, and asks for the rest back: what the payer has and what it was charged are always what it had. */
export async function refundWork(paid: PaidNode): Promise<Work> {
  const { market, service } = paid
  const account = await paid.newPayer()
  const before = await market.balanceOf(account.address)
  let charged = 0n
  let calls = 0
  /** A deposit with its call that nobody answered. */
  let last: { payload: object; body: string } | undefined

  async function deposit(node: Running): Promise<void> {
    const payer = await payerAt(paid, node, account)
    last ??= {
      payload: await payer.deposit(charged + price, deposited),
      body: callBody(service, `deposit ${calls++}`),
    }
    const answer = await payer.pay(last.payload, last.body)
    if (answer.status === 402) {
      // It was charged before the crash, once; and never less than what was acknowledged.
      expect(chargedBy(requiredBy(answer))).toBe(charged + price)
    } else if (answer.status !== 200) throw new Error(await textOf(answer))
    last = undefined
    charged += price
  }

  async function refund(node: Running): Promise<void> {
    const payer = await payerAt(paid, node, account)
    const asked = { ...(await payer.voucher(charged)), type: 'refund' }
    const answer = await payer.send(payer.batch, asked, '', 'GET')
    // Nothing is left where what was asked for before the crash reached the chain.
    if (answer.status === 402) expect(requiredBy(answer).error).toBe(x402Errors.refundNoBalance)
    else if (answer.status !== 200) throw new Error(await textOf(answer))
    else expect(BigInt(settledBy(answer).amount ?? 0)).toBeGreaterThan(0n)
    expect(await market.balanceOf(account.address)).toBe(before - charged)
    expect(await channelOnChain(market, { channel: payer.channelOf() })).toEqual({ balance: charged, claimed: charged })
  }

  async function run(node: Running): Promise<void> {
    await deposit(node)
    await refund(node)
  }
  return {
    run,
    async check(node) {
      if (last !== undefined) await deposit(node)
      await refund(node)
      await run(node)
    },
  }
}

const chargedBy = ({ accepts }: PaymentRequired): bigint => {
  const state = accepts.find(({ scheme }) => scheme === 'batch-settlement')?.extra.channelState
  return BigInt((state as { chargedCumulativeAmount?: string } | undefined)?.chargedCumulativeAmount ?? -1)
}

/** A session whose ceiling is raised, and closed. A ceiling that was acknowledged holds. */
export function topUpWork(paid: PaidNode, purse: Purse): Work {
  let ceiling = 0n
  async function run({ url }: Running): Promise<void> {
    purse.session ??= { nonce: randomNonce(), opened: undefined, answered: new Set() }
    const { session } = purse
    const { charged } = purse
    session.opened ??= await openSessionAt(url, purse.client, {
      ...{ charged, budget: price * 10n, asset: paid.service.asset, nonce: session.nonce },
    })
    await topUpSessionAt(url, purse.client, { opened: session.opened, charged, ceiling: price * 50n })
    ceiling = price * 50n
    expect(await sessionState(url, session.opened, 'close')).toMatchObject({ state: 'closed', charged: '0' })
    purse.session = undefined
    ceiling = 0n
  }
  return {
    run,
    async check(node) {
      const { opened } = purse.session ?? {}
      if (opened !== undefined) {
        const { state, ceiling: kept } = await sessionState(node.url, opened)
        expect(BigInt(kept)).toBeGreaterThanOrEqual(ceiling)
        // What had begun to close is brought to its end, and takes no other ceiling.
        if (state !== 'open') {
          const isClosed = { state: 'closed', charged: '0' }
          await expect.poll(() => sessionState(node.url, opened, 'close'), { timeout: 60_000 }).toMatchObject(isClosed)
          purse.session = undefined
          ceiling = 0n
        }
      }
      await run(node)
    },
  }
}
