import type { ListedChannel } from '@agorai/sdk'
import { formatCount } from '../../format/text.js'

/** What a channel is for, by its place among those with its operator. */
export function channelName({ index }: Pick<ListedChannel, 'index'>): string {
  if (index === undefined) return 'Channel of a mandate'
  return index === 0 ? 'Calls paid one by one' : `Sessions, channel ${index}`
}

/**
 * What is in a channel, base units: not claimed by the chain (`left`), and `owed` of that as far as this page knows; and when
 * a withdrawal that was begun may be finished, in unix seconds.
 */
export function channelFacts({
  balance,
  totalClaimed,
  charged,
  withdrawal,
  config,
}: Pick<ListedChannel, 'balance' | 'totalClaimed' | 'charged' | 'withdrawal' | 'config'>): {
  left: bigint
  owed: bigint
  finishAt: number | undefined
} {
  return {
    left: balance - totalClaimed,
    owed: charged !== undefined && charged > totalClaimed ? charged - totalClaimed : 0n,
    finishAt: withdrawal === undefined ? undefined : withdrawal.initiatedAt + config.withdrawDelay,
  }
}

/** `15 minutes`: how long an operator has to claim what it is owed. */
export function delayWords(seconds: number): string {
  if (seconds < 120) return formatCount(seconds, 'second')
  if (seconds < 7_200) return formatCount(Math.ceil(seconds / 60), 'minute')
  return seconds < 172_800
    ? formatCount(Math.ceil(seconds / 3_600), 'hour')
    : formatCount(Math.ceil(seconds / 86_400), 'day')
}
