import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import {
  accessMarketAbi,
  assetRegistryAbi,
  type ContentManifest,
  contributorRootOf,
  createChunkRoot,
  type DeliveryGrant,
  deliveryGrantSchema,
  digestOfCid,
  encodeManifest,
  encodeTerms,
  inMemory,
  kindToNumber,
  type Manifest,
  manifestDigest,
  meterChunks,
  type NodeInfo,
  nodeInfoSchema,
  offerIdOf,
  type PartitionSecrets,
  type Problem,
  publicationCommitment,
  sealPartitions,
  toTypedData,
} from '@agorai/core'
import {
  computeContentCid,
  type DeliveryKey,
  depositAad,
  generateDeliveryKey,
  getDevAccount,
  measureRows,
  type RowFormat,
  sealTo,
  waitForReceipt,
} from '@agorai/sdk'
import {
  type Address,
  bytesToHex,
  createPublicClient,
  createWalletClient,
  type Hex,
  http,
  type LocalAccount,
  parseEventLogs,
  zeroAddress,
  zeroHash,
} from 'viem'
import { type NodeConfig, readConfig } from '../src/config.js'
import { type RunningNode, startNode } from '../src/main.js'

export type TestNode = RunningNode & { folder: string; info: NodeInfo; warnings: string[] }

export const configFor = (folder: string): NodeConfig => ({
  ...readConfig(['--port', '0', '--data-dir', folder], {}).config,
  confirmations: 0,
  contentBytesMax: 16 * 1024 * 1024,
  webFolder: join(folder, 'web'),
})

export const newFolder = () => mkdtemp(join(tmpdir(), 'agorai-node-'))

/** Starts a whole node in this process, in a folder of its own unless one is given. */
export async function startTestNode(config: Partial<NodeConfig> = {}): Promise<TestNode> {
  const folder = config.dataFolder ?? (await newFolder())
  const warnings: string[] = []
  const node = await startNode(
    { ...configFor(folder), ...config },
    { onWarning: (message, cause) => warnings.push(`${message} ${cause instanceof Error ? cause.stack : ''}`) },
  )
  return { ...node, folder, info: await nodeInfo(node.url), warnings }
}

export async function nodeInfo(url: string): Promise<NodeInfo> {
  const response = await fetch(`${url}/api/v1/node`)
  return nodeInfoSchema.parse(await response.json())
}

/** A node that runs in a process of its own, as far as it shows. Its chain is reached through the gateway. */
export const nodeAt = async (url: string, folder: string): Promise<TestNode> =>
  ({ url, rpcUrl: `${url}/rpc`, info: await nodeInfo(url), folder, warnings: [] }) as unknown as TestNode

export const removeFolder = (folder: string) => rm(folder, { recursive: true, force: true })

/* ACCOUNTS */

export const seller = getDevAccount(1, 31_337)
export const buyer = getDevAccount(6, 31_337)
export const stranger = getDevAccount(7, 31_337)

const unixNow = () => Math.floor(Date.now() / 1000)
export const randomHex = (bytes = 32): Hex => bytesToHex(randomBytes(bytes))

/* CONTENT */

export type SealedAsset = {
  manifest: ContentManifest
  manifestBytes: Uint8Array
  digest: Hex
  cid: string
  ciphertext: Uint8Array
  secrets: [PartitionSecrets, ...PartitionSecrets[]]
}

/** Secrets that fit but for their key. */
export const withoutKey = ({ secrets: [first, ...rest] }: SealedAsset): SealedAsset['secrets'] => [
  { ...first, contentKey: new Uint8Array(32) },
  ...rest,
]

export async function* slices(...parts: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts
}

async function collect(parts: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = []
  for await (const part of parts) all.push(part)
  return new Uint8Array(Buffer.concat(all))
}

const freshSecrets = (): PartitionSecrets => ({
  contentKey: new Uint8Array(randomBytes(32)),
  saltSeed: new Uint8Array(randomBytes(32)),
})

/** Seals a plaintext and writes its manifest, as a seller's machine does. `change` may spoil it on purpose. */
export async function sealAsset(
  plaintext: Uint8Array,
  rowFormat: RowFormat = 'binary',
  change: (manifest: ContentManifest) => ContentManifest = (manifest) => manifest,
  parts: readonly number[] = [plaintext.length],
): Promise<SealedAsset> {
  const contentId = randomHex()
  const secrets: SealedAsset['secrets'] = [freshSecrets(), ...parts.slice(1).map(freshSecrets)]
  const sealing = { contentId, secrets, partitionBytes: parts }
  const ciphertext = await collect(sealPartitions({ ...sealing, plaintext: slices(plaintext) }))
  const { rows, root, partitionRows } = await measureRows({
    ...sealing,
    rowFormat,
    content: parts.length === 1 ? inMemory(plaintext) : slices(plaintext),
  })
  const partitions = parts.map((bytes, place) => ({ contributor: null, bytes, rows: partitionRows[place] ?? 0 }))
  const chunks = await createChunkRoot()
  const cid = await computeContentCid(meterChunks(chunks, sealPartitions({ ...sealing, plaintext: slices(plaintext) })))
  const manifest = change({
    agorai: '1',
    kind: 'dataset',
    name: 'Grain prices',
    description: 'Prices of grain at the harbour.',
    tags: ['grain'],
    licence: { spdx: 'CC-BY-4.0', source: 'https://example.org', attribution: 'The harbour' },
    contentId,
    content: {
      cid,
      bytes: ciphertext.length,
      chunkRoot: chunks.root(),
      chunks: chunks.chunks,
      plaintext: {
        fileName: 'grain.bin',
        mediaType: 'application/octet-stream',
        bytes: plaintext.length,
        root,
        rowFormat,
        rows,
      },
      ...(parts.length === 1 ? {} : { partitions }),
    },
    fields: [],
    provenance: { description: 'Counted by hand.', builtFrom: [] },
    terms: {
      derivatives: true,
      royaltyBps: 0,
      serveBps: 0,
      consent: false,
      attribution: true,
      commercial: true,
    },
    contributors: { bps: 0, leaves: [] },
    members: [],
    suppliers: [],
    metrics: [],
    croissant: {},
  })
  const manifestBytes = encodeManifest(manifest)
  return { manifest, manifestBytes, digest: manifestDigest(manifestBytes), cid, ciphertext, secrets }
}

/** The manifest of a live service, which has no content. */
export function sealBare({ manifest: like }: SealedAsset) {
  const { contentId, content, fields, ...said } = like
  const manifest: Manifest = { ...said, kind: 'service', name: 'Prices on demand' }
  const manifestBytes = encodeManifest(manifest)
  return { manifest, manifestBytes, digest: manifestDigest(manifestBytes) }
}

/* UPLOADS */

export type UploadParameters = {
  /** `content/<cid>` and the like. */
  resource: string
  body: Uint8Array
  digest: Hex
  account?: LocalAccount
  /** Fields of the signed request that differ. */
  signed?: Partial<{
    resource: string
    bytes: bigint
    digest: Hex
    operator: Address
    expiry: bigint
    account: Address
  }>
  chainId?: number
  headers?: Record<string, string>
  signature?: Hex
  send?: BodyInit
  method?: 'PUT' | 'POST'
}

/** The headers of a signed upload; everything about them can be made wrong. */
export async function uploadHeaders(node: TestNode, parameters: UploadParameters): Promise<Record<string, string>> {
  const { resource, body, digest, account = seller, signed = {} } = parameters
  const message = {
    account: account.address,
    resource,
    bytes: BigInt(body.length),
    digest,
    operator: node.info.operator.address,
    nonce: randomHex(),
    expiry: BigInt(unixNow() + 600),
    ...signed,
  }
  const domain = {
    chainId: parameters.chainId ?? node.info.chain.id,
    assetRegistry: node.info.chain.addresses.assetRegistry,
  }
  const signature = parameters.signature ?? (await account.signTypedData(toTypedData(domain, 'UploadRequest', message)))
  const json = JSON.stringify({ ...message, bytes: `${message.bytes}`, expiry: `${message.expiry}` })
  return { 'agorai-request': Buffer.from(json).toString('base64url'), 'agorai-signature': signature }
}

/** Sends a signed upload. */
export async function upload(node: TestNode, parameters: UploadParameters): Promise<Response> {
  const { resource, body, headers = {}, method = 'PUT' } = parameters
  return fetch(`${node.url}/api/v1/${resource}`, {
    method,
    headers: {
      'content-type': resource.startsWith('content/') ? 'application/octet-stream' : 'application/json',
      ...(await uploadHeaders(node, parameters)),
      ...headers,
    },
    body: parameters.send ?? Uint8Array.from(body),
    duplex: 'half',
  } as RequestInit)
}

export const uploadContent = (node: TestNode, asset: SealedAsset, more: Partial<UploadParameters> = {}) =>
  upload(node, { resource: `content/${asset.cid}`, body: asset.ciphertext, digest: digestOfCid(asset.cid), ...more })

export const uploadManifest = (node: TestNode, asset: SealedAsset, more: Partial<UploadParameters> = {}) =>
  upload(node, { resource: `manifests/${asset.digest}`, body: asset.manifestBytes, digest: asset.digest, ...more })

export async function uploadKey(
  node: TestNode,
  asset: SealedAsset,
  more: Partial<UploadParameters> & { secrets?: SealedAsset['secrets']; sealedTo?: Hex; sealedFor?: Hex } = {},
): Promise<Response> {
  const sealedKey = await sealTo(
    more.sealedTo ?? node.info.operator.encryptionKey,
    more.secrets ?? asset.secrets,
    depositAad(more.sealedFor ?? asset.digest),
  )
  const body = new TextEncoder().encode(JSON.stringify({ sealedKey }))
  return upload(node, { resource: `keys/${asset.digest}`, body, digest: manifestDigest(body), ...more })
}

/** Uploads everything; fails loudly when any of it is refused. */
export async function uploadAll(node: TestNode, asset: SealedAsset): Promise<void> {
  for (const send of [uploadContent, uploadManifest, uploadKey]) {
    const response = await send(node, asset)
    if (!response.ok) throw new Error(`${send.name}: ${await response.text()}`)
  }
}

/* KEYS */

/** What the registry holds of an asset that the seller published. */
export const commitmentOf = ({ manifest, digest }: SealedAsset): Hex =>
  publicationCommitment(seller.address, digest, contributorRootOf(manifest))

/** The file in which a node keeps the key of an asset. */
export function keyFileIn(folder: string, asset: SealedAsset): string {
  const commitment = commitmentOf(asset)
  return join(folder, 'keystore', commitment.slice(2, 4), `${commitment.slice(2)}.json`)
}

export const isKeyGone = async (folder: string, asset: SealedAsset): Promise<boolean> =>
  JSON.parse(await readFile(keyFileIn(folder, asset), 'utf8')).sealed === null

/** Waits until a node has destroyed the key of an asset. */
export async function untilKeyGone(folder: string, asset: SealedAsset): Promise<void> {
  for (let made = 0; made < 400; made++) {
    if (await isKeyGone(folder, asset)) return
    await pause(50)
  }
  throw new Error('the key was not destroyed')
}

/* CHAIN */

export function chainOf(node: { rpcUrl: string }, account: LocalAccount) {
  const transport = http(node.rpcUrl)
  return {
    reader: createPublicClient({ transport, cacheTime: 0, pollingInterval: 5 }),
    wallet: createWalletClient({ account, transport }),
  }
}

/** Terms of an offer that is free, but for what is said. */
export const offerTerms = (more: object = {}) => ({
  token: zeroAddress,
  price: 0n,
  usage: 1,
  flags: 0,
  refundHours: 0,
  gate: zeroHash,
  brackets: [],
  ...more,
})

/** Publishes a manifest with one free offer, timed or not. */
export async function publish(
  node: TestNode,
  { manifest, digest }: { manifest: Manifest; digest: Hex },
  { account = seller, timed = false }: { account?: LocalAccount; timed?: boolean } = {},
): Promise<Sold> {
  const { reader, wallet } = chainOf(node, account)
  const hash = await wallet.writeContract({
    chain: null,
    address: node.info.chain.addresses.assetRegistry,
    abi: assetRegistryAbi,
    functionName: 'publishAndList',
    args: [
      kindToNumber(manifest.kind),
      {
        manifestDigest: digest,
        parents: [],
        suppliers: [],
        terms: encodeTerms(manifest.terms),
        contributors: { root: contributorRootOf(manifest), bps: manifest.contributors.bps },
        feeBpsMax: 500,
        consents: [],
      },
      [offerTerms({ flags: timed ? 1 : 0 })],
    ],
  })
  const { logs } = await waitForReceipt(reader, hash)
  const [event] = parseEventLogs({ abi: assetRegistryAbi, logs, eventName: 'VersionPublished' })
  if (event === undefined) throw new Error('nothing was published')
  const { version } = event.args
  return { version, offer: offerIdOf(version, 0) }
}

/** Buys a free offer; the block that holds the pass. */
export async function buy(node: TestNode, { version, offer }: Sold, account: LocalAccount = buyer): Promise<bigint> {
  const { reader, wallet } = chainOf(node, account)
  const purchase = { offerId: offer, version, holder: zeroAddress, quantity: 1, amountMax: 0n, nonce: 0, proof: [] }
  const hash = await wallet.writeContract({
    chain: null,
    address: node.info.chain.addresses.accessMarket,
    abi: accessMarketAbi,
    functionName: 'buy',
    args: [purchase],
  })
  return (await waitForReceipt(reader, hash)).blockNumber
}

export type Sold = { version: bigint; offer: bigint }

/** Erases a version as its owner, and waits until the node acts on that. */
export async function erase(node: TestNode, { version }: Sold): Promise<void> {
  const { reader, wallet } = chainOf(node, seller)
  const hash = await wallet.writeContract({
    chain: null,
    address: node.info.chain.addresses.assetRegistry,
    abi: assetRegistryAbi,
    functionName: 'erase',
    args: [version],
  })
  await confirmed(node, (await waitForReceipt(reader, hash)).blockNumber)
}

/** Waits until the node acts on a block. */
export async function confirmed(node: TestNode, block: bigint): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt++) {
    if (BigInt((await nodeInfo(node.url)).chain.confirmedBlock) >= block) return
    await pause(20)
  }
  throw new Error(`block ${block} was never confirmed`)
}

/** A sealed, uploaded, published and bought asset. */
export async function sell(node: TestNode, plaintext: Uint8Array): Promise<{ asset: SealedAsset; sold: Sold }> {
  const asset = await sealAsset(plaintext)
  await uploadAll(node, asset)
  const sold = await publish(node, asset)
  await confirmed(node, await buy(node, sold))
  return { asset, sold }
}

/* DELIVERIES */

export type DeliveryParameters = Sold & {
  account?: LocalAccount
  key?: DeliveryKey
  signed?: Partial<{
    holder: Address
    operator: Address
    nonce: Hex
    expiry: bigint
    deliveryKey: Hex
    version: bigint
  }>
  chainId?: number
  registry?: Address
  changeSignature?: (signature: Hex) => Hex
  withoutOffer?: boolean
}

/** The body of a signed delivery request; everything about it can be made wrong. */
export async function deliveryBody(node: TestNode, parameters: DeliveryParameters): Promise<string> {
  const { account = buyer, signed = {}, version, offer } = parameters
  const key = parameters.key ?? (await generateDeliveryKey())
  const message = {
    version,
    holder: account.address,
    deliveryKey: key.publicKey,
    operator: node.info.operator.address,
    nonce: randomHex(),
    expiry: BigInt(unixNow() + 600),
    ...signed,
  }
  const domain = {
    chainId: parameters.chainId ?? node.info.chain.id,
    assetRegistry: parameters.registry ?? node.info.chain.addresses.assetRegistry,
  }
  const signature = await account.signTypedData(toTypedData(domain, 'DeliveryRequest', message))
  return JSON.stringify({
    request: { ...message, version: `${message.version}`, expiry: `${message.expiry}` },
    signature: parameters.changeSignature?.(signature) ?? signature,
    ...(parameters.withoutOffer ? {} : { offer: `${offer}` }),
  })
}

export const postDelivery = (node: { url: string }, body: string): Promise<Response> =>
  fetch(`${node.url}/api/v1/deliveries`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })

export async function grantOf(response: Response): Promise<DeliveryGrant> {
  const body: unknown = await response.json()
  if (!response.ok) throw new Error(JSON.stringify(body))
  return deliveryGrantSchema.parse(body)
}

export async function problemOf(response: Response): Promise<Problem> {
  if (response.headers.get('content-type') !== 'application/problem+json')
    throw new Error(`HTTP ${response.status} without a problem: ${(await response.text()).slice(0, 200)}`)
  return (await response.json()) as Problem
}
