import { accessMarketAbi, assetRegistryAbi, kindFromNumber, revenueLedgerAbi, testUsdAbi } from '@agorai/core'
import { type Log, parseEventLogs } from 'viem'
import { formatBps, formatMoney, type Token } from '../../format/money.js'
import { formatCount, formatTime, kindName, shorten } from '../../format/text.js'
import { isSameAccount } from '../wallet/accountName.js'

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
    token !== undefined && isSameAccount(address, token.address)
      ? formatMoney(units, token)
      : `${units} base units of ${shorten(address)}`
  const events = parseEventLogs({ abi, logs: [...ours] })
  const paid = (units: bigint) => {
    const address = tokenOf(events, units)
    return address === undefined ? `${units} base units` : money(address, units)
  }
  return events.map((event) => ({
    index: event.logIndex ?? 0,
    contract: contracts.get(event.address.toLowerCase()) ?? '',
    name: event.eventName,
    sentence: sentenceOf(event, money, paid),
  }))
}

type OurEvent = ReturnType<typeof parseEventLogs<typeof abi>>[number]

/** The market's events name offers, not tokens: an amount that moved in the same transaction says which token it was of. */
function tokenOf(events: readonly OurEvent[], units: bigint): string | undefined {
  for (const event of events) {
    if (event.eventName === 'RevenueReceived' && event.args.amount === units) return event.args.token
    if (event.eventName === 'Transfer' && 'amount' in event.args && event.args.amount === units) return event.address
  }
  return undefined
}

type Say = (token: string, units: bigint) => string

function sentenceOf(event: OurEvent, money: Say, paid: (units: bigint) => string): string {
  switch (event.eventName) {
    case 'PassGranted': {
      const { amount, holder, offerId, payer } = event.args
      const from = isSameAccount(holder, payer) ? '' : `, paid by ${shorten(payer)}`
      return `${shorten(holder)} received a pass of offer ${offerId} for ${paid(amount)}${from}.`
    }
    case 'PassRefunded':
      return `${shorten(event.args.holder)} gave back its pass of offer ${event.args.offerId}: ${paid(event.args.amount)} went back.`
    case 'PassReleased':
      return `${paid(event.args.amount)} that ${shorten(event.args.holder)} paid for offer ${event.args.offerId} became final, as a sale of version ${event.args.version}.`
    case 'PassTransferred':
      return `A pass of offer ${event.args.offerId} moved from ${shorten(event.args.from)} to ${shorten(event.args.to)}.`
    case 'OfferListed':
      return `Offer ${event.args.offerId} of asset ${event.args.asset} was listed at ${money(event.args.token, event.args.terms.price)}.`
    case 'OfferClosed':
      return `Offer ${event.args.offerId} of asset ${event.args.asset} was closed.`
    case 'BundleListed':
      return `A bundle of the offers ${event.args.offerIds.join(', ')} was listed at ${formatBps(event.args.discountBps)} less.`
    case 'BundleClosed':
      return 'A bundle was closed.'
    case 'Transfer':
      if ('id' in event.args) return `Asset ${event.args.id} now belongs to ${shorten(event.args.to)}.`
      return `${money(event.address, event.args.amount)} moved from ${shorten(event.args.from)} to ${shorten(event.args.to)}.`
    default:
      return registrySentence(event) ?? ledgerSentence(event, money) ?? 'The contract recorded this event.'
  }
}

function registrySentence(event: OurEvent): string | undefined {
  switch (event.eventName) {
    case 'VersionPublished': {
      const kind = kindName(kindFromNumber(event.args.kind) ?? 'asset').toLowerCase()
      return `Version ${event.args.version} of ${kind} ${event.args.asset} was published by ${shorten(event.args.publisher)}.`
    }
    case 'EdgesDrawn':
      return `Version ${event.args.version} owes ${formatCount(event.args.royalties.length, 'ancestor')} and ${formatCount(event.args.supplies.length, 'supplier')} a share of its sales.`
    case 'NonceUsed':
    case 'ConsentUsed':
      return 'A signature was used, and cannot be used again.'
    case 'AssetRetired':
      return `Asset ${event.args.asset} was retired.`
    case 'AssetSoldExclusively':
      return `Asset ${event.args.asset} was sold exclusively.`
    case 'VersionErased':
      return `The content of version ${event.args.version} was erased.`
    case 'EdgeReleased':
      return `Later versions of asset ${event.args.asset} need not owe asset ${event.args.ancestorAsset} any more.`
    case 'TillVersionSet':
      return event.args.version === 0n
        ? `The till of asset ${event.args.asset} pays its current version.`
        : `The till of asset ${event.args.asset} pays version ${event.args.version} from ${formatTime(Number(event.args.effectiveAt))} on.`
    default:
      return undefined
  }
}

function ledgerSentence(event: OurEvent, money: Say): string | undefined {
  switch (event.eventName) {
    case 'RevenueReceived':
      return `Version ${event.args.version} received ${money(event.args.token, event.args.amount)} from ${shorten(event.args.payer)}.`
    case 'RevenuePulled':
      return `${money(event.args.token, event.args.amount)} of what version ${event.args.version} sold moved to ${treasury(event.args.ancestor)}.`
    case 'SupplyPulled':
      return `${money(event.args.token, event.args.amount)} of what version ${event.args.version} sold moved to version ${event.args.supplier}, whose work it sells.`
    case 'MemberCredited':
      return `${money(event.args.token, event.args.amount)} of what version ${event.args.version} keeps moved to its member, version ${event.args.member}.`
    case 'RevenueCollected':
      return `${money(event.args.token, event.args.amount)} of ${treasury(event.args.version)} was paid out to ${shorten(event.args.owner)}.`
    case 'ContributionCollected':
      return `${money(event.args.token, event.args.amount)} of version ${event.args.version} was paid out to its contributor ${shorten(event.args.account)}.`
    case 'LienMoved':
      return `${money(event.args.token, event.args.amount)} of what the owner of version ${event.args.version} earned moved to version ${event.args.creditor}, by a ruling.`
    case 'RevenueAccrued':
      return `${money(event.args.token, event.args.amount)} that passes of asset ${event.args.asset} earned by the day became a sale of version ${event.args.version}.`
    case 'TillRescued':
      return `The owner of asset ${event.args.asset} took out of its till what is no payment, to ${shorten(event.args.to)}.`
    default:
      return undefined
  }
}
