import { type ChannelConfig, channelConfigSchema } from '@agorai/core'
import { recall, remember } from '../../app/theme.js'

/**
 * Channels that held money when they were last seen. They stay in this browser, so that their money can be taken out
 * whatever becomes of the services that they paid. Nothing in them is secret.
 */
const nameOf = (chainId: number, account: string) => `agorai.channels.${chainId}.${account.toLowerCase()}`

export function recallChannels(chainId: number, account: string): ChannelConfig[] {
  try {
    const kept: unknown = JSON.parse(recall(nameOf(chainId, account)) ?? '[]')
    return channelConfigSchema.array().parse(kept)
  } catch {
    return []
  }
}

export const rememberChannels = (chainId: number, account: string, configs: readonly ChannelConfig[]): void =>
  remember(nameOf(chainId, account), configs.length === 0 ? null : JSON.stringify(configs))
