import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { devAccounts, testUsdAbi } from '@agorai/core'
import {
  type AgoraiClient,
  buyOffer,
  collectBytes,
  collectRevenue,
  createAgoraiClient,
  type FetchDeliveryReturnType,
  fetchDelivery,
  generateDeliveryKey,
  getDevAccount,
  getLineage,
  getRevenue,
  grantAad,
  openSealed,
  verifyDelivery,
  waitForReceipt,
} from '@agorai/sdk'
import type { Address } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createEvaluation } from '../examples/digits/evaluate.js'
import { modelPrice, publishDataset, publishModel, readModel, readModelFacts } from '../examples/digits/publish.js'
import { shuffleHidden } from '../examples/digits/shuffleHidden.js'
import { removeFolder, startTestNode, type TestNode } from '../packages/node/test/support.js'
import { waitForIndex } from '../scripts/demo.js'

/** The main job on real data through real entry points: a whole node with its own chain, and nothing but its SDK. */

let node: TestNode
let token: Address
let datasetOwner: AgoraiClient
let modelOwner: AgoraiClient
let buyer: AgoraiClient
let dataset: Awaited<ReturnType<typeof publishDataset>>
let model: Awaited<ReturnType<typeof publishModel>>
let delivery: FetchDeliveryReturnType
let delivered: Uint8Array

const addressOf = (index: number): Address => getDevAccount(index, 31_337).address
const clientOf = (index: number) => createAgoraiClient({ node: node.url, account: getDevAccount(index, 31_337) })
const streamOf = (bytes: Uint8Array) =>
  async function* () {
    yield bytes
  }

async function balanceOf(account: Address): Promise<bigint> {
  const contract = { address: token, abi: testUsdAbi } as const
  return buyer.publicClient.readContract({ ...contract, functionName: 'balanceOf', args: [account] })
}

async function mint(client: AgoraiClient, amount: bigint): Promise<void> {
  if (client.wallet === undefined) throw new Error('no wallet')
  const { account } = client.wallet
  const { chain } = client.publicClient
  const args = [account.address, amount] as const
  const hash = await client.wallet.writeContract({
    address: token,
    abi: testUsdAbi,
    functionName: 'mint',
    args,
    account,
    chain,
  })
  await waitForReceipt(client.publicClient, hash)
}

/** Buys a model and verifies it as its buyer would, evaluation included. */
async function buyAndVerify(bought: typeof model): Promise<unknown> {
  await mint(buyer, modelPrice)
  const [offer] = bought.offers
  if (offer === undefined) throw new Error('no offer')
  await buyOffer(buyer, { offer, amountMax: modelPrice })
  const fetched = await fetchDelivery(buyer, { version: bought.version, offer })
  const bytes = await collectBytes(fetched.plaintext())
  return verifyDelivery(buyer, { ...fetched, plaintext: streamOf(bytes), evaluation: createEvaluation(bytes) })
}

beforeAll(async () => {
  node = await startTestNode()
  ;[datasetOwner, modelOwner, buyer] = await Promise.all([clientOf(1), clientOf(2), clientOf(6)])
  token = buyer.info.chain.addresses.testUsd ?? '0x'
})
afterAll(async () => {
  await node?.stop()
  await removeFolder(node.folder)
})

describe('the main job', () => {
  test('a dataset by three contributors is published, and a model that owes it 10 %', async () => {
    const contributors = [3, 4, 5].map((index) => ({
      account: addressOf(index),
      label: devAccounts[index]?.label ?? '',
    }))
    dataset = await publishDataset(datasetOwner, { token, contributors })
    expect(dataset.manifest.content?.plaintext).toMatchObject({ rows: 8_000, rowFormat: 'csv' })
    expect(dataset.manifest.licence.spdx).toBe('CC-BY-SA-3.0')
    expect(dataset.manifest.contributors.leaves.map(({ weight }) => weight)).toEqual(['4000', '2400', '1600'])

    model = await publishModel(modelOwner, { token, dataset: dataset.version })
    await waitForIndex(buyer)
    const { vertices } = await getLineage(buyer, { version: model.version })
    const vertex = vertices.find(({ version }) => version === String(model.version))
    expect(vertex?.edges).toEqual([{ ancestor: String(dataset.version), bps: 1_000 }])
  })

  test('who has not paid gets nothing', async () => {
    const [offer] = model.offers
    await expect(fetchDelivery(buyer, { version: model.version, offer })).rejects.toMatchObject({
      code: 'entitlement_missing',
    })
    await expect(buyOffer(buyer, { offer: offer ?? 0n, amountMax: modelPrice })).rejects.toMatchObject({
      code: 'funds_missing',
    })
  })

  test('one purchase splits to the unit', async () => {
    await mint(buyer, modelPrice)
    const [offer] = model.offers
    if (offer === undefined) throw new Error('no offer')
    await expect(buyOffer(buyer, { offer, amountMax: modelPrice - 1n })).rejects.toMatchObject({
      code: 'price_above_max',
    })
    const bought = await buyOffer(buyer, { offer, amountMax: modelPrice })
    expect(bought).toMatchObject({ amount: 10_000_000n, alreadyHeld: false, version: model.version })
    expect(await balanceOf(addressOf(6))).toBe(0n)
    expect(await buyOffer(buyer, { offer, amountMax: modelPrice })).toMatchObject({
      alreadyHeld: true,
      hash: bought.hash,
    })

    await waitForIndex(buyer)
    const revenue = await getRevenue(buyer, { version: model.version, token })
    expect(revenue).toMatchObject({ received: '10000000', collected: '0', collectable: '10000000', dust: '0' })
    const due = revenue.entitlements.map(({ role, account, collectable }) => [role, account.toLowerCase(), collectable])
    expect(due).toHaveLength(6)
    expect(due).toEqual(
      expect.arrayContaining(
        (
          [
            ['treasury', 0, '100000'],
            ['owner', 1, '400000'],
            ['owner', 2, '8900000'],
            ['contributor', 3, '300000'],
            ['contributor', 4, '180000'],
            ['contributor', 5, '120000'],
          ] as const
        ).map(([role, index, amount]) => [role, addressOf(index).toLowerCase(), amount]),
      ),
    )
  })

  test('the delivery is the listed model, byte by byte, and is right as often as its manifest says', async () => {
    delivery = await fetchDelivery(buyer, { version: model.version })
    delivered = await collectBytes(delivery.plaintext())
    expect(Buffer.from(delivered).equals(readModel())).toBe(true)
    const { checks } = await verifyDelivery(buyer, {
      ...delivery,
      plaintext: streamOf(delivered),
      evaluation: createEvaluation(delivered),
    })
    const found = Object.fromEntries(checks.map((check) => [check.name, check.found]))
    const { correct, total } = readModelFacts().heldOut
    expect(found).toMatchObject({
      'content.cid': model.cid,
      'content.plaintext.root': model.manifest.content?.plaintext.root,
      manifest: model.manifestDigest,
      'metrics.0.correct': `${correct} of ${total}`,
    })
  })

  test('every party collects its part, and the sums are equal', async () => {
    const parties = [0, 1, 2, 3, 4, 5]
    const before = await Promise.all(parties.map((index) => balanceOf(addressOf(index))))
    for (const index of parties) {
      const { amount } = await collectRevenue(await clientOf(index), { token })
      expect(amount).toBeGreaterThan(0n)
    }
    const after = await Promise.all(parties.map((index) => balanceOf(addressOf(index))))
    const received = after.map((balance, index) => balance - (before[index] ?? 0n))
    expect(received).toEqual([100_000n, 400_000n, 8_900_000n, 300_000n, 180_000n, 120_000n])
    expect(received.reduce((sum, amount) => sum + amount)).toBe(modelPrice)
    expect(await balanceOf(buyer.info.chain.addresses.revenueLedger)).toBe(0n)

    await waitForIndex(buyer)
    const revenue = await getRevenue(buyer, { version: model.version, token })
    expect(revenue).toMatchObject({ received: '10000000', collected: '10000000', collectable: '0', dust: '0' })
    const again = await collectRevenue(buyer, { version: model.version, token })
    expect(again.amount).toBe(0n)
  })
})

describe('what is not as it was listed is refused', () => {
  test('a tampered block', async () => {
    const stored = (await readdir(node.folder, { recursive: true })).filter((name) => name.endsWith(model.cid ?? ''))
    expect(stored).toHaveLength(1)
    const path = join(node.folder, stored[0] ?? '')
    const whole = await readFile(path)
    for (const place of [0, Math.floor(whole.length / 2), whole.length - 1]) {
      const tampered = Buffer.from(whole)
      tampered.writeUInt8(tampered.readUInt8(place) ^ 1, place)
      await writeFile(path, tampered)
      await expect(collectBytes(delivery.plaintext())).rejects.toMatchObject({ code: 'integrity_failed' })
    }
    await writeFile(path, whole)
    expect(await collectBytes(delivery.plaintext())).toEqual(delivered)
  })

  test('a plaintext with one bit changed', async () => {
    const changed = Uint8Array.from(delivered)
    changed[1_000] = (changed[1_000] ?? 0) ^ 1
    await expect(verifyDelivery(buyer, { ...delivery, plaintext: streamOf(changed) })).rejects.toMatchObject({
      code: 'integrity_failed',
      field: 'content.plaintext.root',
    })
  })

  test('a wrong key: of another content, and of another device', async () => {
    const secrets = delivery.secrets.map((each) => each && { ...each, contentKey: Uint8Array.from(each.contentKey) })
    secrets[0]?.contentKey.set([1 ^ (secrets[0].contentKey[0] ?? 0)])
    await expect(verifyDelivery(buyer, { ...delivery, secrets, plaintext: streamOf(delivered) })).rejects.toMatchObject(
      { code: 'integrity_failed', field: 'content.cid' },
    )
    const other = await generateDeliveryKey()
    const aad = grantAad({ version: model.version, holder: addressOf(6), manifestDigest: model.manifestDigest })
    await expect(openSealed(other.privateKey, delivery.grant.sealedKey, aad)).rejects.toMatchObject({
      code: 'key_invalid',
    })
  })

  test('a manifest that states one right answer more', async () => {
    const correct = readModelFacts().heldOut.correct + 1
    const boasting = await publishModel(modelOwner, { token, dataset: dataset.version, correct })
    await expect(buyAndVerify(boasting)).rejects.toMatchObject({
      code: 'evaluation_failed',
      field: 'metrics.0.correct',
    })
  })

  test('a model with one weight matrix shuffled', async () => {
    const shuffled = await publishModel(modelOwner, {
      token,
      dataset: dataset.version,
      model: shuffleHidden(readModel()),
    })
    await expect(buyAndVerify(shuffled)).rejects.toMatchObject({
      code: 'evaluation_failed',
      field: 'metrics.0.correct',
    })
  })
})
