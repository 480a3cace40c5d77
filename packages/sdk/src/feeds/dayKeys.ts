import { AgoraiError, type FeedKeys, feedKeysSchema, type PartitionSecrets, toTypedData } from '@agorai/core'
import type { Hex } from 'viem'
import { requestFields, signerOf, signingDomainOf } from '../contributions/signRequest.js'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { generateDeliveryKey, grantAad, openSealed } from '../crypto/hpke.js'
import { untilConfirmed } from '../http/untilConfirmed.js'
import { signMessage } from '../transactions/signMessage.js'

/** The keys of days, as far as the account may have them; asked for once a day at most. */
export type DayKeys = (day: number) => Promise<PartitionSecrets>

/**
 * Keys of a feed's days for the client's account.
 *
 * @param feed.offer The offer whose pass entitles the account; its owner and its publisher need none.
 * @throws AgoraiError, from the returned function, `entitlement_missing` for a day after the pass has ended
 */
export function createDayKeys(
  client: AgoraiClient,
  feed: { version: bigint; manifestDigest: Hex; offer: bigint | undefined },
): DayKeys {
  const known = new Map<number, PartitionSecrets>()
  return async (day) => {
    if (!known.has(day)) {
      const { days, lastDay, keys } = await requestDays(client, { ...feed, fromDay: day })
      for (const [place, key] of keys.entries()) known.set((days?.from ?? day) + place, key)
      if (!known.has(day))
        throw new AgoraiError('entitlement_missing', 'The pass ended before this segment was published.', {
          details: { day, ...(lastDay === null ? {} : { lastDay }) },
        })
    }
    return known.get(day) as PartitionSecrets
  }
}

async function requestDays(
  client: AgoraiClient,
  { version, manifestDigest, offer, fromDay }: Parameters<typeof createDayKeys>[1] & { fromDay: number },
): Promise<FeedKeys & { keys: readonly PartitionSecrets[] }> {
  const deliveryKey = await generateDeliveryKey()
  const holder = signerOf(client)
  const request = { version, holder, deliveryKey: deliveryKey.publicKey, ...requestFields(client) }
  const signature = await signMessage(client, toTypedData(signingDomainOf(client), 'DeliveryRequest', request))
  const body = JSON.stringify({
    request: { ...request, version: String(version), expiry: String(request.expiry) },
    signature,
    fromDay,
    ...(offer === undefined ? {} : { offer: String(offer) }),
  })
  const ask = () =>
    client.http.json(feedKeysSchema, {
      method: 'POST',
      path: `api/v1/feeds/${version}/keys`,
      headers: { 'content-type': 'application/json' },
      body: () => body,
      attemptsMax: 3,
    })
  const granted = await untilConfirmed(client, { ask })
  if (granted.sealedKeys === null) return { ...granted, keys: [] }
  const keys = await openSealed(
    deliveryKey.privateKey,
    granted.sealedKeys,
    grantAad({ version, holder, manifestDigest }),
  )
  return { ...granted, keys }
}
