import type { Abi, AbiParameter } from 'viem'
import { describe, expect, test } from 'vitest'
import { accessMarketAbi, assetRegistryAbi, revenueLedgerAbi } from '../generated/index.js'

/**
 * P17: no personal data on chain. Whatever is written to the chain, or told by it in an event, has a fixed width, so there
 * is no place for a text. The exceptions are listed with what holds them.
 */

const written: Record<string, Abi> = { assetRegistryAbi, revenueLedgerAbi, accessMarketAbi }

/** Paths of all parameters of variable width, arrays of fixed-width elements apart. */
function textsIn(parameters: readonly AbiParameter[], path: string): string[] {
  return parameters.flatMap((parameter) => {
    const at = `${path}.${parameter.name ?? ''}`
    if ('components' in parameter) return textsIn(parameter.components as readonly AbiParameter[], at)
    return /^(string|bytes)(\[\d*\])*$/.test(parameter.type) ? [at] : []
  })
}

/** Signatures, whose length is that of their wallet's kind; the data of ERC-721's transfer; and what a till is made to do. */
const held = [/\.signature$/, /^assetRegistryAbi\.safeTransferFrom\.data$/, /^revenueLedgerAbi\.doAsATill\.data$/]

describe('what goes on the chain', () => {
  test('has no field for a text in any call that writes', () => {
    const found = Object.entries(written).flatMap(([name, abi]) =>
      abi.flatMap((item) =>
        item.type === 'function' && item.stateMutability !== 'view' && item.stateMutability !== 'pure'
          ? textsIn(item.inputs, `${name}.${item.name}`)
          : [],
      ),
    )
    console.log(`P17: ${found.length} fields of variable width: ${found.join(', ')}`)
    expect(found.filter((path) => !held.some((pattern) => pattern.test(path)))).toEqual([])
  })

  test('has no field for a text in any event', () => {
    const found = Object.entries(written).flatMap(([name, abi]) =>
      abi.flatMap((item) => (item.type === 'event' ? textsIn(item.inputs, `${name}.${item.name}`) : [])),
    )
    expect(found).toEqual([])
  })
})
