import { decodeOfferFlags, manifestDigest as digestOf, memberAccountOf, parseManifest } from '@agorai/core'
import type { Address, Hex } from 'viem'
import { isAddressEqual } from 'viem/utils'
import type { ChainClient } from '../createChainClient.js'
import { type ContributionProof, proveContributions } from '../revenue/buildContributions.js'
import { ledgerOf, marketOf, registryOf } from '../transactions/contracts.js'
import { readLogs } from '../transactions/readLogs.js'

/** What the chain's logs say of everything that money goes through. */
export type Facts = {
  /** Asset of each version. */
  assets: ReadonlyMap<bigint, bigint>
  /** For each version, those that its sales, members or liens owe something. */
  payees: ReadonlyMap<bigint, readonly bigint[]>
  /** Versions with a lien. */
  debtors: readonly bigint[]
  offers: readonly { offer: bigint; asset: bigint; token: Address; timed: boolean; refundable: boolean }[]
  /** Payment tokens that were ever offered, allowed or received. */
  tokens: readonly Address[]
  /** Versions by the account that stands for each in a collection's tree. */
  members: ReadonlyMap<Address, bigint>
  /** Contributors and members, of versions whose manifests were given. */
  proofs: readonly ContributionProof[]
}

/**
 * Reads the whole graph from the chain's logs, and who contributed to it from manifests, which no chain holds.
 *
 * @param manifests Exact bytes; those that no version was published with are passed over.
 * @throws AgoraiError `chain_unavailable`, `manifest_invalid`
 */
export async function readFacts(client: ChainClient, manifests: readonly Uint8Array[]): Promise<Facts> {
  const [registry, market, ledger] = [registryOf(client), marketOf(client), ledgerOf(client)]
  const published = await readLogs(client, { ...registry, eventName: 'VersionPublished' })
  const drawn = await readLogs(client, { ...registry, eventName: 'EdgesDrawn' })
  const listed = await readLogs(client, { ...market, eventName: 'OfferListed' })
  const liens = await readLogs(client, { ...ledger, eventName: 'LienSet' })
  const allowed = await readLogs(client, { ...ledger, eventName: 'TokenAllowed' })
  const received = await readLogs(client, { ...ledger, eventName: 'RevenueReceived' })

  const byDigest = new Map<Hex, Uint8Array>(manifests.map((bytes) => [digestOf(bytes), bytes]))
  const proofs = published.flatMap(({ args: { version, publisher, manifestDigest } }) => {
    const bytes = byDigest.get(manifestDigest)
    return bytes === undefined ? [] : proveContributions(parseManifest(bytes), { version, publisher, manifestDigest })
  })
  const members = new Map(published.map(({ args }) => [memberAccountOf(args.version), args.version]))
  const payees = new Map<bigint, bigint[]>()
  const owe = (version: bigint, others: readonly bigint[]): void => {
    payees.set(version, [...(payees.get(version) ?? []), ...others])
  }
  for (const { args } of drawn)
    owe(
      args.version,
      [...args.royalties, ...args.supplies].map(({ version }) => version),
    )
  for (const { args } of liens) owe(args.version, [args.creditor])
  for (const { version, account } of proofs) {
    const member = members.get(account)
    if (member !== undefined) owe(version, [member])
  }
  const named = [
    ...listed.map(({ args }) => args.token),
    ...allowed.map(({ args }) => args.token),
    ...received.map(({ args }) => args.token),
  ]
  return {
    assets: new Map(published.map(({ args: { version, asset } }) => [version, asset])),
    payees,
    debtors: [...new Set(liens.map(({ args }) => args.version))],
    offers: listed.map(({ args: { offerId, asset, token, terms } }) => ({
      offer: offerId,
      asset,
      token,
      timed: decodeOfferFlags(terms.flags).timed,
      refundable: terms.refundHours > 0,
    })),
    tokens: named.filter((token, place) => named.findIndex((each) => isAddressEqual(each, token)) === place),
    members,
    proofs,
  }
}

/** Everything out of which something may move to the wanted versions, step by step; they are among them. */
export function payersOf({ payees }: Facts, wanted: Iterable<bigint>): Set<bigint> {
  const payers = new Set(wanted)
  for (let before = -1; before !== payers.size; ) {
    before = payers.size
    for (const [version, paid] of payees) if (paid.some((payee) => payers.has(payee))) payers.add(version)
  }
  return payers
}
