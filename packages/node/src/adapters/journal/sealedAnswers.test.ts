import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { ChargeRecord } from '../../ports/chargeLog.js'
import type { JournalRecord } from '../../ports/journal.js'
import { openChargeLog } from './chargeLog.js'
import { openFileJournal } from './fileJournal.js'
import { sealAnswers, sealCharges } from './sealedAnswers.js'

const folder = await mkdtemp(join(tmpdir(), 'agorai-sealed-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

const [own, another] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
const said = 'what the buyer alone should read'
const body = Buffer.from(said).toString('base64')
const headers = { 'content-type': 'text/plain' }
const requestHash = '0x00' as const
const answered = (key: string): JournalRecord => ({
  ...{ kind: 'call-answered', scope: 's', key, requestHash, status: 200, headers, body, at: 1 },
})
const records: JournalRecord[] = [
  answered('1'),
  { ...answered('2'), status: 409, body: '' } as JournalRecord,
  { kind: 'call-ended', scope: 's', key: 'k', attempt: 0, at: 1, answer: { status: 200, headers, body } },
  { kind: 'call-ended', scope: 's', key: 'l', attempt: 0, at: 1 },
  { kind: 'call-begun', scope: 's', key: 'm', attempt: 0, requestHash, gateway: 'g', at: 1 },
]

async function read<record>(given: AsyncGenerator<record>): Promise<record[]> {
  const all: record[] = []
  for await (const each of given) all.push(each)
  return all
}
const expectHidden = async (path: string) => {
  const bytes = await readFile(path)
  for (const text of [said, body, body.slice(4, 24)]) expect(bytes.includes(text)).toBe(false)
}

test('kept answers lie closed in the journal, and are read by the operator alone', async () => {
  const path = join(folder, 'journal.log')
  const journal = sealAnswers(await openFileJournal(path), own)
  for (const record of records) expect(await journal.append(record)).toEqual(record)
  expect(await journal.find(['call/s/1'])).toEqual([answered('1')])
  expect(journal.news).toBeUndefined()
  await journal.close()
  await expectHidden(path)

  const plain = await openFileJournal(path)
  expect(await read(sealAnswers(plain, own).replay())).toEqual(records)
  // Whoever lost the key loses the answers, and nothing else.
  const [first, second, third, ...rest] = await read(sealAnswers(plain, another).replay())
  expect(first).toEqual({ ...answered('1'), status: 409, body: '' })
  expect(third).toMatchObject({ answer: { status: 200, body: undefined } })
  expect([second, ...rest]).toEqual([records[1], ...records.slice(3)])
  // An answer is that of its name alone.
  const moved = (await read(plain.replay())).map((record) => ({ ...record, key: 'other' }) as JournalRecord)
  const swapped = sealAnswers({ ...plain, find: async () => moved }, own)
  expect((await swapped.find([]))[0]).toMatchObject({ status: 409, body: '' })
  await plain.close()
})

test('so they do in the charge log', async () => {
  const path = join(folder, 'charges')
  const charge: ChargeRecord = { kind: 'charge', session: 's', lease: 0, call: '1|2' }
  const keyed: ChargeRecord = {
    ...charge,
    keyed: { scope: 's', key: 'k', attempt: 0, answer: { status: 200, headers, body } },
  }
  const log = sealCharges(await openChargeLog(path), own)
  expect([await log.append(charge), await log.append(keyed)]).toEqual([charge, keyed])
  await log.close()
  for (const name of await readdir(path)) await expectHidden(join(path, name))
  const again = sealCharges(await openChargeLog(path), own)
  expect(await read(again.replay())).toEqual([charge, keyed])
  await again.close()
})
