import { setTimeout } from 'node:timers/promises'
import {
  accessMarketAbi,
  type ContentManifest,
  deliveryGrantSchema,
  importContentKey,
  manifestDigest,
  nodeInfoSchema,
  openContent,
} from '@agorai/core'
import { type DeliveryKey, generateDeliveryKey, grantAad, openSealed } from '@agorai/sdk'
import { Validator } from '@seriousme/openapi-schema-validator'
import SwaggerClient, { type SwaggerClientInstance, type SwaggerOperation } from 'swagger-client'
import { createPublicClient, createWalletClient, custom, type EIP1193RequestFn, zeroAddress } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  buyer,
  chainOf,
  deliveryBody,
  publish,
  removeFolder,
  type SealedAsset,
  type Sold,
  sealAsset,
  slices,
  startTestNode,
  type TestNode,
  uploadAll,
} from '../packages/node/test/support.js'

let node: TestNode
let asset: SealedAsset
let sold: Sold
let document: Record<string, unknown> & { paths: Record<string, object> }
let client: SwaggerClientInstance

beforeAll(async () => {
  node = await startTestNode()
  asset = await sealAsset(new Uint8Array(5_000).map((_, at) => at % 251))
  await uploadAll(node, asset)
  sold = await publish(node, asset)
  const url = `${node.url}/api/v1/openapi.json`
  document = (await (await fetch(url)).json()) as typeof document
  client = await SwaggerClient({ url })
  // Putting it together takes longer than an idle connection lasts; whoever closes one needs a moment to be heard.
  await setTimeout(2_000)
}, 120_000)
afterAll(async () => {
  await node.stop()
  await removeFolder(node.folder)
})

/** What the generated client calls an operation of the document. */
const operation = (id: string): SwaggerOperation => {
  const found = client.apis.default[id]
  if (found === undefined) throw new Error(`${id} is not among ${Object.keys(client.apis.default).join(', ')}`)
  return found
}

describe('the OpenAPI document', { timeout: 120_000 }, () => {
  test('is valid to an independent judge', async () => {
    const verdict = await new Validator().validate(structuredClone(document))
    expect(verdict).toEqual({ valid: true })
    expect(document.openapi).toBe('3.1.0')
  })

  test('names each operation once, and describes every answer', () => {
    const operations = Object.values(document.paths).flatMap((path) => Object.values(path)) as {
      operationId: string
      summary: string
      responses: Record<string, { description: string }>
    }[]
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length)
    for (const { operationId, summary, responses } of operations) {
      expect([operationId, summary.length > 10]).toEqual([operationId, true])
      for (const response of Object.values(responses)) expect(response.description).not.toBe('')
    }
  })

  test('is all that a generated client needs to find, buy, be delivered and open', async () => {
    expect(client.errors).toEqual([])
    const info = nodeInfoSchema.parse((await operation('get_node')()).body)

    // The purchase: its transaction goes through the node, too.
    const rpc: EIP1193RequestFn = async ({ method, params }) => {
      const { body } = await operation('post_rpc')({}, { requestBody: { jsonrpc: '2.0', id: 1, method, params } })
      const { result, error } = body as { result: never; error?: { message: string } }
      if (error !== undefined) throw new Error(error.message)
      return result
    }
    const transport = custom({ request: rpc })
    const reader = createPublicClient({ transport, pollingInterval: 20 })
    const wallet = createWalletClient({ account: buyer, transport })
    const purchase = {
      offerId: sold.offer,
      version: sold.version,
      holder: zeroAddress,
      quantity: 1,
      amountMax: 0n,
      nonce: 0,
      proof: [],
    }
    const hash = await wallet.writeContract({
      chain: null,
      address: info.chain.addresses.accessMarket,
      abi: accessMarketAbi,
      functionName: 'buy',
      args: [purchase],
    })
    const { blockNumber } = await reader.waitForTransactionReceipt({ hash })
    const confirmedBlock = async () => nodeInfoSchema.parse((await operation('get_node')()).body).chain.confirmedBlock
    await expect.poll(confirmedBlock, { timeout: 30_000 }).toBeGreaterThanOrEqual(Number(blockNumber))

    const found = async () => {
      const { body } = await operation('get_assets')({ query: 'grain', limit: '5' })
      return (body as { assets: { id: string; name: string; version: { id: string } }[] }).assets
    }
    await expect.poll(async () => (await found()).length, { timeout: 30_000 }).toBe(1)
    const [{ id = '', version = { id: '' } } = {}] = await found()
    const detail = (await operation('get_assets_id')({ id })).body as { manifest: ContentManifest }
    expect(detail.manifest.content.cid).toBe(asset.cid)
    const page = { id, limit: '1' }
    const published = (await operation('get_assets_id_versions')(page)).body
    expect(published).toMatchObject({ versions: [{ id: version.id }], nextCursor: null })
    const offered = (await operation('get_assets_id_offers')(page)).body
    expect(offered).toMatchObject({ offers: [{ id: `${sold.offer}` }], nextCursor: null })
    expect((await operation('get_versions_id_lineage')({ id: version.id })).status).toBe(200)
    const { passes } = (await operation('get_passes')({ holder: buyer.address })).body as {
      passes: { offer: string }[]
    }
    expect(passes.map(({ offer }) => offer)).toEqual([`${sold.offer}`])

    const key: DeliveryKey = await generateDeliveryKey()
    const requestBody = JSON.parse(await deliveryBody(node, { ...sold, key })) as object
    const { body } = await operation('post_deliveries')({}, { requestBody })
    const grant = deliveryGrantSchema.parse(body)
    const stored = await operation('get_manifests_digest')({ digest: grant.manifestDigest })
    expect(manifestDigest(new TextEncoder().encode(stored.text))).toBe(grant.manifestDigest)

    const content = await operation('get_content_cid')({ cid: grant.cid })
    const ciphertext = new Uint8Array(await (content.data as Blob).arrayBuffer())
    const aad = grantAad({ version: sold.version, holder: buyer.address, manifestDigest: grant.manifestDigest })
    const [secrets] = await openSealed(key.privateKey, grant.sealedKey, aad)
    const contentKey = await importContentKey(secrets?.contentKey ?? new Uint8Array())
    const plaintext: number[] = []
    for await (const part of openContent({
      key: contentKey,
      contentId: detail.manifest.contentId,
      ciphertext: slices(ciphertext),
    }))
      plaintext.push(...part)
    expect(plaintext).toEqual(Array.from({ length: 5_000 }, (_, at) => at % 251))
  })

  test('says how the node says no', async () => {
    const refused = await operation('get_assets_id')({ id: '999999' }).catch(
      (error: { response: object }) => error.response,
    )
    expect(refused).toMatchObject({ status: 404, body: { code: 'not_found' } })
    const documented = document.paths['/api/v1/assets/{id}'] as { get: { responses: Record<string, object> } }
    expect(Object.keys(documented.get.responses)).toEqual(expect.arrayContaining(['200', '400', '404']))
  })

  test('the chain stays what the wallet sees directly', async () => {
    const { reader } = chainOf(node, buyer)
    expect(await reader.getChainId()).toBe(node.info.chain.id)
  })
})
