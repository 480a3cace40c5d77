import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  accessMarketAbi,
  assetRegistryAbi,
  type ContentManifest,
  contributorRootOf,
  createRowTree,
  type DeliveryGrant,
  deliveryGrantSchema,
  digestOfCid,
  encodeManifest,
  encodeTerms,
  importContentKey,
  kindToNumber,
  type Manifest,
  manifestDigest,
  type NodeInfo,
  nodeInfoSchema,
  offerIdOf,
  type Problem,
  sealContent,
  toTypedData,
} from '@agorai/core'
import {
  computeContentCid,
  type DeliveryKey,
  depositAad,
  generateDeliveryKey,
  getDevAccount,
  type RowFormat,
  readRows,
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
import type { NodeConfig } from '../src/config.js'
import { type RunningNode, startNode } from '../src/main.js'

export type TestNode = RunningNode & { folder: string; info: NodeInfo; warnings: string[] }

export const configFor = (folder: string): NodeConfig => ({
  host: '127.0.0.1',
  port: 0,
  dataFolder: folder,
  fresh: false,
  hosts: [],
  rpcUrl: undefined,
  publicRpcUrl: undefined,
  confirmations: 0,
  contentBytesMax: 16 * 1024 * 1024,
  databaseUrl: undefined,
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
  secrets: { contentKey: Uint8Array; saltSeed: Uint8Array }
}

export async function* slices(...parts: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts
}

async function collect(parts: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = []
  for await (const part of parts) all.push(part)
  return new Uint8Array(Buffer.concat(all))
}

/** Seals a plaintext and writes its manifest, as a seller's machine does. `change` may spoil it on purpose. */
export async function sealAsset(
  plaintext: Uint8Array,
  rowFormat: RowFormat = 'binary',
  change: (manifest: ContentManifest) => ContentManifest = (manifest) => manifest,
): Promise<SealedAsset> {
  const secrets = { contentKey: new Uint8Array(randomBytes(32)), saltSeed: new Uint8Array(randomBytes(32)) }
  const contentId = randomHex()
  const key = await importContentKey(secrets.contentKey)
  const ciphertext = await collect(sealContent({ key, contentId, plaintext: slices(plaintext) }))
  const tree = await createRowTree(secrets.saltSeed)
  for await (const row of readRows(rowFormat, slices(plaintext))) tree.add(row)
  const cid = await computeContentCid(slices(ciphertext))
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
      plaintext: {
        fileName: 'grain.bin',
        mediaType: 'application/octet-stream',
        bytes: plaintext.length,
        root: tree.root(),
        rowFormat,
        rows: tree.rows,
      },
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
}

/** Sends a signed upload; everything about it can be made wrong. */
export async function upload(node: TestNode, parameters: UploadParameters): Promise<Response> {
  const { resource, body, digest, account = seller, signed = {}, headers = {} } = parameters
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
  return fetch(`${node.url}/api/v1/${resource}`, {
    method: 'PUT',
    headers: {
      'content-type': resource.startsWith('content/') ? 'application/octet-stream' : 'application/json',
      'agorai-request': Buffer.from(json).toString('base64url'),
      'agorai-signature': signature,
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

/** Waits until the node acts on a block. */
export async function confirmed(node: TestNode, block: bigint): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt++) {
    if (BigInt((await nodeInfo(node.url)).chain.confirmedBlock) >= block) return
    await new Promise((resolve) => setTimeout(resolve, 20))
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
