// What a number is measured in, by its name: one word has one meaning in all contracts.

const baseUnits = 'base units of the token'
const bps = 'of 10,000'
const seconds = 'unix seconds'

/** The first that fits. `owner` is the function, event, error or type that the number belongs to. */
const units = [
  [/[bB]ps$|[bB]psMax$|[bB]psBefore$/, bps],
  [
    /^(amount|amountMax|price|authorized|base|cap|moved|sales|royalties|ownerCollected|pulledSales|earned|received)$/,
    baseUnits,
  ],
  [/^(expiry|effectiveAt|grantedAt|listedAt|sentAt|refundUntil|deadline|until|validAfter|validBefore)$/, seconds],
  [/^rate$/, 'base units of the token, a day'],
  [/^day$/, 'unix seconds / 86,400'],
  [/^(fromDay|daysMax)$/, 'days'],
  [/^refundHours$/, 'hours'],
  [/^seconds_$/, 'seconds'],
  [/^quantity$/, 'days of a timed pass, 1 of a perpetual one'],
  [/^(weight|weightSum)$/, 'weight'],
  [/^start$/, 'sum of the weights before it'],
]

/** Numbers whose name is not enough, by what they belong to. */
const special = {
  RevenueLedger_TokenUnsupported: { expected: baseUnits },
  AccessMarket_TokenUnsupported: { expected: baseUnits },
  RevenueLedger_LengthsDiffer: { versions: 'items', amounts: 'items' },
  OperatorReceiver_LengthsDiffer: { versions: 'items', amounts: 'items' },
  OperatorReceiver_NotSettled: { amount: baseUnits, waiting: baseUnits },
  payMany: { amounts: baseUnits },
  distribute: { amounts: baseUnits },
  TillRescued: { idOrAmount: 'base units, wei, or the id of a token' },
}

const results = {
  feeBps: bps,
  rateChangeOf: 'base units of the token, a day',
  priceOf: baseUnits,
  collectableOf: baseUnits,
  contributionCollectableOf: baseUnits,
  contributionCollectedOf: baseUnits,
  pullableOf: baseUnits,
  distributedOf: baseUnits,
  pausedUntil: seconds,
  versionCount: 'versions',
}

/** Numbers that count or name something and have no unit. */
const unitless =
  /^(version|versions|asset|assets|ancestor|ancestorAsset|supplier|member|creditor|offerId|offerIds|id|index|place|count|nonce|purchases|flags|kind|path|parents|suppliers|v|given|expected|current)$/
const resultsUnitless = /^(assetOf|currentVersion|versionForSale|versionForBuyer|versionForSweep|nonceOf|count)$/

/** The unit of a number, or undefined for what has none. Throws for a number that it does not know. */
export function unitOf(owner, { name, type }) {
  if (!/^u?int/.test(type)) return undefined
  if (name === '') {
    if (resultsUnitless.test(owner)) return undefined
    if (results[owner] === undefined) throw new Error(`the result of ${owner} has no unit`)
    return results[owner]
  }
  const unit = special[owner]?.[name] ?? units.find(([pattern]) => pattern.test(name))?.[1]
  if (unit === undefined && !unitless.test(name)) throw new Error(`${name} of ${owner} has no unit`)
  return unit
}
