import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openFileJournal } from '../adapters/journal/fileJournal.js'
import type { NodeConfig } from '../config.js'
import type { JournalRecord } from '../ports/journal.js'
import { migrateJournal } from './migrateJournal.js'

const day = 86_400
const answer = (key: string, at: number): JournalRecord[] => [
  { kind: 'call-begun', scope: 's', key, attempt: 0, requestHash: 'r', gateway: 'g', at },
  { kind: 'call-ended', scope: 's', key, attempt: 0, at, answer: { status: 200, headers: {}, body: `${key}Kg==` } },
  { kind: 'call-answered', scope: 's', key, requestHash: '0x', status: 200, headers: {}, body: `${key}Kg==`, at },
]

test('a journal forgets answers that nobody can ask for any more, and nothing else', async () => {
  const dataFolder = await mkdtemp(join(tmpdir(), 'agorai-forget-'))
  try {
    const config = { journal: 'file', dataFolder } as NodeConfig
    const path = join(dataFolder, 'journal', 'journal.log')
    const session: JournalRecord = { kind: 'session-acknowledged', session: 's', total: '1', at: '1', signature: '0x' }
    const old = answer('oldAnswer', 5 * day)
    const young = answer('youngAnswer', 6 * day)
    const journal = await openFileJournal(path)
    await Promise.all([session, ...old, ...young].map(journal.append))
    await journal.close()
    const before = await readFile(path)
    expect(await migrateJournal(config, 7 * day)).toBe(false)
    expect((await readFile(path)).equals(before)).toBe(true)
    expect(await migrateJournal(config, 7 * day + 1)).toBe(false)
    const after = await readFile(path)
    expect([before, after].map((bytes) => bytes.includes('oldAnswer'))).toEqual([true, false])
    const again = await openFileJournal(path)
    const records: JournalRecord[] = []
    for await (const record of again.replay()) records.push(record)
    expect(records).toEqual([session, ...young])
    await again.close()
  } finally {
    await rm(dataFolder, { recursive: true, force: true })
  }
})
