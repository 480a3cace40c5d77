import {
  AgoraiError,
  type AssetSummary,
  devAccounts,
  nodeInfoSchema,
  type Revenue,
  servedServicesSchema,
  testUsdAbi,
} from '@agorai/core'
import {
  type AgoraiClient,
  buyOffer,
  collectBytes,
  collectRevenue,
  createAgoraiClient,
  fetchDelivery,
  getAsset,
  getDevAccount,
  getRevenue,
  searchAssets,
  serveAsset,
  verifyDelivery,
  waitForReceipt,
} from '@agorai/sdk'
import { type Address, formatUnits, isAddressEqual } from 'viem'
import { createEvaluation } from '../examples/digits/evaluate.js'
import {
  datasetName,
  modelName,
  publishDataset,
  publishModel,
  publishService,
  serviceName,
} from '../examples/digits/publish.js'
import {
  languageModelName,
  languageServiceName,
  publishTextModel,
  publishTextService,
} from '../examples/language/publish.js'

/** Development accounts by the part they play. */
export const parts = {
  datasetOwner: 1,
  modelOwner: 2,
  contributors: [3, 4, 5],
  buyer: 6,
  relayer: 7,
  /** Sells the work of its own models by the call. */
  serviceOwner: 2,
} as const

export type RunDemoParameters = {
  /** Base URL of a node on a local chain. */
  node: string
  /** Told of each step as it ends. `begun` is its start on `performance.now()`'s clock. */
  onStep?: (name: string, said: string, begun: number) => void
  /** Takes the lines of the tables. Default: `console.log`. */
  print?: (line: string) => void
}

/** `before` and `after` are what the parties were owed before and after everyone collected. */
export type DemoReturnType = {
  dataset: bigint
  model: bigint
  service: bigint
  /** Sells completions by a small language model. */
  completion: bigint
  before: Revenue
  after: Revenue
}

/**
 * Publishes the digits, the classifier and a service that sells its work, a small language model and a service for it, has
 * the node serve both services, sells one pass of the classifier, checks what was delivered, and pays everyone.
 * Each step first looks whether it has been done, so a run that was interrupted is completed by the next.
 *
 * @throws AgoraiError as the verbs do, `evaluation_failed` when the sums are not equal to the unit.
 */
export async function runDemo({
  node,
  onStep = () => {},
  print = console.log,
}: RunDemoParameters): Promise<DemoReturnType> {
  const reader = await createAgoraiClient({ node })
  const clientOf = (index: number) => createAgoraiClient({ node, account: getDevAccount(index, reader.info.chain.id) })
  const token = reader.info.chain.addresses.testUsd
  if (token === undefined) throw new TypeError('the demonstration needs the payment token of a local chain')
  const step = async <result>(name: string, work: () => Promise<readonly [result, string]>): Promise<result> => {
    const begun = performance.now()
    const [result, said] = await work()
    onStep(name, said, begun)
    return result
  }
  await waitForIndex(reader)

  const dataset = await step('dataset', async () => {
    const found = await findAsset(reader, datasetName, parts.datasetOwner)
    if (found !== undefined) return [BigInt(found.id), `asset ${found.id}, published before`]
    const contributors = parts.contributors.map((index) => ({ account: addressOf(index), label: labelOf(index) }))
    const { asset } = await publishDataset(await clientOf(parts.datasetOwner), { token, contributors })
    return [asset, `asset ${asset}: 8,000 rows by 3 contributors`]
  })

  const model = await step('model', async () => {
    const found = await findAsset(reader, modelName, parts.modelOwner)
    if (found !== undefined) return [BigInt(found.id), `asset ${found.id}, published before`]
    const { asset } = await publishModel(await clientOf(parts.modelOwner), { token, dataset })
    return [asset, `asset ${asset}: built from ${dataset}, owes it 10 %`]
  })

  const service = await step('service', async () => {
    const found = await findAsset(reader, serviceName, parts.serviceOwner)
    if (found !== undefined) return [BigInt(found.id), `asset ${found.id}, published before`]
    const { asset } = await publishService(await clientOf(parts.serviceOwner), { token, model })
    return [asset, `asset ${asset}: sells the work of ${model}, which gets 60 %, by the call or the day`]
  })

  const language = await step('language', async () => {
    const found = await findAsset(reader, languageModelName, parts.modelOwner)
    if (found !== undefined) return [BigInt(found.id), `asset ${found.id}, published before`]
    const { asset } = await publishTextModel(await clientOf(parts.modelOwner), { token })
    return [asset, `asset ${asset}: a small language model, which goes on with a text`]
  })

  const completion = await step('completion', async () => {
    const found = await findAsset(reader, languageServiceName, parts.serviceOwner)
    if (found !== undefined) return [BigInt(found.id), `asset ${found.id}, published before`]
    const { asset } = await publishTextService(await clientOf(parts.serviceOwner), { token, model: language })
    return [asset, `asset ${asset}: sells the work of ${language} by the token`]
  })

  await step('serving', async () => {
    await waitForIndex(reader)
    const owner = await clientOf(parts.serviceOwner)
    const { services } = await reader.http.json(servedServicesSchema, { path: 'api/v1/services' })
    for (const asset of [service, completion])
      if (!services.some((served) => BigInt(served.asset) === asset)) await serveAsset(owner, { asset })
    return [undefined, `${node}/v1 and /v2 answer for ${service} and ${completion}`]
  })

  const buyer = await clientOf(parts.buyer)
  const offer = await step('purchase', async () => {
    await waitForIndex(reader)
    const { offers } = await getAsset(reader, { asset: model })
    const [cheapest] = offers
    if (cheapest === undefined) throw new TypeError('the model has no offer')
    const price = BigInt(cheapest.price)
    await mintUpTo(buyer, token, price)
    const { offer, amount, alreadyHeld } = await buyOffer(buyer, { offer: BigInt(cheapest.id), amountMax: price })
    return [offer, `${labelOf(parts.buyer)}: ${formatUsd(amount)}${alreadyHeld ? ', paid before' : ' paid'}`]
  })

  await step('delivery', async () => {
    const delivery = await fetchDelivery(buyer, { version: model, offer })
    const bytes = await collectBytes(delivery.plaintext())
    const { checks } = await verifyDelivery(buyer, {
      ...delivery,
      plaintext: () => streamOf(bytes),
      evaluation: createEvaluation(bytes),
    })
    const counted = checks.find(({ name }) => name === 'metrics.0.correct')?.found
    return [bytes, `${checks.length} checks passed; ${counted} held-out digits right`]
  })

  await waitForIndex(reader)
  const before = await getRevenue(reader, { version: model, token })
  print('\nWho is entitled to what\n')
  printTable(print, before, 'collectable')
  print('')

  await step('collection', async () => {
    const relayer = await clientOf(parts.relayer)
    const { amount } = await collectRevenue(relayer, { version: model, token })
    return [amount, `${formatUsd(amount)} paid out by a relayer that receives nothing`]
  })

  await waitForIndex(reader)
  const after = await getRevenue(reader, { version: model, token })
  print('\nWho received what\n')
  printTable(print, after, 'collected')
  assertSums(after)
  print(
    `\nReceived ${formatUsd(after.received)} = collected ${formatUsd(after.collected)} + dust ${formatUsd(after.dust)}, to the unit.\n`,
  )
  return { dataset, model, service, completion, before, after }
}

const accountAt = (index: number) => {
  const account = devAccounts.find((one) => one.index === index)
  if (account === undefined) throw new RangeError(`there is no development account ${index}`)
  return account
}
const addressOf = (index: number): Address => accountAt(index).address
const labelOf = (index: number): string => accountAt(index).label

/** The asset of that name and owner, which has its offers from the same transaction: again would be another asset. */
async function findAsset(client: AgoraiClient, name: string, owner: number): Promise<AssetSummary | undefined> {
  const { assets } = await searchAssets(client, { query: name, limit: 100 })
  return assets.find((asset) => asset.name === name && isAddressEqual(asset.owner, addressOf(owner)))
}

const indexTimeoutMs = 30_000

/** Waits until the node has indexed and confirmed what the chain holds now. */
export async function waitForIndex(client: AgoraiClient): Promise<void> {
  const head = await client.publicClient.getBlockNumber({ cacheTime: 0 })
  for (const begun = performance.now(); performance.now() - begun < indexTimeoutMs; ) {
    const { chain } = await client.http.json(nodeInfoSchema, { path: 'api/v1/node' })
    if (chain.indexedBlock >= head && chain.confirmedBlock >= head) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new AgoraiError('node_unavailable', `The node did not index block ${head} within ${indexTimeoutMs} ms.`)
}

/** Gives the account what it lacks of the payment token, which has no value and which anyone may mint. */
async function mintUpTo(client: AgoraiClient, token: Address, amount: bigint): Promise<void> {
  const account = client.wallet?.account
  if (account === undefined || client.wallet === undefined) return
  const contract = { address: token, abi: testUsdAbi } as const
  const balance = await client.publicClient.readContract({
    ...contract,
    functionName: 'balanceOf',
    args: [account.address],
  })
  if (balance >= amount) return
  const { chain } = client.publicClient
  const args = [account.address, amount - balance] as const
  const hash = await client.wallet.writeContract({ ...contract, functionName: 'mint', args, account, chain })
  await waitForReceipt(client.publicClient, hash)
}

async function* streamOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

const formatUsd = (amount: bigint | string) => `${toUnits(amount)} tUSD`
/** All six decimals, so that the last unit is seen. */
const toUnits = (amount: bigint | string) => {
  const [whole = '0', part = ''] = formatUnits(BigInt(amount), 6).split('.')
  return `${whole}.${part.padEnd(6, '0')}`
}

function printTable(print: (line: string) => void, revenue: Revenue, column: 'collectable' | 'collected'): void {
  const line = (cells: readonly [string, string, string, string]) =>
    print(`  ${cells[0].padEnd(20)} ${cells[1].padEnd(13)} ${cells[2].padEnd(22)} ${cells[3].padStart(12)}`)
  for (const { name, role, account, label, ...amounts } of revenue.entitlements) {
    const who = label ?? devAccounts.find(({ address }) => isAddressEqual(address, account))?.label ?? account
    line([name ?? (role === 'treasury' ? 'protocol fee' : ''), role, who, toUnits(amounts[column])])
  }
  const sum = revenue.entitlements.reduce((total, entitlement) => total + BigInt(entitlement[column]), 0n)
  line(['', '', 'sum', toUnits(sum)])
}

/** What came in is what everyone has, what they still can have, and dust; and after collecting nobody is owed anything. */
function assertSums({ received, collected, collectable, dust, entitlements }: Revenue): void {
  const sum = entitlements.reduce((total, entitlement) => total + BigInt(entitlement.collected), 0n)
  const equal = sum === BigInt(collected) && BigInt(received) === sum + BigInt(collectable) + BigInt(dust)
  if (!equal || BigInt(collectable) !== 0n)
    throw new AgoraiError('internal', `The sums are not equal: received ${received}, collected ${collected}.`)
}
