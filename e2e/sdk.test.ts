import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRowTree, type Manifest, splitSale, testUsdAbi } from '@agorai/core'
import { startNode } from '@agorai/node'
import {
  type AgoraiClient,
  buyOffer,
  collectBytes,
  collectRevenue,
  createAgoraiClient,
  fetchDelivery,
  generateDeliveryKey,
  getAsset,
  getDevAccount,
  getRevenue,
  grantAad,
  listOffer,
  openSealed,
  publishAsset,
  readRows,
  searchAssets,
  verifyDelivery,
  waitForReceipt,
} from '@agorai/sdk'
import type { Address } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readConfig } from '../packages/node/src/config.js'
import { waitForIndex } from '../scripts/demo.js'
import { flowers, predictWith, sliced, toCsv, train } from './flowers.js'

/** The main job through the SDK alone: a real node over HTTP, a real chain, a real file, a real model. */

const chainId = 31_337
const [treasury, ada, boole, alpha, beta, gamma, byron, curie] = [0, 1, 2, 3, 4, 5, 6, 7].map((index) =>
  getDevAccount(index, chainId),
) as [Account, Account, Account, Account, Account, Account, Account, Account]
type Account = ReturnType<typeof getDevAccount>

const price = 10_000_007n
const weights = [90n, 60n, 30n] as const

let folder: string
let node: Awaited<ReturnType<typeof startNode>>
let token: Address
const clients = new Map<Account, AgoraiClient>()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agorai-sdk-'))
  const { config } = readConfig(['--port', '0', '--data-dir', folder], {})
  node = await startNode({ ...config, contentBytesMax: 256 * 1024 * 1024, webFolder: join(folder, 'web') })
  for (const account of [treasury, ada, boole, alpha, beta, gamma, byron, curie])
    clients.set(account, await createAgoraiClient({ node: node.url, account }))
  const { testUsd } = as(byron).info.chain.addresses
  if (testUsd === undefined) throw new Error('The local chain has no test token.')
  token = testUsd
  for (const buyer of [byron, curie]) await mint(buyer, 100_000_000n)
})

afterAll(async () => {
  await node.stop()
  await rm(folder, { recursive: true, force: true })
})

function as(account: Account): AgoraiClient {
  const client = clients.get(account)
  if (client === undefined) throw new Error('There is no client for this account.')
  return client
}

async function mint(to: Account, amount: bigint): Promise<void> {
  const { wallet, publicClient } = as(to)
  if (wallet === undefined) throw new Error('The client has no wallet.')
  const hash = await wallet.writeContract({
    address: token,
    abi: testUsdAbi,
    functionName: 'mint',
    args: [to.address, amount],
    account: to,
    chain: publicClient.chain,
  })
  await waitForReceipt(publicClient, hash)
}

const balanceOf = ({ address }: { address: Address }): Promise<bigint> =>
  as(byron).publicClient.readContract({ address: token, abi: testUsdAbi, functionName: 'balanceOf', args: [address] })

const listed = flowers(180, 1)
const heldOut = flowers(101, 2)

const contentOf = (fileName: string, mediaType: string, bytes: Uint8Array) => ({
  fileName,
  mediaType,
  bytes: bytes.length,
  stream: () => sliced(bytes),
})

const licence = { spdx: 'CC0-1.0', source: 'e2e/sdk.test.ts', attribution: 'drawn by a fixed rule' }

const statement = {
  kind: 'dataset',
  name: 'Flowers',
  description: 'Two kinds of flower by two measures.',
  tags: ['flowers'],
  licence,
  provenance: { description: 'Drawn by a fixed rule.' },
  terms: { royaltyBps: 1_000 },
  contributors: { bps: 0, leaves: [] },
  metrics: [],
} satisfies Partial<Parameters<typeof publishAsset>[1]>

const publishDataset = (client: AgoraiClient, more: Partial<Parameters<typeof publishAsset>[1]> = {}) =>
  publishAsset(client, {
    ...statement,
    content: contentOf('flowers.csv', 'text/csv', toCsv(listed)),
    rowFormat: 'csv',
    parents: [],
    offers: [{ token, price: 5_000_000n, usage: 'train' }],
    ...more,
  })

async function evaluate(model: Uint8Array): Promise<Manifest['metrics'][number]> {
  const tree = await createRowTree()
  for await (const row of readRows('csv', sliced(toCsv(heldOut)))) tree.add(row)
  const answers = await (await predictWith(model))(heldOut)
  const correct = answers.filter((answer, index) => answer === heldOut[index]?.label).length
  return { name: 'correct', correct, total: heldOut.length, evaluationRoot: tree.root(), description: 'Held out.' }
}

const publishModel = (client: AgoraiClient, dataset: bigint, metric: Manifest['metrics'][number], model: Uint8Array) =>
  publishAsset(client, {
    ...statement,
    kind: 'model',
    name: 'Flower classifier',
    terms: { royaltyBps: 500 },
    metrics: [metric],
    modelCard: { notes: { kind: 'nearest mean' } },
    content: contentOf('model.onnx', 'application/octet-stream', model),
    rowFormat: 'binary',
    parents: [dataset],
    offers: [{ token, price, usage: 'inference' }],
  })

describe('the main job', () => {
  const model = train(listed)
  let metric: Manifest['metrics'][number]
  let dataset: Awaited<ReturnType<typeof publishAsset>>
  let classifier: Awaited<ReturnType<typeof publishAsset>>
  let offer: bigint

  test('publish a dataset with three contributors, and a model built from it', async () => {
    const phases: string[] = []
    dataset = await publishDataset(as(ada), {
      contributors: {
        bps: 6_000,
        leaves: [alpha, beta, gamma].map(({ address }, index) => ({
          account: address,
          weight: String(weights[index]),
          label: `Contributor ${index}`,
        })),
      },
      onProgress: ({ phase }) => phases.at(-1) === phase || phases.push(phase),
    })
    expect(phases).toEqual(['measure', 'upload', 'check', 'publish'])
    expect(dataset.manifest.fields).toEqual([
      { name: 'label', type: 'string' },
      { name: 'x', type: 'integer' },
      { name: 'y', type: 'integer' },
    ])
    expect(dataset.manifest.content?.plaintext.rows).toBe(180)
    expect(dataset.manifest.croissant).toMatchObject({ '@type': 'sc:Dataset', size: '180 rows' })

    metric = await evaluate(model)
    expect(metric.correct).toBeGreaterThan(70)
    expect(metric.correct).toBeLessThan(101)
    classifier = await publishModel(as(boole), dataset.version, metric, model)
    offer = classifier.offers[0] ?? 0n
    await waitForIndex(as(byron))
    expect(await getAsset(as(byron), { asset: classifier.asset })).toMatchObject({ name: 'Flower classifier' })
    const found = await searchAssets(as(byron), { query: 'classifier' })
    expect(found.assets.map(({ id }) => id)).toEqual([String(classifier.asset)])
  })

  test('who has not paid gets nothing, and neither does who pays less than the price', async () => {
    await expect(fetchDelivery(as(byron), { version: classifier.version })).rejects.toMatchObject({
      code: 'entitlement_missing',
    })
    await expect(fetchDelivery(as(byron), { version: classifier.version, offer })).rejects.toMatchObject({
      code: 'entitlement_missing',
    })
    await expect(buyOffer(as(byron), { offer, amountMax: price - 1n })).rejects.toMatchObject({
      code: 'price_above_max',
    })
    expect(await balanceOf(byron)).toBe(100_000_000n)
  })

  test('buy by allowance; the same purchase again finds the pass and moves no money', async () => {
    const bought = await buyOffer(as(byron), { offer, version: classifier.version, amountMax: price })
    expect(bought).toMatchObject({ amount: price, alreadyHeld: false, asset: classifier.asset })
    expect(await balanceOf(byron)).toBe(100_000_000n - price)
    const again = await buyOffer(as(byron), { offer, version: classifier.version, amountMax: price })
    expect(again).toEqual({ ...bought, alreadyHeld: true })
    expect(await balanceOf(byron)).toBe(100_000_000n - price)
  })

  test('deliver, verify, and run the delivered model on rows that were not listed', async () => {
    const delivery = await fetchDelivery(as(byron), { version: classifier.version })
    const plaintext = await collectBytes(delivery.plaintext())
    expect(Buffer.from(plaintext).equals(model)).toBe(true)
    const evaluation = {
      rows: () => sliced(toCsv(heldOut)),
      rowFormat: 'csv' as const,
      labelColumn: 'label',
      predict: await predictWith(plaintext),
    }
    const { checks } = await verifyDelivery(as(byron), { ...delivery, plaintext: () => sliced(plaintext), evaluation })
    expect(checks.map(({ name }) => name)).toEqual([
      'content.plaintext.bytes',
      'content.plaintext.rows',
      'content.plaintext.root',
      'content.cid',
      'manifest',
      'terms',
      'metrics.0.correct',
    ])
    expect(checks.at(-1)?.found).toBe(`${metric.correct} of 101`)
  })

  test('another model, other rows, an altered content or another version do not verify', async () => {
    const delivery = await fetchDelivery(as(byron), { version: classifier.version })
    const plaintext = await collectBytes(delivery.plaintext())
    const given = { ...delivery, plaintext: () => sliced(plaintext) }
    const evaluation = {
      rows: () => sliced(toCsv(heldOut)),
      rowFormat: 'csv' as const,
      labelColumn: 'label',
      predict: async (records: readonly unknown[]) => records.map(() => 'rose'),
    }
    await expect(verifyDelivery(as(byron), { ...given, evaluation })).rejects.toMatchObject({
      code: 'evaluation_failed',
      field: 'metrics.0.correct',
    })
    await expect(
      verifyDelivery(as(byron), {
        ...given,
        evaluation: { ...evaluation, rows: () => sliced(toCsv(heldOut.slice(1))), predict: await predictWith(model) },
      }),
    ).rejects.toMatchObject({ code: 'evaluation_failed', field: 'metrics.0.evaluationRoot' })
    const altered = plaintext.map((byte, index) => (index === 40 ? byte ^ 1 : byte))
    await expect(verifyDelivery(as(byron), { ...given, plaintext: () => sliced(altered) })).rejects.toMatchObject({
      code: 'integrity_failed',
      field: 'content.plaintext.root',
    })
    await expect(verifyDelivery(as(byron), { ...given, version: dataset.version })).rejects.toMatchObject({
      code: 'integrity_failed',
      field: 'manifest',
    })
  })

  test('a key that was sealed to another delivery key does not open', async () => {
    const { grant, version } = await fetchDelivery(as(byron), { version: classifier.version })
    const other = await generateDeliveryKey()
    const aad = grantAad({ version, holder: byron.address, manifestDigest: grant.manifestDigest })
    await expect(openSealed(other.privateKey, grant.sealedKey, aad)).rejects.toMatchObject({ code: 'key_invalid' })
  })

  test('every party collects its part; the parts and the dust are the price, to the unit', async () => {
    const parties = [treasury, ada, boole, alpha, beta, gamma]
    const before = await Promise.all(parties.map(balanceOf))
    const vertices = new Map([
      [0n, { version: 0n, feeBps: 0, contributorBps: 0, edges: [], supplies: [], contributors: [], members: [] }],
      [
        dataset.version,
        {
          version: dataset.version,
          feeBps: 100,
          contributorBps: 6_000,
          edges: [],
          supplies: [],
          members: [],
          contributors: [alpha, beta, gamma].map(({ address }, index) => ({
            account: address,
            weight: weights[index] ?? 0n,
          })),
        },
      ],
      [
        classifier.version,
        {
          version: classifier.version,
          feeBps: 100,
          contributorBps: 0,
          edges: [{ ancestor: dataset.version, bps: 1_000 }],
          supplies: [],
          contributors: [],
          members: [],
        },
      ],
    ])
    const { shares, dust } = splitSale(vertices, classifier.version, price)
    const expected = parties.map((party) =>
      shares
        .filter(({ version, role, account }) =>
          role === 'contributor'
            ? account === party.address
            : party === (role === 'treasury' ? treasury : version === dataset.version ? ada : boole),
        )
        .reduce((sum, { amount }) => sum + amount, 0n),
    )
    // By hand: 1 % fee, 10 % royalty of which 60 % go to the contributors by 90, 60 and 30 of 180.
    expect(expected).toEqual([100_000n, 400_000n, 8_900_006n, 300_000n, 200_000n, 100_000n])

    // One party collects for itself, a stranger pays the gas for all the others.
    const own = await collectRevenue(as(alpha), { token })
    expect(own.collected).toMatchObject([{ role: 'contributor', account: alpha.address, amount: 300_000n }])
    const rest = await collectRevenue(as(curie), { token, version: classifier.version })
    expect(own.amount + rest.amount + dust).toBe(price)

    const after = await Promise.all(parties.map(balanceOf))
    expect(after.map((balance, index) => balance - (before[index] ?? 0n))).toEqual(expected)
    expect((await collectRevenue(as(curie), { token, version: classifier.version })).amount).toBe(0n)
    const revenue = await getRevenue(as(byron), { version: classifier.version, token })
    expect(BigInt(revenue.collected) + BigInt(revenue.dust)).toBe(price)
  })
})

describe('buying', () => {
  let dataset: Awaited<ReturnType<typeof publishAsset>>
  let offer: bigint

  beforeAll(async () => {
    dataset = await publishDataset(as(ada))
    offer = dataset.offers[0] ?? 0n
  })

  test('by a signed authorization that another account relays', async () => {
    const [buyerBefore, relayerBefore] = [await balanceOf(byron), await balanceOf(curie)]
    const gasBefore = await as(byron).publicClient.getBalance({ address: byron.address })
    const purchase = { offer, amountMax: 5_000_000n, payment: 'authorization' as const, relayer: as(curie) }
    const bought = await buyOffer(as(byron), purchase)
    expect(bought).toMatchObject({ holder: byron.address, amount: 5_000_000n, alreadyHeld: false })
    expect(await balanceOf(byron)).toBe(buyerBefore - 5_000_000n)
    expect(await balanceOf(curie)).toBe(relayerBefore)
    expect(await as(byron).publicClient.getBalance({ address: byron.address })).toBe(gasBefore)
    expect(await buyOffer(as(byron), purchase)).toEqual({ ...bought, alreadyHeld: true })
    const delivery = await fetchDelivery(as(byron), { version: dataset.version, offer })
    expect(Buffer.from(await collectBytes(delivery.plaintext())).equals(toCsv(listed))).toBe(true)
  })

  test('two purchases at once leave one pass and one payment', async () => {
    const before = await balanceOf(curie)
    const purchases = await Promise.all([
      buyOffer(as(curie), { offer, amountMax: 5_000_000n, payment: 'authorization' as const, relayer: as(alpha) }),
      buyOffer(as(curie), { offer, amountMax: 5_000_000n, payment: 'authorization' as const, relayer: as(beta) }),
    ])
    expect(purchases.map(({ alreadyHeld }) => alreadyHeld).sort()).toEqual([false, true])
    expect(new Set(purchases.map(({ hash }) => hash)).size).toBe(1)
    expect(await balanceOf(curie)).toBe(before - 5_000_000n)
  })

  test('without enough of the token, and from a closed or unknown offer, is refused before anything is signed', async () => {
    await expect(buyOffer(as(gamma), { offer, amountMax: 5_000_000n })).rejects.toMatchObject({
      code: 'funds_missing',
      details: { price: '5000000' },
    })
    await expect(buyOffer(as(byron), { offer: offer + 9n, amountMax: 1n })).rejects.toMatchObject({
      code: 'offer_closed',
    })
  })

  test('a version that changed since the buyer looked is refused; a pass opens the later version too', async () => {
    const later = await publishDataset(as(ada), {
      asset: dataset.asset,
      content: contentOf('flowers.csv', 'text/csv', toCsv(heldOut)),
      offers: [],
    })
    expect(later.asset).toBe(dataset.asset)
    const { offer: second } = await listOffer(as(ada), { asset: dataset.asset, token, price: 1n, usage: 'personal' })
    expect(second).toBe(offer + 1n)
    await expect(buyOffer(as(curie), { offer: second, version: dataset.version, amountMax: 1n })).rejects.toMatchObject(
      { code: 'version_changed' },
    )
    const delivery = await fetchDelivery(as(byron), { version: later.version })
    expect(Buffer.from(await collectBytes(delivery.plaintext())).equals(toCsv(heldOut))).toBe(true)
  })

  test('only the owner lists offers and publishes versions', async () => {
    const refused = { code: 'not_owner' }
    const wanted = { asset: dataset.asset, token, price: 1n, usage: 'train' as const }
    await expect(listOffer(as(boole), wanted)).rejects.toMatchObject(refused)
    await expect(publishDataset(as(boole), { asset: dataset.asset })).rejects.toMatchObject(refused)
  })

  test('a free offer is a pass without a payment, and the owner needs none', async () => {
    const { offer: free } = await listOffer(as(ada), { asset: dataset.asset, token, price: 0n, usage: 'evaluation' })
    expect(await buyOffer(as(gamma), { offer: free, amountMax: 0n, payment: 'authorization' })).toMatchObject({
      amount: 0n,
    })
    for (const reader of [gamma, ada]) {
      const delivery = await fetchDelivery(as(reader), { version: dataset.version })
      expect((await collectBytes(delivery.plaintext())).length).toBe(toCsv(listed).length)
    }
  })
})

describe('what is not as it should be', () => {
  test('rows that do not fit are refused with their line before anything is uploaded or published', async () => {
    const content = contentOf('bad.csv', 'text/csv', new TextEncoder().encode('a,b\n1,2\n3\n'))
    await expect(publishDataset(as(ada), { content })).rejects.toMatchObject({
      code: 'rows_invalid',
      details: { line: 3 },
    })
  })

  test('a source that is longer than it says, an unsafe name, and an unknown parent are refused', async () => {
    const content = contentOf('flowers.csv', 'text/csv', toCsv(listed))
    await expect(publishDataset(as(ada), { content: { ...content, bytes: content.bytes - 1 } })).rejects.toMatchObject({
      code: 'length_mismatch',
    })
    await expect(
      publishDataset(as(ada), { content: { ...content, fileName: '../flowers.csv' } }),
    ).rejects.toMatchObject({ code: 'unsafe_name' })
    await expect(publishDataset(as(ada), { parents: [9_999n] })).rejects.toMatchObject({ code: 'not_found' })
  })

  test.each([0, 1, 1_048_576, 1_048_577])('a content of %i bytes arrives as it was', async (bytes) => {
    const content = new Uint8Array(bytes).map((_, index) => (index * 7) % 253)
    const { version } = await publishDataset(as(ada), {
      content: contentOf('bytes.bin', 'application/octet-stream', content),
      rowFormat: 'binary',
      offers: [],
    })
    const delivery = await fetchDelivery(as(ada), { version })
    expect(Buffer.from(await collectBytes(delivery.plaintext())).equals(content)).toBe(true)
  })

  test('a damaged block in the store is found by the buyer, and nothing of it is handed out', async () => {
    const content = new Uint8Array(2_500_000).map((_, index) => (index * 11) % 251)
    const { version, cid } = await publishDataset(as(ada), {
      content: contentOf('bytes.bin', 'application/octet-stream', content),
      rowFormat: 'binary',
      offers: [],
    })
    const delivery = await fetchDelivery(as(ada), { version })
    const stored = await findStored(cid ?? '')
    const whole = await readFile(stored)
    whole.writeUInt8(whole.readUInt8(1_500_000) ^ 1, 1_500_000)
    await writeFile(stored, whole)
    let opened = 0
    const reading = (async () => {
      for await (const slice of delivery.plaintext()) opened += slice.length
    })()
    await expect(reading).rejects.toMatchObject({ code: 'integrity_failed', details: { chunk: 1 } })
    expect(opened).toBe(1_048_576)
  })

  test('a client of a node that is not there says so', async () => {
    await expect(createAgoraiClient({ node: 'http://127.0.0.1:1' })).rejects.toMatchObject({ code: 'node_unavailable' })
    await expect(createAgoraiClient({ node: 'ftp://127.0.0.1' })).rejects.toMatchObject({ field: 'node' })
    expect(() => getDevAccount(6, 1)).toThrowError(expect.objectContaining({ code: 'chain_not_local' }))
  })
})

async function findStored(cid: string): Promise<string> {
  const storage = join(folder, 'storage')
  const files = await readdir(storage, { recursive: true })
  const found = files.find((file) => file.endsWith(cid))
  if (found === undefined) throw new Error(`${cid} is not in the store.`)
  return join(storage, found)
}
