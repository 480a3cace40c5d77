import { setTimeout as pause } from 'node:timers/promises'
import { manifestDigest, servingSchema } from '@agorai/core'
import { type AgoraiClient, publishAsset } from '@agorai/sdk'
import type { LocalAccount } from 'viem'
import { type TestNode, upload } from '../../packages/node/test/support.js'
import type { Marketplace } from '../marketplace.js'

/** Base units of a call. */
export const price = 10n

export type PaidService = { dataset: bigint; model: bigint; service: bigint; asset: bigint; owner: LocalAccount }

/**
 * A service that sells a model that was built from a dataset: the dataset asks for 10 % of every sale and gives 60 % of
 * that to two contributors; the model is paid 60 % of what the service sells.
 */
export async function publishPaidService(market: Marketplace, amount = price): Promise<PaidService> {
  const { ada, boole, alpha, beta, curie, token, publishService, addressOf } = market
  const leaves = [alpha, beta].map((client, place) => ({
    ...{ account: addressOf(client), weight: `${3 - place}`, label: `Contributor ${place}` },
  }))
  const dataset = await publishService(ada, { terms: { royaltyBps: 1_000 }, contributors: { bps: 6_000, leaves } })
  const model = await publishService(boole, { parents: [dataset.version], terms: { royaltyBps: 500, serveBps: 6_000 } })
  const serving = servingSchema.parse({
    runtime: 'upstream',
    apis: ['completions'],
    token,
    prices: [{ unit: 'call', amount: `${amount}` }],
  })
  const service = await publishAsset(curie, {
    ...{ ...market.statement, name: 'Words on demand', suppliers: [model.version], serving },
  })
  const owner = ownerOf(curie)
  return { dataset: dataset.version, model: model.version, service: service.version, asset: service.asset, owner }
}

const ownerOf = ({ wallet }: AgoraiClient): LocalAccount => {
  if (wallet === undefined) throw new Error('The client has no wallet.')
  return wallet.account as LocalAccount
}

/** The owner of a service has a gateway serve it. */
export async function startServing(gateway: TestNode, { asset, owner }: PaidService): Promise<void> {
  const body = new TextEncoder().encode(JSON.stringify({ asset: `${asset}` }))
  const digest = manifestDigest(body)
  for (let attempt = 0; ; attempt++) {
    const answer = await upload(gateway, { resource: 'services', method: 'POST', body, digest, account: owner })
    if (answer.ok) return
    const text = await answer.text()
    // Its index may not have come so far yet.
    if (!text.includes('not_confirmed') || attempt >= 600) throw new Error(text)
    await pause(100)
  }
}

/** Body of a call: another one each time. */
export const callBody = ({ asset }: PaidService, name: string): string =>
  JSON.stringify({ model: `${asset}`, prompt: name, max_tokens: 4 })
