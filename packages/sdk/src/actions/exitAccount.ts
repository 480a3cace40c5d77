import { treasuryVersion } from '@agorai/core'
import { type Address, erc20Abi, type Hash, zeroAddress } from 'viem'
import { isAddressEqual } from 'viem/utils'
import { type ChainClient, walletOf } from '../createChainClient.js'
import { type Facts, payersOf, readFacts } from '../exit/readFacts.js'
import { readWaiting, type Waiting } from '../exit/readWaiting.js'
import { readCollectable } from '../revenue/findDebtors.js'
import {
  creditMembers,
  findCollectable,
  type Payouts,
  payContributors,
  payOwners,
  pullVersions,
} from '../revenue/settleLedger.js'
import { ledgerOf, registryOf } from '../transactions/contracts.js'
import { readContract } from '../transactions/readContract.js'
import { accrueRevenue } from './accrueRevenue.js'
import { getPass } from './getPass.js'
import { refundPass } from './refundPass.js'
import { releasePasses } from './releasePasses.js'
import { rescueTill } from './rescueTill.js'
import { sweepTill } from './sweepTill.js'

export type ExitAccountParameters = {
  /**
   * Exact bytes of manifests: of versions that the account contributed to, and of collections that what it earns comes
   * through. No chain holds those names; without them the rest is taken all the same.
   */
  manifests?: readonly Uint8Array[] | undefined
  /** Keep the passes that could be given back. Default false: they are refunded. */
  keepPasses?: boolean | undefined
}

export type ExitAccountReturnType = {
  account: Address
  /** What came out: of an offer's pass, a version, or an asset's till. Amounts in base units; token zero is ether. */
  taken: { from: 'pass' | 'owner' | 'contributor' | 'till'; id: bigint; token: Address; amount: bigint }[]
  /** What may still reach the account and is not final yet. */
  waiting: Waiting[]
  hashes: Hash[]
}

/**
 * Takes out everything that an account can take out, with the chain alone: no node, no index, no page. What that is, is
 * found in the chain's logs. It gives its passes back, brings what has become final in the market and what lies in tills
 * into the ledger, pulls along every edge, and is paid as owner, contributor and treasury. Nobody else loses anything by
 * it. Run it again later for what still waits.
 *
 * @throws AgoraiError `chain_unavailable`, `funds_missing` for gas, `manifest_invalid`
 */
export async function exitAccount(
  client: ChainClient,
  { manifests = [], keepPasses = false }: ExitAccountParameters = {},
): Promise<ExitAccountReturnType> {
  const account = walletOf(client).account.address
  const facts = await readFacts(client, manifests)
  const exit: ExitAccountReturnType = { account, taken: [], waiting: [], hashes: [] }
  if (!keepPasses) await refundPasses(client, facts, exit)

  const assets = await ownedAssets(client, facts, account)
  const owned = [...facts.assets].flatMap(([version, asset]) => (assets.has(asset) ? [version] : []))
  const isTreasury = isAddressEqual(account, await readTreasury(client))
  const contributions = facts.proofs.filter((proof) => isAddressEqual(proof.account, account))
  const wanted = [...owned, ...contributions.map(({ version }) => version)]
  // Everything that is sold owes the treasury its fee.
  const payers = isTreasury ? new Set(facts.assets.keys()) : payersOf(facts, wanted)
  const through = new Set([...payers].flatMap((version) => facts.assets.get(version) ?? []))
  await fillLedger(client, facts, through, exit)
  await emptyTills(client, facts, assets, exit)
  for (const token of facts.tokens) {
    exit.hashes.push(...(await pullVersions(client, { token, versions: [...payers] })))
    const own = [...(isTreasury ? [treasuryVersion] : []), ...owned]
    await settleOwners(client, { token, facts, payers, own, exit })
    const due = await findCollectable(client, { token, proofs: contributions })
    add(exit, 'contributor', token, await payContributors(client, { token, proofs: due }))
  }
  exit.waiting = await readWaiting(
    client,
    facts.offers.filter(({ asset }) => through.has(asset)),
  )
  return exit
}

const readTreasury = (client: ChainClient): Promise<Address> =>
  readContract(client, { ...ledgerOf(client), functionName: 'treasury', args: [] })

/** Refunds every pass that still gives something back. */
async function refundPasses(client: ChainClient, facts: Facts, exit: ExitAccountReturnType): Promise<void> {
  for (const { offer, token } of facts.offers.filter(({ timed, refundable }) => timed || refundable)) {
    const { refundable } = await getPass(client, { offer })
    if (refundable === 0n) continue
    const { amount, hash } = await refundPass(client, { offer })
    exit.taken.push({ from: 'pass', id: offer, token, amount })
    exit.hashes.push(hash)
  }
}

async function ownedAssets(client: ChainClient, facts: Facts, account: Address): Promise<Set<bigint>> {
  const assets = [...new Set(facts.assets.values())]
  const owners = await Promise.all(
    assets.map((asset) => readContract(client, { ...registryOf(client), functionName: 'ownerOf', args: [asset] })),
  )
  return new Set(assets.filter((_, place) => isAddressEqual(owners[place] ?? zeroAddress, account)))
}

/** Brings into the ledger what has become final, and what was sent to tills. */
async function fillLedger(
  client: ChainClient,
  facts: Facts,
  assets: ReadonlySet<bigint>,
  exit: ExitAccountReturnType,
): Promise<void> {
  const offers = facts.offers.filter(({ asset }) => assets.has(asset))
  for (const { offer } of offers.filter(({ refundable }) => refundable))
    exit.hashes.push(...(await releasePasses(client, { offer })).hashes)
  for (const token of facts.tokens) {
    const streams = offers.filter((offer) => offer.timed && isAddressEqual(offer.token, token))
    for (const asset of new Set(streams.map((offer) => offer.asset)))
      exit.hashes.push(...(await accrueRevenue(client, { asset, token })).hashes)
    const filled: bigint[] = []
    for (const asset of assets) if ((await tillBalance(client, asset, token)) > 0n) filled.push(asset)
    if (filled.length > 0 && (await isAllowed(client, token)))
      exit.hashes.push(...(await sweepTill(client, { token, assets: filled })).hashes)
  }
}

/** What lies in the account's own tills and is no income: ether, and tokens that are no longer allowed for payment. */
async function emptyTills(
  client: ChainClient,
  facts: Facts,
  assets: ReadonlySet<bigint>,
  exit: ExitAccountReturnType,
): Promise<void> {
  for (const asset of assets) {
    const address = await tillOf(client, asset)
    const ether = await client.publicClient.getBalance({ address })
    if (ether > 0n) {
      exit.hashes.push((await rescueTill(client, { asset, what: 'ether' })).hash)
      exit.taken.push({ from: 'till', id: asset, token: zeroAddress, amount: ether })
    }
    for (const token of facts.tokens) {
      const amount = await tillBalance(client, asset, token)
      if (amount === 0n || (await isAllowed(client, token))) continue
      exit.hashes.push((await rescueTill(client, { asset, what: 'token', token })).hash)
      exit.taken.push({ from: 'till', id: asset, token, amount })
    }
  }
}

const isAllowed = (client: ChainClient, token: Address): Promise<boolean> =>
  readContract(client, { ...ledgerOf(client), functionName: 'isTokenAllowed', args: [token] })

const tillOf = (client: ChainClient, asset: bigint): Promise<Address> =>
  readContract(client, { ...ledgerOf(client), functionName: 'tillOf', args: [asset] })

const tillBalance = async (client: ChainClient, asset: bigint, token: Address): Promise<bigint> => {
  const args = [await tillOf(client, asset)] as const
  return readContract(client, { address: token, abi: erc20Abi, functionName: 'balanceOf', args })
}

/** Liens and collections may lead on to one another; each round settles one more step. */
const roundsMax = 8

async function settleOwners(
  client: ChainClient,
  parameters: {
    token: Address
    facts: Facts
    payers: ReadonlySet<bigint>
    own: readonly bigint[]
    exit: ExitAccountReturnType
  },
): Promise<void> {
  const { token, facts, payers, own, exit } = parameters
  const debtors = facts.debtors.filter((version) => payers.has(version))
  const proofs = facts.proofs.filter(({ version, account }) => {
    const member = facts.members.get(account)
    return payers.has(version) && member !== undefined && payers.has(member)
  })
  for (let round = 0; round < roundsMax; round++) {
    const credited = await creditMembers(client, { token, proofs })
    exit.hashes.push(...credited)
    add(exit, 'owner', token, await payOwners(client, { token, versions: debtors }))
    const due = await Promise.all(own.map((version) => readCollectable(client, { token, version })))
    const versions = own.filter((_, place) => (due[place] ?? 0n) > 0n)
    add(exit, 'owner', token, await payOwners(client, { token, versions }))
    if (credited.length === 0 && versions.length === 0) return
  }
}

/** Notes what reached the account; whoever else was paid along the way is not its business. */
function add(
  exit: ExitAccountReturnType,
  from: 'owner' | 'contributor',
  token: Address,
  { paid, hashes }: Payouts,
): void {
  exit.hashes.push(...hashes)
  for (const { account, version, amount } of paid)
    if (isAddressEqual(account, exit.account)) exit.taken.push({ from, id: version, token, amount })
}
