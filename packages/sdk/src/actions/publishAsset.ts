import { kindToNumber, publicationTermsHash, toTypedData } from '@agorai/core'
import type { Address, Hash, TransactionReceipt } from 'viem'
import { isAddressEqual, parseEventLogs } from 'viem/utils'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { type ChainClient, walletOf } from '../createChainClient.js'
import { type StatedOffer, toOfferTerms } from '../market/offerTerms.js'
import { toPublication } from '../publishing/toPublication.js'
import { chainTime } from '../transactions/chainTime.js'
import { marketOf, registryOf } from '../transactions/contracts.js'
import { readContract } from '../transactions/readContract.js'
import { onlyEvent, sendAndDecode } from '../transactions/sendAndDecode.js'
import { signMessage } from '../transactions/signMessage.js'
import { listOffer } from './listOffer.js'
import { type PrepareAssetParameters, type PreparedAsset, prepareAsset } from './prepareAsset.js'
import type { SignedConsent } from './signConsent.js'

export type PublishAssetParameters = (PrepareAssetParameters | { prepared: PreparedAsset }) & {
  /** First offers, listed in the same transaction; of a later version, listed after it. Default: none. */
  offers?: readonly StatedOffer[] | undefined
  /** An asset of the client's account that this is a later version of. Default: a new asset. */
  asset?: bigint | undefined
  /** Those that parents and suppliers of other owners ask for. Each names this manifest: see `prepareAsset`. */
  consents?: readonly SignedConsent[] | undefined
  /** Highest protocol fee, of 10,000, that is accepted. Default: the one that is asked now. */
  feeBpsMax?: number | undefined
  /** Another client that sends the publication of a new asset, so that the publisher needs no gas. */
  relayer?: ChainClient | undefined
}

export type PublishAssetReturnType = PreparedAsset & {
  asset: bigint
  version: bigint
  /** CID of the ciphertext; null for a version without content. */
  cid: string | null
  /** Ids of the offers, in the order given. */
  offers: bigint[]
  /** The transaction that published the version. */
  hash: Hash
}

/**
 * Publishes a version with its first offers: first everything that needs no chain, by `prepareAsset`, then one transaction.
 *
 * @throws AgoraiError what `prepareAsset` throws, `not_owner`, `rates_invalid`, `terms_refuse`, `consent_missing`,
 * `version_retired`, `edges_too_many`, `fee_too_high`, `commercial_use_refused`, `chain_unavailable`
 */
export async function publishAsset(
  client: AgoraiClient,
  parameters: PublishAssetParameters,
): Promise<PublishAssetReturnType> {
  const offers = parameters.offers ?? []
  // What is wrong with an offer is better said before anything is uploaded.
  for (const offer of offers) toOfferTerms(offer)
  const prepared = 'prepared' in parameters ? parameters.prepared : await prepareAsset(client, parameters)
  if (!('prepared' in parameters)) parameters.onProgress?.({ phase: 'publish', bytes: 0, bytesTotal: 0 })
  const sent = await publishPrepared(client, { ...parameters, ...prepared, offers })
  if (!('prepared' in parameters)) await parameters.uploads?.clear()
  return { ...prepared, ...sent, cid: prepared.manifest.content?.cid ?? null }
}

type PublishPreparedParameters = PreparedAsset &
  Omit<PublishAssetParameters, 'offers'> & { offers: readonly StatedOffer[] }

async function publishPrepared(client: AgoraiClient, parameters: PublishPreparedParameters) {
  const { manifest, manifestDigest, asset, offers, consents = [], relayer } = parameters
  const registry = registryOf(client)
  const feeBpsMax =
    parameters.feeBpsMax ?? (await readContract(client, { ...registry, functionName: 'feeBps', args: [] }))
  const publication = toPublication(manifest, { manifestDigest, feeBpsMax, consents })
  const published = { ...registry, eventName: 'VersionPublished' } as const
  if (asset !== undefined) {
    const call = { ...published, functionName: 'publishVersion', args: [asset, publication] } as const
    const { events, hash } = await sendAndDecode(client, call)
    const listed: bigint[] = []
    for (const offer of offers) listed.push((await listOffer(client, { asset, ...offer })).offer)
    return { asset, version: onlyEvent(events).args.version, offers: listed, hash }
  }
  const kind = kindToNumber(manifest.kind)
  const terms = offers.map(toOfferTerms)
  const publisher = walletOf(client).account.address
  const send = async () => {
    if (relayer === undefined || isAddressEqual(walletOf(relayer).account.address, publisher))
      return terms.length === 0
        ? sendAndDecode(client, { ...published, functionName: 'publish', args: [kind, publication] })
        : sendAndDecode(client, { ...published, functionName: 'publishAndList', args: [kind, publication, terms] })
    const { expiry, signature } = await signPublication(client, { publisher, kind, publication, terms })
    const args = [publisher, kind, publication, terms, expiry, signature] as const
    return sendAndDecode(relayer, { ...published, functionName: 'publishFor', args })
  }
  const { events, hash, receipt } = await send()
  const { args } = onlyEvent(events)
  return { asset: args.asset, version: args.version, offers: offersIn(client, receipt), hash }
}

const validForSeconds = 3_600n

async function signPublication(
  client: ChainClient,
  parameters: {
    publisher: Address
    kind: number
    publication: ReturnType<typeof toPublication>
    terms: ReturnType<typeof toOfferTerms>[]
  },
) {
  const { publisher, kind, publication, terms } = parameters
  const { id: chainId, addresses } = client.info.chain
  const nonce = await readContract(client, { ...registryOf(client), functionName: 'nonceOf', args: [publisher] })
  const expiry = (await chainTime(client)) + validForSeconds
  const document = toTypedData({ chainId, assetRegistry: addresses.assetRegistry }, 'Publish', {
    publisher,
    kind,
    manifestDigest: publication.manifestDigest,
    terms: publicationTermsHash(publication, terms),
    nonce,
    expiry,
  })
  return { expiry, signature: await signMessage(client, document) }
}

/** Ids of the offers that a transaction listed, in its order. */
function offersIn(client: ChainClient, { logs }: TransactionReceipt): bigint[] {
  const { address, abi } = marketOf(client)
  const own = logs.filter((log) => isAddressEqual(log.address, address))
  return parseEventLogs({ abi, logs: own, eventName: 'OfferListed' }).map(({ args }) => args.offerId)
}
