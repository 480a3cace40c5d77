import { x402Errors } from '@agorai/core'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testEngines } from '../../adapters/database/testDatabases.js'
import { openPostgresJournal } from '../../adapters/journal/postgresJournal.js'
import type { Database } from '../../ports/database.js'
import { createTestPayer, requiredBy } from './testPayer.js'
import { type PaymentChain, type Shop, startPaymentChain, startShop } from './testShop.js'

// Several processes share a served database; the embedded one takes its place where there is none.
const served = (await testEngines(process.env.DATABASE_URL)).filter(({ missing }) => missing === undefined).slice(-1)
for (const engine of served)
  describe(`two gateways over one journal in ${engine.name}`, () => {
    let place: PaymentChain
    let database: Database
    let shops: Shop[]
    beforeAll(async () => {
      place = await startPaymentChain()
      database = await engine.open()
      const operator = privateKeyToAccount(generatePrivateKey())
      const own = { ...database, close: async () => {} }
      const open = async () => startShop(place, { operator, journal: await openPostgresJournal(own) })
      shops = [await open(), await open()]
    }, 120_000)
    afterAll(async () => {
      for (const shop of shops ?? []) await shop.stop()
      await database?.close()
      await place?.kill()
    })

    const chargedAt = async (channel: `0x${string}`) =>
      Promise.all(
        shops.map(async (shop) => {
          await shop.memory().catchUp()
          return shop.memory().channels.get(channel)?.charged
        }),
      )

    test('of the same voucher at both one is answered, the other is told what was charged', async () => {
      const [first, second] = shops as [Shop, Shop]
      const account = await place.createPayer()
      const [here, there] = [await createTestPayer(first.url, account), await createTestPayer(second.url, account)]
      expect((await here.pay(await here.deposit(1_000n, 50_000n), 'abc')).status).toBe(200)
      let charged = 3n
      for (const body of ['x', 'hello', 'again']) {
        const payload = await here.voucher(charged + 1_000n)
        const answers = await Promise.all([here.pay(payload, body), there.pay(payload, body)])
        charged += BigInt(body.length)
        expect(answers.map(({ status }) => status).sort()).toEqual([200, 402])
        const [refused] = answers.filter(({ status }) => status === 402)
        const required = requiredBy(refused as Response)
        expect(required.error).toBe(x402Errors.cumulativeMismatch)
        expect(required.accepts[0]?.extra.channelState).toMatchObject({ chargedCumulativeAmount: String(charged) })
        expect(await chargedAt(here.channelOf())).toEqual([charged, charged])
      }
    })

    test('a client goes from one to the other', async () => {
      const [first, second] = shops as [Shop, Shop]
      const account = await place.createPayer()
      const [here, there] = [await createTestPayer(first.url, account), await createTestPayer(second.url, account)]
      await here.pay(await here.deposit(1_000n, 50_000n), 'abc')
      for (let charged = 3n; charged < 12n; charged += 3n) {
        const at = charged % 2n === 0n ? here : there
        expect((await at.pay(await at.voucher(charged + 1_000n), 'abc')).status).toBe(200)
      }
    })

    test('one exact payment for one request is settled once', async () => {
      const [first, second] = shops as [Shop, Shop]
      const account = await place.createPayer()
      const [here, there] = [await createTestPayer(first.url, account), await createTestPayer(second.url, account)]
      const before = await place.balanceOf(first.service.till)
      const payload = await here.transfer()
      const answers = await Promise.all([here.payExact(payload, 'same'), there.payExact(payload, 'same')])
      expect(await place.balanceOf(first.service.till)).toBe(before + 1_000n)
      for (const answer of answers) if (answer.status === 200) expect(await answer.text()).toBe('echo same')
      expect(answers.some(({ status }) => status === 200)).toBe(true)
      const [again, other] = [await there.payExact(payload, 'same'), await there.payExact(payload, 'other')]
      expect([again.status, other.status]).toEqual([200, 409])
    })
  })
