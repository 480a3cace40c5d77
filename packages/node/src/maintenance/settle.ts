import { AgoraiError } from '@agorai/core'
import { findContracts, openChain } from '../compose/chain.js'
import { openKeys } from '../compose/identity.js'
import { readJournal } from '../compose/readJournal.js'
import { openRecords } from '../compose/records.js'
import { openSender } from '../compose/sender.js'
import { openSettlement } from '../compose/settlement.js'
import { openTelemetry } from '../compose/telemetry.js'
import type { NodeConfig } from '../config.js'
import type { ChannelReport, SettlementRecords } from '../ports/settlement.js'
import type { Command, Say } from './command.js'

const noLog = { info() {}, warning() {}, error() {} }

/** One round of settlement by hand: whatever is owed, not only what is due. The node may run, and settle too. */
export const settle: Command = {
  summary: 'Bring all that channels owe into the ledger, and print what each owed.',
  takes: [],
  alone: false,
  async run({ config, say }) {
    if (config.rpcUrl === undefined)
      throw new AgoraiError('config_invalid', 'AGORAI_RPC_URL: a local chain is settled by the node that runs it.', {
        field: 'AGORAI_RPC_URL',
      })
    const { makeTransport } = openTelemetry({ ...config, tracesUrl: undefined }, '', noLog)
    const chain = await openChain(config, { onWarning() {}, onEnded() {}, makeTransport })
    const addresses = await findContracts(chain, config.dataFolder, () => {})
    const keys = await openKeys(config, undefined)
    const records = config.journal === 'postgres' ? await openRecords(config) : recordsOfFile(config)
    const onWarning = (message: string) => say(`warning: ${message}`, { warning: message })
    const sender = openSender(chain, keys)
    try {
      const settlement = await openSettlement(config, { chain, addresses, keys, sender, records, onWarning })
      if (settlement === undefined) {
        say(`Chain ${chain.id} has no payment channels.`, { channels: 0 })
        return 0
      }
      const { channels, versions, transactions } = await settlement.once(true)
      tellChannels(channels, say)
      for (const { token, version, total } of versions)
        say(`Version ${version} has had ${total} of ${token} in all.`, {
          version: `${version}`,
          token,
          total: `${total}`,
        })
      const lost = channels.filter((channel) => channel.lost > 0n).length
      say(`${channels.length} channels, ${transactions.length} transactions, ${lost} channels with a loss.`, {
        ...{ channels: channels.length, transactions, lost },
      })
      return lost === 0 ? 0 : 1
    } finally {
      await sender.stop()
      await records.close()
    }
  },
}

function tellChannels(channels: readonly ChannelReport[], say: Say): void {
  const rows = channels.map(({ channel, token, charged, before, after, lost }) => ({
    ...{ channel, token, charged: `${charged}`, before: `${before}`, after: `${after}`, lost: `${lost}` },
  }))
  const names = ['channel', 'charged', 'before', 'after', 'lost'] as const
  const widthOf = (name: (typeof names)[number]) => Math.max(name.length, ...rows.map((row) => row[name].length))
  const lineOf = (row: Record<(typeof names)[number], string>) =>
    names.map((name) => row[name].padStart(widthOf(name))).join('  ')
  if (rows.length > 0)
    say(lineOf({ channel: 'channel', charged: 'charged', before: 'before', after: 'after', lost: 'lost' }))
  for (const row of rows) say(lineOf(row), row)
}

/** A file of a node that may be running; what was read before is known, so reading all of it again does no harm. */
const recordsOfFile = (config: NodeConfig): SettlementRecords => ({
  news: () => readJournal(config),
  close: async () => {},
})
