import { accessMarketAbi, revenueLedgerAbi } from '@agorai/core'
import type { Hex } from 'viem'
import { encodeAbiParameters, encodeEventTopics, getAbiItem, keccak256, numberToHex, toEventSelector } from 'viem/utils'
import { describe, expect, test } from 'vitest'
import { ChainInconsistentError } from './ChainInconsistentError.js'
import { createDecoder } from './events.js'
import { assertFollows, type BlockRange, readRange } from './readBlocks.js'
import { bytesOf } from './rows.js'
import { testAddress, testHash, testHeader } from './testRanges.js'
import { addresses, rpcBlock, rpcLog, type Server, serverOf } from './testServer.js'

const decoder = createDecoder(addresses)

const received = toEventSelector(getAbiItem({ abi: revenueLedgerAbi, name: 'RevenueReceived' }))
const word = numberToHex(1, { size: 32 })

const near = { from: 11n, to: 20n, nearFrom: 11n }
const far = { ...near, nearFrom: 100n }
const logsOf12 = ({ blockHash }: { blockHash?: Hex }) =>
  blockHash === undefined || blockHash === testHeader(12n).hash ? [rpcLog(12n, 0), rpcLog(12n, 1)] : []

/** A bloom filter that may contain an address. */
const bloomOf = (address: Hex): Hex => {
  const hash = BigInt(keccak256(address))
  const bits = [240n, 224n, 208n].map((shift) => 1n << ((hash >> shift) & 2047n))
  return numberToHex(
    bits.reduce((bloom, bit) => bloom | bit),
    { size: 256 },
  )
}

const textOf = ({ rows }: BlockRange): Record<string, string> =>
  Object.fromEntries([...rows].map(([table, some]) => [table, `${bytesOf(some)}`]))

describe('readRange', () => {
  test('takes logs by hash near the head and by range below, with the same result', async () => {
    const [byHash, byRange] = await Promise.all([
      readRange(serverOf({ logs: logsOf12 }), decoder, near),
      readRange(serverOf({ logs: logsOf12 }), decoder, far),
    ])
    expect(textOf(byHash)).toEqual(textOf(byRange))
    const line = (index: number) => ['12', index, testHash('transaction 12'), '1', '7'].join('\t')
    expect(textOf(byHash)).toEqual({ offer_closed: `${line(0)}\n${line(1)}\n` })
    expect(byHash.headers.map(({ number, logs }) => [number, logs])).toEqual(
      Array.from({ length: 10 }, (_, index) => [BigInt(11 + index), index === 1 ? 2 : 0]),
    )
    expect(byRange.headers.map(({ number, logs }) => [number, logs])).toEqual([
      [11n, 0],
      [12n, 2],
      [20n, 0],
    ])
  })

  test('counts a log that is sent twice once, and one of a copied contract not at all', async () => {
    const copy = rpcLog(12n, 9, { address: testAddress(66) })
    const logs = (filter: { blockHash?: Hex }) => [...logsOf12(filter), ...logsOf12(filter), copy]
    for (const range of [near, far])
      expect(textOf(await readRange(serverOf({ logs }), decoder, range)).offer_closed?.match(/\n/g)).toHaveLength(2)
  })

  test('leaves out events of ours that no table keeps', async () => {
    const topics = [testHash('Approval(address,address,uint256)')]
    const logs = () => [rpcLog(12n, 0, { address: addresses.assetRegistry, topics })]
    expect((await readRange(serverOf({ logs }), decoder, far)).rows.size).toBe(0)
  })

  test('reads an event with all that it carries', async () => {
    const values = [testAddress(5), 2n ** 256n - 1n, 4, 2n ** 40n - 1n, 1_700_000_000n] as const
    const types = ['address', 'uint256', 'uint32', 'uint40', 'uint40'].map((type) => ({ type }))
    const log = rpcLog(12n, 0, {
      topics: encodeEventTopics({
        abi: accessMarketAbi,
        eventName: 'PassGranted',
        args: { offerId: (7n << 16n) | 3n, version: 9n, holder: testAddress(0xab) },
      }),
      data: encodeAbiParameters(types, values),
    })
    const range = await readRange(serverOf({ logs: () => [log] }), decoder, far)
    const place = ['12', '0', testHash('transaction 12')]
    const pass = [`${(7n << 16n) | 3n}`, '7', '9', testAddress(0xab), testAddress(5), `${2n ** 256n - 1n}`, '4']
    const line = [...place, ...pass, `${2 ** 40 - 1}`, '1700000000'].join('\t')
    expect(textOf(range)).toEqual({ pass_granted: `${line}\n` })
  })

  const inconsistent: Record<string, Server> = {
    'a block whose parent is another': { block: (number) => rpcBlock(number, 'fork', number > 15n ? 15n : 99n) },
    'a block of another height': { block: () => rpcBlock(11n) },
    'a log that is cut short': {
      logs: () => [rpcLog(12n, 0, { address: addresses.revenueLedger, topics: [received, word, word, word] })],
    },
    'a log of a block that was replaced': { logs: () => [rpcLog(12n, 0, { blockHash: testHash('other') })] },
    'a log of another block of the range': {
      logs: ({ blockHash }) => (blockHash === testHeader(13n).hash ? [rpcLog(12n, 0)] : [rpcLog(12n, 1)]),
    },
    'a log that was taken back': { logs: () => [rpcLog(12n, 0, { removed: true })] },
    'no logs where the bloom filter has ours': {
      block: (number) => ({ ...rpcBlock(number), logsBloom: bloomOf(addresses.revenueLedger) }),
    },
  }
  for (const [name, server] of Object.entries(inconsistent))
    test(`${name} is asked for again`, async () => {
      await expect(readRange(serverOf(server), decoder, near)).rejects.toBeInstanceOf(ChainInconsistentError)
    })

  test('a first block that does not follow the cursor is asked for again', async () => {
    const other = await readRange(serverOf({ block: (number) => rpcBlock(number, 'fork', 1n) }), decoder, near)
    expect(() => assertFollows(other, testHeader(10n).hash)).toThrow(ChainInconsistentError)
    assertFollows(await readRange(serverOf({}), decoder, near), testHeader(10n).hash)
  })

  test('a range whose last block is replaced between its logs and its headers is asked for again', async () => {
    let asked = 0
    const block = (number: bigint) => rpcBlock(number, number === 20n && asked++ > 0 ? 'fork' : 'main')
    await expect(readRange(serverOf({ block }), decoder, far)).rejects.toBeInstanceOf(ChainInconsistentError)
  })

  test('no logs are believed where those of others explain the bloom filter', async () => {
    const block = (number: bigint) => ({ ...rpcBlock(number), logsBloom: numberToHex(2n ** 2048n - 1n, { size: 256 }) })
    let asked = 0
    const logs = () => (asked++ % 2 === 0 ? [] : [rpcLog(12n, 0, { address: testAddress(66) })])
    const one = { from: 12n, to: 12n, nearFrom: 12n }
    expect((await readRange(serverOf({ block, logs }), decoder, one)).rows.size).toBe(0)
  })

  test('a block that is not there is an error, not an empty one', async () => {
    await expect(readRange(serverOf({ block: () => null }), decoder, near)).rejects.toThrow(/could not be found/)
  })
})
