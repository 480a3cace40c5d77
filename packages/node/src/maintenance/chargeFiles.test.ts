import { appendFile, copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openChargeLog } from '../adapters/journal/chargeLog.js'
import { openFileJournal } from '../adapters/journal/fileJournal.js'
import { openTestGateway, openTestSession } from '../gateway/sessions/testSessions.js'
import type { ChargeRecord } from '../ports/chargeLog.js'
import { checkCharges, copyCharges, countCharges, putCharges } from './chargeFiles.js'
import type { Finding } from './finding.js'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agorai-charges-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const charge: ChargeRecord = { kind: 'charge', session: 'one', lease: 1, call: '[1]' }

async function findingsIn(charges: string) {
  const findings: Finding[] = []
  const count = await checkCharges(charges, findings)
  return { count, found: findings.map(({ part, name, isLoss }) => [part, name, isLoss]) }
}

test('what was charged and not given back comes back with a copy, to the unit', async () => {
  const path = join(folder, 'journal.log')
  const journal = await openFileJournal(path)
  const gateway = await openTestGateway({ journal, folder })
  const { session, channel } = await openTestSession(gateway.memory, { ceiling: 1_000 })
  for (const used of [3, 5, 7]) expect((await gateway.sell({ session, used })).status).toBe(200)
  // The gateway runs on: what it charges later is not in the copy.
  const copy = join(folder, 'copy')
  expect(await copyCharges(join(folder, 'charges'), join(copy, 'backup'))).toBe(3)
  await copyFile(path, join(copy, 'journal.log'))
  await gateway.sell({ session, used: 9 })
  await gateway.stop()
  await journal.close()

  await putCharges(join(copy, 'backup'), join(copy, 'charges'))
  const again = await openFileJournal(join(copy, 'journal.log'))
  const restored = await openTestGateway({ journal: again, folder: copy })
  await restored.route('post /api/v1/sessions/{id}/close', { session })
  expect(restored.memory.channels.get(channel)?.charged).toBe(15n)
  await restored.stop()
  await again.close()
})

test('a copy is brought up to date, and put where no other gateway has charges', async () => {
  const [from, to] = [join(folder, 'from'), join(folder, 'to')]
  const log = await openChargeLog(from)
  await log.append(charge)
  expect(await copyCharges(from, to)).toBe(1)
  const forget = await log.turn()
  await log.append(charge)
  await log.append(charge)
  await forget()
  expect(await copyCharges(from, to)).toBe(2)
  expect((await readdir(to)).toSorted()).toEqual(['charges-00000002.log', 'gateway'])
  await log.close()

  const other = join(folder, 'other')
  const theirs = await openChargeLog(other)
  // It was started, and charged nothing.
  await putCharges(to, other)
  expect(await readFile(join(other, 'gateway'))).toEqual(await readFile(join(from, 'gateway')))
  await putCharges(to, other)
  expect(await countCharges(other)).toBe(2)
  await theirs.close()
  await writeFile(join(other, 'gateway'), 'somebody else')
  await expect(putCharges(to, other)).rejects.toMatchObject({ code: 'config_invalid', field: 'AGORAI_DATA_DIR' })
})

test('what is torn, damaged or missing is found', async () => {
  const charges = join(folder, 'charges')
  expect(await findingsIn(charges)).toEqual({ count: 0, found: [] })
  for (let start = 0; start < 2; start++) {
    const log = await openChargeLog(charges)
    for (let nth = 0; nth < 3; nth++) await log.append(charge)
    await log.close()
  }
  expect(await findingsIn(charges)).toEqual({ count: 6, found: [] })
  const [first, second] = ['charges-00000001.log', 'charges-00000002.log']
  await appendFile(join(charges, second), Buffer.from([0, 0, 0, 40, 1, 2, 3]))
  expect(await findingsIn(charges)).toEqual({ count: 6, found: [['charges', second, false]] })
  const bytes = await readFile(join(charges, first))
  bytes.writeUInt8(bytes.readUInt8(40) ^ 1, 40)
  await writeFile(join(charges, first), bytes)
  await rm(join(charges, 'gateway'))
  expect(await findingsIn(charges)).toEqual({
    count: 3,
    found: [
      ['charges', first, true],
      ['charges', second, false],
      ['charges', 'gateway', true],
    ],
  })
  await expect(copyCharges(charges, join(folder, 'copy'))).rejects.toMatchObject({ code: 'journal_damaged' })
})
