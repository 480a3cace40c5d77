import { accessMarketAbi, assetRegistryAbi, revenueLedgerAbi } from '@agorai/core'
import type { Abi, Address, Hex, Log } from 'viem'
import { decodeEventLog, toEventSelector } from 'viem/utils'
import { type ContractName, type EventTable, eventTableNames, shapeOf, type Value } from './eventTables.js'

export type Addresses = Record<ContractName, Address>

/** One event, ready for its table. */
export type EventRecord = {
  table: EventTable
  row: { block_number: number; log_index: number; transaction_hash: Hex } & Readonly<Record<string, Value>>
}

const abis: Record<ContractName, Abi> = {
  assetRegistry: assetRegistryAbi,
  revenueLedger: revenueLedgerAbi,
  accessMarket: accessMarketAbi,
}

/** Which table keeps a log, by contract and first topic. ERC-721 approvals and the like are kept by none. */
const tablesBySelector = new Map<string, EventTable>(
  eventTableNames.map((table) => {
    const { contract, eventName } = shapeOf(table)
    const item = abis[contract].find((entry) => entry.type === 'event' && entry.name === eventName)
    if (item?.type !== 'event') throw new TypeError(`${eventName} is not in the ABI of ${contract}.`)
    return [`${contract} ${toEventSelector(item)}`, table]
  }),
)

/** Reads a log of one of the three contracts; undefined when it is of another contract or of no table. */
export function decodeEvent(addresses: Addresses, log: Log<bigint, number, false>): EventRecord | undefined {
  const contract = contractOf(addresses, log.address)
  const [selector] = log.topics
  const table = tablesBySelector.get(`${contract} ${selector}`)
  if (contract === undefined || table === undefined) return undefined
  const { args } = decodeEventLog({ abi: abis[contract], topics: log.topics, data: log.data, strict: true })
  const columns = Object.entries(shapeOf(table).columns).map(([name, { read }]) => [name, read(args as object)])
  return {
    table,
    row: {
      block_number: Number(log.blockNumber),
      log_index: log.logIndex,
      transaction_hash: log.transactionHash,
      ...Object.fromEntries(columns),
    },
  }
}

/** Which of our contracts is at an address. An identical contract elsewhere is none of ours. */
export function contractOf(addresses: Addresses, address: Address): ContractName | undefined {
  const wanted = address.toLowerCase()
  return (Object.keys(abis) as ContractName[]).find((name) => addresses[name].toLowerCase() === wanted)
}
