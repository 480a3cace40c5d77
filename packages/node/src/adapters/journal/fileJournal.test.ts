import { appendFile, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Journal, KeyDeposited } from '../../ports/journal.js'
import { openFileJournal } from './fileJournal.js'
import { encodeRecords, headerBytes, journalMagic } from './journalFormat.js'

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agorai-journal-'))
  path = join(folder, 'journal.log')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const record = (index: number): KeyDeposited => ({
  kind: 'key-deposited',
  manifestDigest: `0x${index.toString(16).padStart(64, '0')}`,
  commitment: `0x${'ab'.repeat(32)}`,
  cid: 'bafkreib',
  bytes: index,
  account: `0x${'cd'.repeat(20)}`,
})

async function replayAll(journal: Journal): Promise<number[]> {
  const indexes: number[] = []
  for await (const entry of journal.replay()) if (entry.kind === 'key-deposited') indexes.push(entry.bytes)
  return indexes
}

async function reopen(): Promise<number[]> {
  const journal = await openFileJournal(path)
  try {
    return await replayAll(journal)
  } finally {
    await journal.close()
  }
}

async function write(count: number): Promise<void> {
  const journal = await openFileJournal(path)
  for (let index = 0; index < count; index++) await journal.append(record(index))
  await journal.close()
}

const range = (count: number) => Array.from({ length: count }, (_, index) => index)

describe('openFileJournal', () => {
  test('gives back what was appended, in order, over several lives', async () => {
    await write(3)
    const journal = await openFileJournal(path)
    await Promise.all([3, 4, 5].map((index) => journal.append(record(index))))
    await journal.close()
    expect(await reopen()).toEqual(range(6))
  })

  test('puts concurrent appends into few groups', async () => {
    const journal = await openFileJournal(path)
    await Promise.all(range(500).map((index) => journal.append(record(index))))
    await journal.close()
    const file = await readFile(path)
    const groups = new Set<bigint>()
    for (let at = journalMagic.length; at < file.length; at += headerBytes + file.readUInt32BE(at))
      groups.add(file.readBigUInt64BE(at + 8))
    expect(groups.size).toBeLessThan(10)
    expect(await reopen()).toEqual(range(500))
  })

  test('reads a journal that is larger than its window', async () => {
    const journal = await openFileJournal(path)
    const large = (index: number): KeyDeposited => ({ ...record(index), cid: 'x'.repeat(900_000) })
    await Promise.all(range(8).map((index) => journal.append(large(index))))
    await expect(journal.append({ ...record(9), cid: 'x'.repeat(1_100_000) })).rejects.toMatchObject({
      code: 'payload_too_large',
    })
    await journal.close()
    expect(await reopen()).toEqual(range(8))
  })

  test('cut at any byte it keeps every whole record and can be continued', async () => {
    await write(4)
    const whole = await readFile(path)
    const ends = [journalMagic.length]
    for (let at = journalMagic.length; at < whole.length; ) {
      at += headerBytes + whole.readUInt32BE(at)
      ends.push(at)
    }
    for (let length = 0; length <= whole.length; length += 7) {
      await writeFile(path, whole.subarray(0, length))
      const kept = Math.max(ends.filter((end) => end <= length).length - 1, 0)
      const journal = await openFileJournal(path)
      await journal.append(record(99))
      await journal.close()
      expect(await reopen(), `cut at ${length}`).toEqual([...range(kept), 99])
    }
  })

  test('a flipped byte before the last record is damage, and the file is left alone', async () => {
    await write(4)
    const whole = await readFile(path)
    const last = lastRecordAt(whole)
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: last - 1 }), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
        const damaged = Buffer.from(whole)
        damaged.writeUInt8(damaged.readUInt8(at) ^ mask, at)
        await writeFile(path, damaged)
        await expect(openFileJournal(path)).rejects.toMatchObject({ code: 'journal_damaged' })
        expect(await readFile(path)).toEqual(damaged)
      }),
      { numRuns: 200 },
    )
  })

  test('a flipped byte in the group that was synced last is damage too, unless it is in its last record', async () => {
    await write(2)
    const journal = await openFileJournal(path)
    await Promise.all([2, 3, 4].map((index) => journal.append(record(index))))
    await journal.close()
    const whole = await readFile(path)
    const last = lastRecordAt(whole)
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: last - 1 }), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
        const damaged = Buffer.from(whole)
        damaged.writeUInt8(damaged.readUInt8(at) ^ mask, at)
        await writeFile(path, damaged)
        await expect(openFileJournal(path)).rejects.toMatchObject({ code: 'journal_damaged' })
      }),
      { numRuns: 200 },
    )
  })

  test('zeros at the end, alone or after half a record, are cut off', async () => {
    const half = encodeRecords([JSON.stringify(record(2))], 0).subarray(0, 60)
    for (const tail of [Buffer.alloc(5_000), Buffer.concat([half, Buffer.alloc(5_000)])]) {
      await rm(path, { force: true })
      await write(2)
      await appendFile(path, tail)
      expect(await reopen()).toEqual([0, 1])
    }
  })

  test('noise at the end, and a record behind zeros, are damage', async () => {
    const whole = Buffer.from(encodeRecords([JSON.stringify(record(2))], 0))
    const noise = Buffer.from(range(5_000).map((index) => (index * 7_919) % 251))
    for (const tail of [noise, Buffer.concat([Buffer.alloc(whole.length), whole])]) {
      await rm(path, { force: true })
      await write(2)
      await appendFile(path, tail)
      await expect(openFileJournal(path)).rejects.toMatchObject({ code: 'journal_damaged' })
    }
  })

  test('another file is not taken for a journal', async () => {
    await writeFile(path, 'something else entirely')
    await expect(openFileJournal(path)).rejects.toMatchObject({ code: 'journal_damaged' })
  })

  test('refuses records after it was closed', async () => {
    const journal = await openFileJournal(path)
    await journal.close()
    for (const index of [0, 1])
      await expect(journal.append(record(index))).rejects.toMatchObject({ code: 'node_unavailable' })
  })

  test('a file that loses its last record reads as one that never had it', async () => {
    await write(3)
    await truncate(path, lastRecordAt(await readFile(path)))
    expect(await reopen()).toEqual([0, 1])
  })
})

function lastRecordAt(file: Buffer): number {
  let last = journalMagic.length
  for (let at = last; at < file.length; at += headerBytes + file.readUInt32BE(at)) last = at
  return last
}
