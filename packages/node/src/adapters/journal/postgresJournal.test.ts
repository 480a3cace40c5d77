import { type Address, type Hex, pad, toHex } from 'viem'
import { afterEach, describe, expect, test } from 'vitest'
import type { Database } from '../../ports/database.js'
import type { DeliveryGranted, JournalRecord } from '../../ports/journal.js'
import { type TestEngine, testEngines } from '../database/testDatabases.js'
import { openPostgresJournal, type PostgresJournal } from './postgresJournal.js'

const holder: Address = '0x00000000000000000000000000000000000000Aa'
const idOf = (n: number): Hex => pad(toHex(n))

const grant = (nonce: number, request = nonce): DeliveryGranted => ({
  kind: 'delivery-granted',
  holder,
  nonce: idOf(nonce),
  requestDigest: idOf(request),
  expiry: 2_000_000_000,
  commitment: idOf(9),
  grant: {} as DeliveryGranted['grant'],
})

async function all(records: AsyncGenerator<JournalRecord>): Promise<JournalRecord[]> {
  const found: JournalRecord[] = []
  for await (const record of records) found.push(record)
  return found
}

const news = (journal: PostgresJournal) => all(journal.news?.() ?? journal.replay())

for (const engine of await testEngines(process.env.DATABASE_URL))
  describe.skipIf(engine.missing !== undefined)(`the journal in ${engine.name}`, () => shared(engine))

function shared({ open }: TestEngine) {
  let database: Database
  const journals = async (count: number) => {
    database = await open()
    // The tables of all of them are closed with the database itself.
    const own = { ...database, close: async () => {} }
    return Promise.all(Array.from({ length: count }, () => openPostgresJournal(own)))
  }
  afterEach(() => database.close())

  test('gives back what was appended, in order, and says which record stands', async () => {
    const [first] = (await journals(1)) as [PostgresJournal]
    const records = Array.from({ length: 1_200 }, (_, n) => grant(n))
    expect(await Promise.all(records.map(first.append))).toEqual(records)
    expect(await all(first.replay())).toEqual(records)
    // The same nonce for another request: the first one stands.
    expect(await first.append(grant(7, 8))).toEqual(grant(7))
    expect(await first.append({ ...grant(7, 8), holder: holder.toLowerCase() as Address })).toEqual(grant(7))
    expect(await all(first.replay())).toHaveLength(1_200)
    await first.assertWritable()
  })

  test('of gateways that grant one nonce at once, all are told of one grant', async () => {
    const gateways = await journals(4)
    for (let nonce = 0; nonce < 40; nonce++) {
      const answers = await Promise.all(gateways.map((gateway, n) => gateway.append(grant(nonce, 1_000 * nonce + n))))
      expect(new Set(answers.map((answer) => (answer as DeliveryGranted).requestDigest)).size).toBe(1)
    }
    expect(await all((gateways[0] as PostgresJournal).replay())).toHaveLength(40)
  })

  test('tells each gateway what any of them wrote, once, in one order, and skips nothing', async () => {
    const gateways = await journals(3)
    const heard: string[][] = gateways.map(() => [])
    const listen = async () => {
      for (const [n, gateway] of gateways.entries())
        for (const record of await news(gateway)) heard[n]?.push((record as DeliveryGranted).nonce)
    }
    let writing = true
    const listening = (async () => {
      while (writing) await listen()
      await listen()
    })()
    await Promise.all(
      gateways.map(async (gateway, n) => {
        for (let i = 0; i < 25; i++)
          await Promise.all([gateway.append(grant(100 * i + n)), gateway.append(grant(100 * i + 50 + n))])
      }),
    )
    writing = false
    await listening
    expect(heard[0]).toHaveLength(150)
    expect(new Set(heard[0]).size).toBe(150)
    expect(heard[1]).toEqual(heard[0])
    expect(heard[2]).toEqual(heard[0])
  })

  test('forgets answers that nobody can ask for any more, and nothing else', async () => {
    const [first] = (await journals(1)) as [PostgresJournal]
    const answer = (key: string): JournalRecord => ({
      ...{ kind: 'call-answered', scope: 's', key, requestHash: '0x', status: 200, headers: {}, body: '', at: 1 },
    })
    const records = [grant(1), answer('old'), answer('young')]
    await Promise.all(records.map(first.append))
    const age = 'UPDATE records SET recorded_at = now() - make_interval(hours => $1::int) WHERE name LIKE $2::text'
    await database.query(age, [49, '%'])
    await database.query(age, [47, '%young'])
    await first.forgetAnswers()
    expect(await all(first.replay())).toEqual([grant(1), answer('young')])
    // Its name is free again.
    expect(await first.append(answer('old'))).toEqual(answer('old'))
  })

  test('belongs to one operator', async () => {
    const [first, second] = (await journals(2)) as [PostgresJournal, PostgresJournal]
    await first.claim(holder)
    await second.claim(holder)
    await expect(second.claim('0x00000000000000000000000000000000000000bB')).rejects.toMatchObject({
      code: 'config_invalid',
      field: 'AGORAI_OPERATOR_KEYS',
    })
  })
}
