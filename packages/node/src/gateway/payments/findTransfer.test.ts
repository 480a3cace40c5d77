import { testUsdAbi } from '@agorai/core'
import { encodeAbiParameters, encodeEventTopics, type Hex, type PublicClient, pad } from 'viem'
import { expect, test } from 'vitest'
import { findTransfer } from './findTransfer.js'

const token: Hex = '0x3333333333333333333333333333333333333333'
const from: Hex = '0x1111111111111111111111111111111111111111'
const to: Hex = '0x2222222222222222222222222222222222222222'
const hash = pad('0x77')
const nonces = [pad('0x01'), pad('0x02')] as const

/** What the token says of one authorization: that it was used, and then what it moved. */
const usedFor = (nonce: Hex, value: bigint, payee: Hex) => [
  {
    topics: encodeEventTopics({ abi: testUsdAbi, eventName: 'AuthorizationUsed', args: { authorizer: from, nonce } }),
    data: '0x' as Hex,
  },
  {
    topics: encodeEventTopics({ abi: testUsdAbi, eventName: 'Transfer', args: { from, to: payee } }),
    data: encodeAbiParameters([{ type: 'uint256' }], [value]),
  },
]

/** A chain on which all of it happened in one transaction. */
function chainWith(events: ReturnType<typeof usedFor>): PublicClient {
  const logs = events.map((event, logIndex) => ({ ...event, address: token, logIndex, transactionHash: hash }))
  return {
    readContract: async () => true,
    getBlockNumber: async () => 1n,
    getLogs: async ({ args }: { args: { nonce: Hex } }) => logs.filter(({ topics }) => topics[2] === args.nonce),
    getTransactionReceipt: async () => ({ logs }),
  } as unknown as PublicClient
}

test('each authorization is paid by its own transfer, however many are used in one transaction', async () => {
  const [first, second] = nonces
  const find = (events: ReturnType<typeof usedFor>, nonce: Hex) =>
    findTransfer(chainWith(events), { from, to, value: '10', nonce }, token)
  expect(await find([...usedFor(first, 10n, to), ...usedFor(second, 10n, to)], second)).toBe(hash)
  // One transfer for two calls: the other authorization moved the money to the payer itself, or less of it.
  for (const own of [usedFor(second, 10n, from), usedFor(second, 9n, to)]) {
    expect(await find([...usedFor(first, 10n, to), ...own], second)).toBeUndefined()
    expect(await find([...own, ...usedFor(first, 10n, to)], second)).toBeUndefined()
    expect(await find([...own, ...usedFor(first, 10n, to)], first)).toBe(hash)
  }
})
