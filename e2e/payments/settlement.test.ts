import { batchSettlementAbi, batchSettlementAddress, revenueLedgerAbi } from '@agorai/core'
import { collectRevenue, getDevAccount } from '@agorai/sdk'
import { type Hex, type LocalAccount, zeroAddress } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { foundry } from 'viem/chains'
import { isAddressEqual } from 'viem/utils'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createOperatorSender } from '../../packages/node/src/adapters/chain/operatorSender.js'
import { batchToSign } from '../../packages/node/src/compose/settlement.js'
import type { JournalRecord } from '../../packages/node/src/ports/journal.js'
import { noMetrics } from '../../packages/node/src/ports/metrics.js'
import type { OperatorSender } from '../../packages/node/src/ports/operatorSender.js'
import { connectSettlement } from '../../packages/node/src/worker/connectSettlement.js'
import { createSettlement } from '../../packages/node/src/worker/createSettlement.js'
import { type Marketplace, startMarketplace } from '../marketplace.js'
import { channelOnChain, type OpenChannel, openChannel, receiverOf, withdraw } from './channels.js'

/** Workers that die between any two transactions, and several at once: what was charged is what the ledger has. */

let market: Marketplace
const payer = getDevAccount(7, foundry.id)
/** Versions that are sold: two services of one owner. */
let versions: [bigint, bigint]

beforeAll(async () => {
  market = await startMarketplace({ roles: ['gateway', 'indexer'] })
  await market.mint(market.curie, 1_000_000_000n)
  const { ada, publishService } = market
  versions = [(await publishService(ada)).version, (await publishService(ada)).version]
}, 900_000)
afterAll(() => market?.stop(), 900_000)

/** An operator of its own, so that no test sees what another one left. */
async function newOperator() {
  const account = privateKeyToAccount(generatePrivateKey())
  await market.chain.setBalance({ address: account.address, value: 10n ** 18n })
  const receiver = await receiverOf(market, account.address)
  const records: JournalRecord[] = []
  return { account, receiver, records, charge: chargerOf(records) }
}
type Operator = Awaited<ReturnType<typeof newOperator>>

/** Writes down a charge as a gateway does. */
const chargerOf =
  (records: JournalRecord[]) =>
  async (open: OpenChannel, version: bigint, amount: bigint, at = Math.floor(Date.now() / 1_000)) => {
    const before = records.filter((record) => 'channel' in record && record.channel === open.channel)
    const last = before.at(-1)
    const from = last?.kind === 'channel-charged' ? BigInt(last.to) : 0n
    const to = from + amount
    records.push({
      kind: 'channel-charged',
      channel: open.channel,
      sequence: before.length,
      ...(before.length === 0 ? { config: open.config } : {}),
      at,
      from: String(from),
      to: String(to),
      signedMax: String(to),
      signature: await open.sign(to),
      version: String(version),
      requestHash: `0x${'00'.repeat(32)}`,
    })
  }

type Send = OperatorSender['send']
type WorkerOptions = { send?: (send: Send) => Send; value?: bigint; seconds?: number }

const newSender = ({ account }: Pick<Operator, 'account'>) =>
  createOperatorSender({ publicClient: market.chain as never, chainId: foundry.id, local: true, account })

/** A worker that begins anew, as after a crash. */
async function newWorker({ account, records }: Operator, options: WorkerOptions = {}) {
  const { send = (own) => own, value = 1_000_000_000n, seconds = 1_000_000 } = options
  const warnings: string[] = []
  let read = 0
  const sender = newSender({ account })
  const settlement = createSettlement({
    records: {
      async *news() {
        for (; read < records.length; read++) yield records[read] as JournalRecord
      },
      close: async () => {},
    },
    chain: connectSettlement({
      publicClient: market.chain as never,
      operator: account.address,
      addresses: market.node.info.chain.addresses,
      sender: { send: send(sender.send) },
    }),
    authorize: (rows) => account.signTypedData(batchToSign(foundry.id, rows)),
    policy: { value, deniableValue: value, seconds },
    pollMs: 20,
    metrics: noMetrics,
    onWarning: (message) => warnings.push(message),
  })
  return { ...settlement, warnings }
}

const salesOf = async (version: bigint): Promise<bigint> => {
  const call = { address: market.node.info.chain.addresses.revenueLedger, abi: revenueLedgerAbi } as const
  const args = [version, market.token] as const
  const [sales] = await market.chain.readContract({ ...call, functionName: 'accountOf', args })
  return sales
}

const gains = async (work: () => Promise<unknown>): Promise<[bigint, bigint]> => {
  const before = await Promise.all(versions.map(salesOf))
  await work()
  const after = await Promise.all(versions.map(salesOf))
  return [(after[0] ?? 0n) - (before[0] ?? 0n), (after[1] ?? 0n) - (before[1] ?? 0n)]
}

const open = (operator: Operator, amount: bigint, from: LocalAccount = payer) =>
  openChannel(market, { payer: from, receiver: operator.receiver, amount })

describe('a worker', { timeout: 900_000 }, () => {
  test('that dies before or after any transaction leaves nothing undone or done twice', async () => {
    const operator = await newOperator()
    const [first, second] = [await open(operator, 10_000n), await open(operator, 10_000n)]
    await operator.charge(first, versions[0], 1_001n)
    await operator.charge(first, versions[1], 502n)
    await operator.charge(second, versions[1], 77n)
    let crashes = 0
    const earned = await gains(async () => {
      for (let nth = 0; ; nth++) {
        let left = nth
        const died = (when: string) => new Error(`died ${when}`)
        const worker = await newWorker(operator, {
          // Even steps die before they send, odd ones when it is mined and nobody was told.
          send: (own) => async (call) => {
            if (left-- === 0) throw died('before')
            const receipt = await own(call)
            if (left-- === 0) throw died('after')
            return receipt
          },
        })
        const outcome = await worker.once(true).then(
          () => 'done',
          (error: Error) => error.message,
        )
        if (outcome === 'done') break
        expect(outcome).toMatch(/^died/)
        crashes += 1
        // Calls go on in between.
        await operator.charge(first, versions[nth % 2] as bigint, 10n)
        expect(nth).toBeLessThan(40)
      }
      const last = await newWorker(operator)
      await last.once(true)
      expect((await last.once(true)).transactions).toEqual([])
    })
    expect(crashes).toBeGreaterThanOrEqual(4)
    const extra = (odd: number) =>
      BigInt(Array.from({ length: crashes }, (_, nth) => nth).filter((nth) => nth % 2 === odd).length) * 10n
    expect(earned).toEqual([1_001n + extra(0), 579n + extra(1)])
    expect(await market.balanceOf(operator.receiver)).toBe(0n)
  })

  test('beside others does no harm, whoever comes first', async () => {
    const operator = await newOperator()
    const channels = [await open(operator, 5_000n), await open(operator, 5_000n), await open(operator, 5_000n)]
    const workers = await Promise.all([1, 2, 3].map(() => newWorker(operator)))
    const earned = await gains(async () => {
      for (let round = 0; round < 3; round++) {
        for (const [place, channel] of channels.entries())
          await operator.charge(channel, versions[place % 2] as bigint, 100n)
        await Promise.allSettled(workers.map((worker) => worker.once(true)))
      }
      for (const worker of workers) await worker.once(true)
    })
    expect(earned).toEqual([600n, 300n])
  })

  test('that hands on at the same moment as another, or again what was handed on, pays nothing twice', async () => {
    const operator = await newOperator()
    const channel = await open(operator, 10_000n)
    await operator.charge(channel, versions[0], 300n)
    await operator.charge(channel, versions[1], 21n)
    const sent: Parameters<Send>[0][] = []
    let meet = () => {}
    const met = new Promise<void>((resolve) => {
      meet = resolve
    })
    // What each sends to the receiver waits until both have computed it.
    const waiting =
      (own: Send): Send =>
      async (call, timeoutMs) => {
        if (!isAddressEqual(call.to, operator.receiver)) return own(call, timeoutMs)
        sent.push(call)
        if (sent.length === 1) throw new Error('died')
        if (sent.length === 3) meet()
        await met
        return own(call, timeoutMs)
      }
    const earned = await gains(async () => {
      await expect((await newWorker(operator, { send: waiting })).once(true)).rejects.toThrow('died')
      const workers = [await newWorker(operator, { send: waiting }), await newWorker(operator, { send: waiting })]
      const reports = await Promise.all(workers.map((worker) => worker.once(true)))
      expect(reports.flatMap(({ transactions }) => transactions)).toHaveLength(1)
    })
    expect(earned).toEqual([300n, 21n])
    // The dead one's statement was theirs, and comes too late now.
    const [late, ...others] = sent.map(({ to, data }) => ({ to, data }))
    expect(others).toEqual([late, late])
    const again = await newSender(operator)
      .send(late as Parameters<Send>[0])
      .catch((error: unknown) => error)
    expect(again).toMatchObject({
      code: 'transaction_reverted',
      details: { revert: 'OperatorReceiver_HistoryDiffers' },
    })
    await operator.charge(channel, versions[1], 4n)
    expect(await gains(async () => (await newWorker(operator)).once(true))).toEqual([0n, 4n])
  })

  test('claims by value, by age, and at once when a withdrawal begins', async () => {
    const operator = await newOperator()
    const [rich, old, fresh, leaving] = [
      await open(operator, 1_000_000n),
      await open(operator, 1_000_000n),
      await open(operator, 1_000_000n),
      await open(operator, 1_000_000n),
    ]
    const now = Math.floor(Date.now() / 1_000)
    await operator.charge(rich, versions[0], 50_000n)
    await operator.charge(old, versions[0], 10n, now - 5_000)
    await operator.charge(fresh, versions[0], 10n)
    await operator.charge(leaving, versions[0], 10n)
    const worker = await newWorker(operator, { value: 50_000n, seconds: 4_000 })
    const { channels } = await worker.once()
    expect(channels.map(({ channel }) => channel).toSorted()).toEqual([rich.channel, old.channel].toSorted())
    expect((await worker.once()).transactions).toEqual([])
    const finish = await withdraw(market, leaving, payer, 999_990n)
    const round = await worker.once()
    expect(round.channels).toMatchObject([{ channel: leaving.channel, after: 10n, withdrawing: true }])
    await finish()
    expect(await channelOnChain(market, leaving)).toEqual({ balance: 10n, claimed: 10n })
  })

  test('that starts while a withdrawal is under way claims too', async () => {
    const operator = await newOperator()
    const leaving = await open(operator, 1_000n)
    await operator.charge(leaving, versions[0], 10n)
    await withdraw(market, leaving, payer, 1_000n)
    const worker = await newWorker(operator)
    expect((await worker.once()).channels).toMatchObject([{ channel: leaving.channel, after: 10n }])
  })

  test('claims what a channel still holds, says what is lost, and does not go on about it', async () => {
    const operator = await newOperator()
    const [short, other] = [await open(operator, 1_000n), await open(operator, 1_000n)]
    const finish = await withdraw(market, short, payer, 900n)
    await finish()
    await operator.charge(short, versions[0], 60n)
    await operator.charge(short, versions[1], 200n)
    await operator.charge(other, versions[1], 5n)
    const worker = await newWorker(operator)
    const earned = await gains(async () => {
      const { channels } = await worker.once(true)
      expect(channels.find(({ channel }) => channel === short.channel)).toMatchObject({ after: 100n, lost: 160n })
    })
    // In the order of the calls: the first version whole, of the second what was left.
    expect(earned).toEqual([60n, 45n])
    expect(worker.warnings).toHaveLength(1)
    expect(await worker.once(true)).toMatchObject({ channels: [], transactions: [] })
    expect(worker.warnings).toHaveLength(1)
  })

  test('is not stopped by one voucher that the contract refuses', async () => {
    const operator = await newOperator()
    const [good, bad, better] = [await open(operator, 100n), await open(operator, 100n), await open(operator, 100n)]
    await operator.charge(good, versions[0], 3n)
    await operator.charge({ ...bad, sign: () => good.sign(7n) }, versions[0], 7n)
    await operator.charge(better, versions[1], 4n)
    const worker = await newWorker(operator)
    const earned = await gains(() => worker.once(true))
    expect(earned).toEqual([3n, 4n])
    expect(worker.warnings.join()).toContain(bad.channel)
    expect((await worker.once(true)).transactions).toEqual([])
  })

  test('pays no gas for what a contract of a payer does when it is asked for its signature', async () => {
    const operator = await newOperator()
    const { receiver } = operator
    const [greedy, good] = [
      await openChannel(market, { payer, payerAuthorizer: zeroAddress, receiver, amount: 100n }),
      await open(operator, 100n),
    ]
    await operator.charge(greedy, versions[0], 7n)
    await operator.charge(good, versions[1], 4n)
    // Says that it signed, after it has touched a byte so far out that memory up to it takes 19 million gas.
    await market.chain.setCode({ address: payer.address, bytecode: '0x623000005150631626ba7e60e01b60005260206000f3' })
    try {
      const worker = await newWorker(operator)
      const earned = await gains(async () => {
        for (const hash of (await worker.once(true)).transactions)
          expect((await market.chain.getTransactionReceipt({ hash })).gasUsed).toBeLessThan(1_000_000n)
      })
      expect(earned).toEqual([0n, 4n])
      expect(worker.warnings.join()).toContain(greedy.channel)
    } finally {
      await market.chain.setCode({ address: payer.address, bytecode: '0x' })
    }
  })

  test('pays no gas for dust that strangers claim for its receiver, and hands it on with the next charge', async () => {
    const operator = await newOperator()
    const { receiver } = operator
    const own = await open(operator, 1_000n)
    let isOut = false
    const send =
      (working: Send): Send =>
      async (call) => {
        if (isOut && call.to === receiver) throw new Error('out')
        return working(call)
      }
    const worker = await newWorker(operator, { value: 50n, send })
    await operator.charge(own, versions[0], 60n)
    await worker.once()
    // A channel that pays this receiver and answers for itself: whoever has it claims what they like of it.
    const strange = { payer, receiver, receiverAuthorizer: payer.address }
    const { config, sign } = await openChannel(market, { ...strange, amount: 100n })
    const signature = await sign(100n)
    const claim = async (totalClaimed: bigint) => {
      const voucher = { channel: config, maxClaimableAmount: 100n }
      const call = { address: batchSettlementAddress, abi: batchSettlementAbi, functionName: 'claim' } as const
      const args = [[{ voucher, signature, totalClaimed }]] as const
      const hash = await market.chain.writeContract({ ...call, account: payer, chain: foundry, args })
      await market.chain.waitForTransactionReceipt({ hash, pollingInterval: 5 })
    }
    for (const total of [1n, 2n, 7n]) {
      await claim(total)
      expect((await worker.once()).transactions).toEqual([])
    }
    await operator.charge(own, versions[0], 50n)
    isOut = true
    await expect(worker.once()).rejects.toThrow('out')
    isOut = false
    expect(await gains(() => worker.once())).toEqual([57n, 0n])
    expect((await worker.once()).transactions).toEqual([])
    // What is worth it needs no charge.
    await claim(60n)
    expect(await gains(() => worker.once())).toEqual([53n, 0n])
    expect(await market.balanceOf(receiver)).toBe(0n)
  })

  test('that has no journal any more pays out what was claimed, and goes on', async () => {
    const operator = await newOperator()
    const channel = await open(operator, 10_000n)
    await operator.charge(channel, versions[0], 100n)
    // Dies after the claim; then the journal is lost, and a new one begins at what the chain says.
    let sent = 0
    const dying = await newWorker(operator, {
      send: (own) => async (call) => {
        if (++sent === 3) throw new Error('died')
        return own(call)
      },
    })
    await expect(dying.once(true)).rejects.toThrow('died')
    operator.records.splice(0)
    const signature = await channel.sign(250n)
    const { channel: id, config } = channel
    operator.records.push({
      ...{ kind: 'channel-charged', channel: id, config, sequence: 0, at: 1, from: '100', to: '250', signedMax: '250' },
      ...{ signature, version: String(versions[1]), requestHash: `0x${'00'.repeat(32)}` as Hex },
    } as JournalRecord)
    const worker = await newWorker(operator)
    const earned = await gains(() => worker.once(true))
    expect(earned).toEqual([0n, 250n])
    expect(await market.balanceOf(operator.receiver)).toBe(0n)
  })

  test('what it settles is collected', async () => {
    const { ada, token, balanceOf } = market
    const before = await balanceOf(ada)
    await collectRevenue(ada, { token })
    expect(await balanceOf(ada)).toBeGreaterThan(before)
  })
})
