import { accessMarketAbi, assetRegistryAbi, revenueLedgerAbi } from '@agorai/core'
import type { Abi, Address } from 'viem'
import { toEventSelector } from 'viem/utils'
import { createReader, type RawLog } from './decodeLog.js'
import { type ContractName, type EventTable, eventTableNames, shapeOf } from './eventTables.js'

export type Addresses = Record<ContractName, Address>

/** One event, as the line that COPY takes for its table: its place, its transaction, its columns. */
export type EventLine = { table: EventTable; line: string }

const abis: Record<ContractName, Abi> = {
  assetRegistry: assetRegistryAbi,
  revenueLedger: revenueLedgerAbi,
  accessMarket: accessMarketAbi,
}

type Entry = { table: EventTable; read: ReturnType<typeof createReader> }

/** Which table keeps a log of a contract, by first topic. ERC-721 approvals and the like are kept by none. */
const entries: Record<ContractName, Map<string, Entry>> = {
  assetRegistry: new Map(),
  revenueLedger: new Map(),
  accessMarket: new Map(),
}
for (const table of eventTableNames) {
  const { contract, eventName, columns } = shapeOf(table)
  const item = abis[contract].find((entry) => entry.type === 'event' && entry.name === eventName)
  if (item?.type !== 'event') throw new TypeError(`${eventName} is not in the ABI of ${contract}.`)
  entries[contract].set(toEventSelector(item), { table, read: createReader(item.inputs, Object.values(columns)) })
}

/** Reads the logs of one deployment. An identical contract elsewhere is none of ours. */
export type Decoder = {
  addresses: readonly Address[]
  isOurs(address: string): boolean
  /**
   * Undefined when the log is of another contract or of no table.
   *
   * @param place Block and index in it, which the caller has read already.
   * @throws ChainInconsistentError when a log of ours is cut short.
   */
  decode(log: RawLog, place: { block: number; index: number }): EventLine | undefined
}

export function createDecoder(addresses: Addresses): Decoder {
  const byAddress = new Map(
    (Object.keys(entries) as ContractName[]).map((name) => [addresses[name].toLowerCase(), entries[name]]),
  )
  const entriesAt = (address: string) => byAddress.get(address) ?? byAddress.get(address.toLowerCase())
  return {
    addresses: [addresses.assetRegistry, addresses.revenueLedger, addresses.accessMarket],
    isOurs: (address) => entriesAt(address) !== undefined,
    decode({ address, topics, data, transactionHash }, { block, index }) {
      const entry = entriesAt(address)?.get(topics[0] ?? '')
      if (entry === undefined) return undefined
      return { table: entry.table, line: `${block}\t${index}\t${transactionHash}${entry.read(topics, data)}` }
    },
  }
}
