import { accessMarketAbi, assetRegistryAbi, revenueLedgerAbi } from '@agorai/core'
import type { Abi, Address } from 'viem'
import { toEventSelector } from 'viem/utils'
import { createWriter, wordCharacters, wordOf } from './decodeLog.js'
import { type ContractName, type EventTable, eventTableNames, shapeOf } from './eventTables.js'
import { addRow, emptyRows, type Rows, tab, writeByte, writeHex, writeNumber } from './rows.js'
import { place, type ScannedLogs } from './scanLogs.js'

export type Addresses = Record<ContractName, Address>

/** Events by their table, in the order of the chain: of each its place, its transaction, its columns. */
export type EventRows = Map<EventTable, Rows>

const abis: Record<ContractName, Abi> = {
  assetRegistry: assetRegistryAbi,
  revenueLedger: revenueLedgerAbi,
  accessMarket: accessMarketAbi,
}

type Entry = { table: EventTable; write: ReturnType<typeof createWriter> }

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
  entries[contract].set(toEventSelector(item), { table, write: createWriter(item.inputs, Object.values(columns)) })
}

/** Reads the logs of one deployment. An identical contract elsewhere is none of ours. */
export type Decoder = {
  addresses: readonly Address[]
  /** Whether the log whose places begin at `base` is of one of the contracts. */
  isOurs(logs: ScannedLogs, base: number): boolean
  /**
   * Adds a log of ours to its table.
   *
   * @param position Block and index in it, which the caller has read already.
   * @returns Whether a table keeps it.
   * @throws ChainInconsistentError when it has another form than its event.
   */
  decode(logs: ScannedLogs, base: number, position: { block: number; index: number }, rows: EventRows): boolean
}

/** What stands of a log besides its data takes less in a row. No value of the data is written twice as long as it is. */
const roomOfTopics = 1_024

export function createDecoder(addresses: Addresses): Decoder {
  const byAddress = new Map(
    (Object.keys(entries) as ContractName[]).map((name) => [addresses[name].toLowerCase(), entries[name]]),
  )
  const entriesAt = ({ text, places }: ScannedLogs, base: number) => {
    const address = text.toString('latin1', places[base + place.address], places[base + place.address + 1])
    return byAddress.get(address) ?? byAddress.get(address.toLowerCase())
  }
  return {
    addresses: [addresses.assetRegistry, addresses.revenueLedger, addresses.accessMarket],
    isOurs: (logs, base) => entriesAt(logs, base) !== undefined,
    decode(logs, base, { block, index }, rowsOf) {
      const { text, places } = logs
      const at = base + place.topics
      const selector = places[base + place.topicCount] === 0 ? '' : text.toString('latin1', places[at], places[at + 1])
      const entry = entriesAt(logs, base)?.get(selector)
      if (entry === undefined) return false
      const { table, write } = entry
      const rows = rowsOf.get(table) ?? emptyRows()
      rowsOf.set(table, rows)
      const hash = wordOf(logs, base + place.transactionHash)
      const characters = (places[base + place.data + 1] as number) - (places[base + place.data] as number)
      addRow(rows, 2 * characters + roomOfTopics, () => {
        writeNumber(rows, block)
        writeByte(rows, tab)
        writeNumber(rows, index)
        writeByte(rows, tab)
        writeHex(rows, text, hash, hash + wordCharacters)
        write(rows, logs, base)
      })
      return true
    },
  }
}
