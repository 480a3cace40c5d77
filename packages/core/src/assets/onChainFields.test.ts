import type { Abi, AbiParameter } from 'viem'
import { describe, expect, test } from 'vitest'
import * as abis from '../generated/abis.js'

/**
 * P17: no personal data on chain. Whatever is written to the chain, or told by it in an event, has a fixed width, so there
 * is no place for a text. The exceptions are listed with what holds them.
 */

const written: Record<string, Abi> = abis

/** Paths of all parameters of variable width, arrays of fixed-width elements apart. */
function textsIn(parameters: readonly AbiParameter[], path: string): string[] {
  return parameters.flatMap((parameter) => {
    const at = `${path}.${parameter.name ?? ''}`
    if ('components' in parameter) return textsIn(parameter.components as readonly AbiParameter[], at)
    return /^(string|bytes)(\[\d*\])*$/.test(parameter.type) ? [at] : []
  })
}

/** What holds data of any length by need, and what they are: none of it is what a person writes of an asset. */
const held: readonly [path: RegExp, what: string][] = [
  [/\.(authorizerS|receiverAuthorizerS|s)ignature$/, 'a signature, as long as its kind of wallet makes them'],
  [/^assetRegistryAbi\.safeTransferFrom\.data$/, 'what ERC-721 passes to a receiver that is a contract'],
  [/^revenueLedgerAbi\.doAsATill\.data$/, 'a call that the ledger has a till make'],
  [/^governorAbi\.(execute|executeBatch|schedule|scheduleBatch)\.(payloads?|data)$/, 'calls that the timelock makes'],
  [/^governorAbi\.(CallScheduled|CallExecuted)\.data$/, 'the same calls, as OpenZeppelin’s timelock tells of them'],
  [/^governorAbi\.on(ERC721|ERC1155|ERC1155Batch)Received\.$/, 'what a token passes to the timelock, which ignores it'],
  [/^deployerAbi\.deploy\.creation$/, 'the code of one of these contracts'],
  [
    /^(batchSettlementAbi\.deposit|depositCollectorAbi\.collect)\.collectorData$/,
    'the authorization of a deposit, of x402',
  ],
  [/^batchSettlementAbi\.multicall\.data$/, 'calls of the same contract'],
]

const textsOf = (kinds: (item: Abi[number]) => boolean): string[] =>
  Object.entries(written).flatMap(([name, abi]) =>
    abi.flatMap((item) =>
      kinds(item) && 'inputs' in item ? textsIn(item.inputs, `${name}.${'name' in item ? item.name : item.type}`) : [],
    ),
  )

describe('what goes on the chain', () => {
  const calls = textsOf(
    (item) =>
      item.type === 'constructor' ||
      (item.type === 'function' && item.stateMutability !== 'view' && item.stateMutability !== 'pure'),
  )
  const events = textsOf(({ type }) => type === 'event')

  test.each([
    ['call that writes', calls],
    ['event', events],
  ])('has no field for a text in any %s of any contract', (_, found) => {
    expect(found.filter((path) => !held.some(([pattern]) => pattern.test(path)))).toEqual([])
  })

  test('is looked through in every contract, and no exception outlives its field', () => {
    expect(Object.keys(written)).toHaveLength(11)
    const found = [...calls, ...events]
    console.log(`P17: ${found.length} fields of variable width: ${found.join(', ')}`)
    for (const [pattern, what] of held)
      expect(
        found.some((path) => pattern.test(path)),
        what,
      ).toBe(true)
  })
})
