import { accessMarketAbi, assetRegistryAbi, kindFromNumber, revenueLedgerAbi, testUsdAbi } from '@agorai/core'
import { type Log, parseEventLogs } from 'viem'
import { formatMoney, type Token } from '../../format/money.js'
import { kindName, shorten } from '../../format/text.js'

const abi = [...assetRegistryAbi, ...accessMarketAbi, ...revenueLedgerAbi, ...testUsdAbi] as const

type Addresses = { assetRegistry: string; revenueLedger: string; accessMarket: string; testUsd?: string | undefined }
export type DescribedEvent = { index: number; contract: string; name: string; sentence: string }

const treasury = (version: bigint) => (version === 0n ? 'the treasury' : `version ${version}`)

/**
 * What a transaction did, in sentences, from the events of our own contracts. An event of any other address is counted
 * by the caller and not described: its name could say anything.
 */
export function describeEvents(logs: readonly Log[], addresses: Addresses, token: Token | undefined): DescribedEvent[] {
  const contracts = new Map(
    Object.entries(addresses).flatMap(([name, address]) =>
      address === undefined ? [] : [[address.toLowerCase(), name] as const],
    ),
  )
  const ours = logs.filter((log) => contracts.has(log.address.toLowerCase()))
  const money = (address: string, units: bigint) =>
    token !== undefined && address.toLowerCase() === token.address.toLowerCase()
      ? formatMoney(units, token)
      : `${units} base units of ${shorten(address)}`
  return parseEventLogs({ abi, logs: [...ours] }).map((event) => ({
    index: event.logIndex ?? 0,
    contract: contracts.get(event.address.toLowerCase()) ?? '',
    name: event.eventName,
    sentence: sentenceOf(event, money),
  }))
}

type OurEvent = ReturnType<typeof parseEventLogs<typeof abi>>[number]

function sentenceOf(event: OurEvent, money: (token: string, units: bigint) => string): string {
  switch (event.eventName) {
    case 'VersionPublished': {
      const kind = kindName(kindFromNumber(event.args.kind) ?? 'asset').toLowerCase()
      return `Version ${event.args.version} of ${kind} ${event.args.asset} was published by ${shorten(event.args.publisher)}.`
    }
    case 'OfferListed':
      return `Offer ${event.args.offerId} of asset ${event.args.asset} was listed at ${money(event.args.token, event.args.price)}.`
    case 'OfferClosed':
      return `Offer ${event.args.offerId} of asset ${event.args.asset} was closed.`
    case 'PassGranted':
      return `${shorten(event.args.holder)} received a pass of offer ${event.args.offerId} for ${money(event.args.token, event.args.amount)}.`
    case 'RevenueReceived':
      return `Version ${event.args.version} received ${money(event.args.token, event.args.amount)} from ${shorten(event.args.payer)}.`
    case 'RevenuePulled':
      return `${money(event.args.token, event.args.amount)} of what version ${event.args.version} sold moved to ${treasury(event.args.ancestor)}.`
    case 'RevenueCollected':
      return `${money(event.args.token, event.args.amount)} of ${treasury(event.args.version)} was paid out to ${shorten(event.args.account)}.`
    case 'TillSwept':
      return `${money(event.args.token, event.args.amount)} in the till of asset ${event.args.asset} became a sale of version ${event.args.version}.`
    case 'Transfer':
      if ('id' in event.args) return `Asset ${event.args.id} now belongs to ${shorten(event.args.to)}.`
      return `${money(event.address, event.args.amount)} moved from ${shorten(event.args.from)} to ${shorten(event.args.to)}.`
    default:
      return 'The contract recorded this event.'
  }
}
