import { eventPageSchema } from '@agorai/core'
import { describe, expect, test } from 'vitest'
import { testEngines } from '../adapters/database/testDatabases.js'
import { commitRange, readCursor, rollBack } from '../indexer/store.js'
import { testBlock, testHeader } from '../indexer/testRanges.js'
import { ada, boole, granted, listed, minted, sold, twoAssets, useCatalogue } from './testCatalogue.js'

for (const engine of await testEngines(process.env.DATABASE_URL))
  describe.skipIf(engine.missing !== undefined)(`events on ${engine.name}`, () => {
    const { catalogue, append, database } = useCatalogue(engine)
    const read = async (parameters: Partial<Parameters<ReturnType<typeof catalogue>['readEvents']>[0]> = {}) =>
      eventPageSchema.parse(await catalogue().readEvents({ limit: 100, ...parameters }))

    /** Takes back all above a height, and adds one block of another fork for each list of events. */
    async function replace(above: bigint, ...blocks: Parameters<typeof testBlock>[1][]) {
      const { tip } = await readCursor(database())
      await rollBack(database(), tip?.hash ?? '0x', testHeader(above), [])
      for (const [index, events] of blocks.entries()) {
        const { tip: below } = await readCursor(database())
        await commitRange(
          database(),
          below?.hash,
          testBlock(above + 1n + BigInt(index), events, 'fork', above + 1n),
          0n,
        )
      }
    }

    test('are told in the order of the chain, with what they carry', async () => {
      await append(...twoAssets, listed(1, 0, '1000'), granted(1, 0, boole, { amount: '1000' }))
      await append(sold(1, `${2n ** 255n}`))
      const { events, cursor, more, retractedAbove } = await read()
      expect({ more, retractedAbove, cursor }).toEqual({ more: false, retractedAbove: null, cursor: events.at(-1)?.id })
      expect(events.map(({ name }) => name)).toEqual([
        'Transfer',
        'VersionPublished',
        'Transfer',
        'VersionPublished',
        'EdgesDrawn',
        'OfferListed',
        'PassGranted',
        'RevenueReceived',
      ])
      expect(events.at(-1)).toMatchObject({
        contract: 'revenueLedger',
        block: 2,
        blockHash: testHeader(2n).hash,
        args: { version: '1', amount: `${2n ** 255n}` },
      })
      expect(events[4]?.args).toMatchObject({ parents: ['1'], royalties: [{ ancestor: '1', bps: 1_000 }] })
      expect(await catalogue().lastEvent()).toBe(cursor)
      expect(
        (await read({ names: ['PassGranted', 'Transfer'] })).events.map(({ args }) => args.holder ?? args.recipient),
      ).toEqual([ada, boole, boole])
    })

    test('come page by page, each once', async () => {
      for (let block = 0; block < 7; block++) await append(minted(block + 1, ada), sold(1, '1'), sold(2, '2'))
      const whole = (await read()).events
      for (const limit of [1, 2, 4, 21]) {
        const found: unknown[] = []
        for (let after: string | undefined; ; ) {
          const page = await read({ limit, ...(after === undefined ? {} : { after }) })
          expect(page.events.length).toBeLessThanOrEqual(limit)
          found.push(...page.events)
          if (!page.more) break
          after = page.cursor ?? undefined
        }
        expect(found).toEqual(whole)
      }
      expect(await read({ after: whole.at(-1)?.id ?? '' })).toMatchObject({ events: [], cursor: whole.at(-1)?.id })
    })

    test('a reader whose last event was taken back is told from where, and what came instead', async () => {
      for (let block = 1; block <= 5; block++) await append(sold(1, `${block}`))
      const ids = (await read()).events.map(({ id }) => id)
      await replace(3n, [sold(1, '40')])
      const remembering = await read({ after: ids[4] ?? '', earlier: ids.slice(0, 4).reverse() })
      expect(remembering).toMatchObject({ retractedAbove: 3, events: [{ block: 4, args: { amount: '40' } }] })
      // Block 5 is not there yet, so who remembers nothing waits for it.
      expect(await read({ after: ids[4] ?? '' })).toMatchObject({ retractedAbove: null, events: [], cursor: ids[4] })
      const resumed = await read({ after: ids[3] ?? '' })
      expect(resumed.retractedAbove).toBe(-1)
      expect(resumed.events.map(({ args }) => args.amount)).toEqual(['1', '2', '3', '40'])
    })

    test('where nothing came instead, the reader goes on from what is left', async () => {
      for (let block = 1; block <= 3; block++) await append(sold(1, `${block}`))
      const ids = (await read()).events.map(({ id }) => id)
      await replace(2n, [])
      expect(await read({ after: ids[2] ?? '', earlier: [ids[1] ?? '', ids[0] ?? ''] })).toEqual({
        retractedAbove: 2,
        events: [],
        cursor: ids[1],
        more: false,
      })
      expect((await read({ after: ids[1] ?? '' })).retractedAbove).toBeNull()
    })

    test('whoever waits for the next block is answered when it is there, or when they go', async () => {
      await append(sold(1, '1'))
      const never = new AbortController()
      const first = await catalogue().nextBlock(undefined, never.signal)
      expect(first).toBe(testHeader(1n).hash)
      const waiting = Promise.all([1, 2, 3].map(() => catalogue().nextBlock(first, never.signal)))
      await append(sold(1, '2'))
      expect(await waiting).toEqual([1, 2, 3].map(() => testHeader(2n).hash))
      const leaving = catalogue().nextBlock(testHeader(2n).hash, never.signal)
      never.abort()
      expect(await leaving).toBe(testHeader(2n).hash)
    })
  })
