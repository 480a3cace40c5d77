import { openChain } from '../compose/chain.js'
import { openKeys } from '../compose/identity.js'
import { openKeyStore } from '../compose/keyStore.js'
import { openStorage } from '../compose/storage.js'
import { openDenyList } from '../compose/takedowns.js'
import { openTelemetry } from '../compose/telemetry.js'
import type { Command } from './command.js'

const noLog = { info() {}, warning() {}, error() {} }

/** Reads the settings and asks each part that they name whether it is there. Nothing is changed, and the node may run. */
export const check: Command = {
  summary: 'Check the settings, and whether what they name can be reached.',
  takes: [],
  alone: false,
  async run({ config, say }) {
    const { rpcUrl, roles } = config
    say(`The settings are valid: ${roles.join(', ')}.`, { roles })
    openDenyList(config, () => {})
    const room = await (await openStorage(config, { isGuest: true })).roomBytes()
    say(room === undefined ? 'The content store answers.' : `The content store takes ${room} more bytes.`, { room })
    if (rpcUrl !== undefined) {
      const { makeTransport } = openTelemetry({ ...config, tracesUrl: undefined }, '', noLog)
      const chain = await openChain(config, { onWarning() {}, onEnded() {}, makeTransport })
      const confirmedBlock = Number(await chain.confirmedBlockNumber())
      say(`Chain ${chain.id} answers, confirmed to block ${confirmedBlock}.`, { chain: chain.id, confirmedBlock })
    }
    if (!roles.includes('gateway')) return 0
    const { account } = await openKeys(config, undefined)
    say(`The operator is ${account.address}.`, { operator: account.address })
    const { keyStore } = await openKeyStore(config, { isGuest: true })
    await keyStore.close()
    say('The key store opens.', { keyStore: 'open' })
    return 0
  },
}
