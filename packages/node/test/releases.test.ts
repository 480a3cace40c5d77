import {
  AgoraiError,
  type DeliveryGrant,
  hashMessageOf,
  isAgoraiError,
  type KeptSecrets,
  toTypedData,
} from '@agorai/core'
import { type DeliveryKey, generateDeliveryKey, getDevAccount, grantAad, openSealed } from '@agorai/sdk'
import { type Address, type Hex, type PublicClient, pad } from 'viem'
import { expect, test } from 'vitest'
import { type DeliveryRoutesOptions, deliveryRoutes } from '../src/gateway/deliveries.js'
import { createEraser, finishErasures } from '../src/gateway/eraseKey.js'
import { createBuckets } from '../src/gateway/limits.js'
import { type Memory, rebuildMemory } from '../src/gateway/memory.js'
import type { Catalogue } from '../src/ports/catalogue.js'
import type { Chain } from '../src/ports/chain.js'
import { type Journal, type JournalRecord, nameOfRecord } from '../src/ports/journal.js'
import type { Erasure, KeptKey, KeyStore } from '../src/ports/keyStore.js'
import type { OperatorKeys } from '../src/ports/keys.js'

/**
 * Random histories of the gateway that releases keys: deposits, purchases, refunds, transfers, expiries, erasures of
 * versions and of partitions, requests, copies of requests, and crashes between an effect and its reply. Everything that
 * the gateway waits for, each read of the chain and each step of the journal and of the key store, is answered in an order
 * that chance decides. What it may release is decided here by the history alone.
 */
const isDeep = process.env.AGORAI_DEEP === '1'
const histories = Number(process.env.AGORAI_RELEASE_HISTORIES ?? (isDeep ? 100_000 : 120))
const firstSeed = Number(process.env.AGORAI_SEED ?? Math.floor(Math.random() * 2 ** 31))
const confirmations = 2
const opsPerHistory = 34

const operator = getDevAccount(0, 31_337)
const seller = getDevAccount(1, 31_337).address
const buyers = [2, 3, 4].map((index) => getDevAccount(index, 31_337))
const addresses = { assetRegistry: pad('0x11', { size: 20 }), accessMarket: pad('0x22', { size: 20 }) } as const
const domain = { chainId: 31_337, assetRegistry: addresses.assetRegistry }
const versions = [
  { id: 1n, offer: 10n, commitment: pad('0xc1'), digest: pad('0xd1'), partitions: 1 },
  { id: 2n, offer: 20n, commitment: pad('0xc2'), digest: pad('0xd2'), partitions: 3 },
] as const
type Version = (typeof versions)[number]

const secretsOf = ({ id, partitions }: Version): KeptSecrets =>
  Array.from({ length: partitions }, (_, partition) => ({
    contentKey: new Uint8Array(32).fill(Number(id) * 16 + partition),
    saltSeed: new Uint8Array(32).fill(Number(id) * 16 + partition + 8),
  }))

type Signed = { version: Version; holder: Address; nonce: Hex; digest: Hex; key: DeliveryKey; body: object }

/** Every request that anybody makes; two of one holder and nonce for two versions exclude one another. */
async function signRequests(): Promise<Signed[]> {
  const signed: Signed[] = []
  for (const account of buyers)
    for (const nonce of [pad('0x01'), pad('0x02')])
      for (const version of versions) {
        const key = await generateDeliveryKey()
        const message = {
          version: version.id,
          holder: account.address,
          deliveryKey: key.publicKey,
          operator: operator.address,
          nonce,
          expiry: BigInt(Math.floor(Date.now() / 1000) + 1_800),
        }
        const signature = await account.signTypedData(toTypedData(domain, 'DeliveryRequest', message))
        const request = { ...message, version: String(message.version), expiry: String(message.expiry) }
        const digest = hashMessageOf(domain, 'DeliveryRequest', message)
        const body = { request, signature, offer: String(version.offer) }
        signed.push({ version, holder: account.address, nonce, digest, key, body })
      }
  return signed
}

/** A small fast generator, so that a seed names a history. */
function createRandom(seed: number) {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (bound: number): number => Math.floor(next() * bound)
  return { below, pick: <item>(items: readonly item[]): item => items[below(items.length)] as item }
}

/** What waits for an answer. A crash answers nobody who waits. */
function createScheduler(random: ReturnType<typeof createRandom>) {
  let waiting: (() => void)[] = []
  let epoch = 0
  return {
    /** Makes what a process waits for; one that was killed is never answered again. */
    createTick: () => {
      const own = epoch
      return (): Promise<void> =>
        new Promise((resolve) => {
          if (own === epoch) waiting.push(resolve)
        })
    },
    /** Answers one that waits. @returns Whether there was one. */
    step(): boolean {
      const [resolve] = waiting.splice(random.below(waiting.length), 1)
      resolve?.()
      return resolve !== undefined
    },
    crash() {
      epoch += 1
      waiting = []
    },
    epoch: () => epoch,
  }
}

type Tick = () => Promise<void>

/** What one block says of a version. */
type Facts = { holders: ReadonlySet<Address>; erased: boolean }
type Block = ReadonlyMap<bigint, Facts>

async function runHistory(seed: number, requests: readonly Signed[], figures: Figures): Promise<void> {
  const random = createRandom(seed)
  const scheduler = createScheduler(random)

  // THE CHAIN
  const blocks: Block[] = [new Map(versions.map(({ id }) => [id, { holders: new Set(), erased: false }]))]
  const expired = new Set<string>()
  const confirmedBlock = () => Math.max(0, blocks.length - 1 - confirmations)
  const mine = (id?: bigint, change: Partial<Facts> = {}) => {
    const block = new Map(blocks.at(-1))
    const facts = id === undefined ? undefined : block.get(id)
    if (id !== undefined && facts !== undefined) block.set(id, { ...facts, ...change })
    blocks.push(block)
  }
  const factsNow = (id: bigint) => blocks.at(-1)?.get(id) as Facts
  const passName = (holder: Address, id: bigint) => `${holder}/${id}`
  const versionOf = (id: bigint) => versions.find((each) => each.id === id) as Version
  const openClient = (tick: Tick) => ({
    getBlockNumber: async () => {
      await tick()
      return BigInt(blocks.length - 1)
    },
    readContract: async (call: { functionName: string; args: readonly unknown[]; blockNumber: bigint }) => {
      await tick()
      const block = blocks[Number(call.blockNumber)] as Block
      const id = call.functionName === 'isEntitled' ? (call.args[2] as bigint) : (call.args[0] as bigint)
      switch (call.functionName) {
        case 'commitmentOf':
          return versionOf(id).commitment
        case 'ratesOf':
          return [seller, {}]
        case 'isErased':
          return block.get(id)?.erased
        case 'isEntitled':
          return block.get(id)?.holders.has(call.args[1] as Address)
        default: {
          const version = versions.find(({ offer }) => offer === call.args[0]) as Version
          return { expiry: expired.has(passName(call.args[1] as Address, version.id)) ? 1 : 2 ** 40 }
        }
      }
    },
  })
  const openChain = (tick: Tick) =>
    ({
      id: 31_337,
      local: true,
      publicClient: openClient(tick) as unknown as PublicClient,
      confirmedBlockNumber: async () => {
        await tick()
        return BigInt(confirmedBlock())
      },
    }) as unknown as Chain

  // WHAT IS DURABLE
  const records: JournalRecord[] = []
  const kept = new Map<Hex, KeptKey>()
  const openJournal = (tick: Tick): Journal => ({
    async append(record) {
      await tick()
      records.push(record)
      await tick()
      return record
    },
    async *replay() {
      yield* [...records]
    },
    find: async () => [],
    assertWritable: async () => {},
    close: async () => {},
  })
  let step = 0
  const destroyedAt = new Map<string, number>()
  const gone = (version: Version, partition: number) =>
    Math.min(
      destroyedAt.get(`${version.id}/${partition}`) ?? Number.POSITIVE_INFINITY,
      destroyedAt.get(`${version.id}/null`) ?? Number.POSITIVE_INFINITY,
    )
  const openKeyStore = (tick: Tick) =>
    ({
      async put(key: Omit<KeptKey, 'erasures'>) {
        await tick()
        if (!kept.has(key.commitment)) kept.set(key.commitment, { ...key, erasures: [] })
        await tick()
      },
      async get(commitment: Hex) {
        await tick()
        return kept.get(commitment)
      },
      async destroy(commitment: Hex, erasure: Erasure) {
        await tick()
        const key = kept.get(commitment)
        if (key === undefined) return false
        const { partition } = erasure
        const secrets = key.secrets.map((each, place) => (partition === null || partition === place ? null : each))
        kept.set(commitment, { ...key, secrets, erasures: [...key.erasures, erasure] })
        const version = versions.find((each) => each.commitment === commitment) as Version
        const name = `${version.id}/${partition}`
        if (!destroyedAt.has(name)) destroyedAt.set(name, step)
        await tick()
        return true
      },
    }) as unknown as KeyStore

  // THE GATEWAY
  const encryption = { publicKey: pad('0x01'), privateKey: new Uint8Array(32).fill(3) }
  const keys = { account: operator, encryption } as unknown as OperatorKeys
  const catalogue = { getManifest: async () => undefined } as unknown as Catalogue
  type Gateway = {
    memory: Memory
    keyStore: KeyStore
    erase: ReturnType<typeof createEraser>
    deliver(body: object): Promise<DeliveryGrant>
    underWay: Map<Hex, { from: number; copies: number }>
  }
  const open = async (): Promise<Gateway> => {
    const tick = scheduler.createTick()
    const [chain, keyStore] = [openChain(tick), openKeyStore(tick)]
    const memory = await rebuildMemory(openJournal(tick))
    await finishErasures({ memory, keyStore })
    const unlimited = createBuckets({ perSecond: 0, burst: 0 })
    const options = { chain, addresses, domain, keys, keyStore, memory, catalogue, holders: unlimited }
    const [route] = deliveryRoutes(options as unknown as DeliveryRoutesOptions)
    const deliver = (body: object) => route?.handle({ body } as never) as Promise<DeliveryGrant>
    return { memory, keyStore, erase: createEraser({ domain, keys, memory, keyStore }), deliver, underWay: new Map() }
  }
  let gateway: Gateway | undefined
  let opening: Promise<void> | undefined
  const restart = () => {
    const own = scheduler.epoch()
    gateway = undefined
    opening = open().then((opened) => {
      if (own === scheduler.epoch()) gateway = opened
    })
  }
  restart()

  // WHAT MAY BE RELEASED
  const lastEntitled = new Map<string, number>()
  const observe = () => {
    step += 1
    const block = blocks[confirmedBlock()] as Block
    for (const [id, { holders, erased }] of block)
      for (const holder of erased ? [] : holders)
        if (!expired.has(passName(holder, id))) lastEntitled.set(passName(holder, id), step)
  }
  const wasGranted = ({ digest }: Signed) =>
    records.some((record) => record.kind === 'delivery-granted' && record.requestDigest === digest)
  const replies = new Map<Hex, DeliveryGrant>()
  let running = 0

  async function checkRelease(
    asked: Signed,
    from: number,
    grantedBefore: boolean,
    grant: DeliveryGrant,
  ): Promise<void> {
    const { version, holder, digest, key } = asked
    const told = `seed ${seed}, version ${version.id}, ${holder}`
    figures.releases += 1
    const entitledSince = (lastEntitled.get(passName(holder, version.id)) ?? -1) >= from
    expect(grantedBefore || entitledSince, `released without a right: ${told}`).toBe(true)
    expect(grant).toMatchObject({ version: String(version.id), manifestDigest: version.digest })
    expect(grant.receipt.requestDigest, told).toBe(digest)
    const erased = new Set(grant.erasedPartitions)
    for (let partition = 0; partition < version.partitions; partition++)
      if (gone(version, partition) < from) expect(erased.has(partition), `released what was erased: ${told}`).toBe(true)
    const aad = grantAad({ version: version.id, holder, manifestDigest: version.digest })
    const opened = await openSealed(key.privateKey, grant.sealedKey, aad)
    expect(opened, told).toEqual(secretsOf(version).filter((_, partition) => !erased.has(partition)))
    const other = requests.find((each) => each !== asked && each.holder !== holder) as Signed
    await expect(openSealed(other.key.privateKey, grant.sealedKey, aad)).rejects.toMatchObject({ code: 'key_invalid' })
    const before = replies.get(digest)
    if (before !== undefined) {
      expect(grant.receiptSignature, `a second sale: ${told}`).toBe(before.receiptSignature)
      if (String(before.erasedPartitions) === String(grant.erasedPartitions)) expect(grant).toEqual(before)
    }
    replies.set(digest, grant)
  }

  const failures: unknown[] = []
  const refused = new Set(['entitlement_missing', 'not_confirmed', 'content_missing', 'version_erased', 'nonce_used'])
  function request(asked: Signed): void {
    if (gateway === undefined) return
    const { underWay, deliver } = gateway
    const own = scheduler.epoch()
    // Copies share the work of whichever is under way, which may have begun when none of them but it was here.
    const shared = underWay.get(asked.digest) ?? { from: step, copies: 0 }
    const { from } = shared
    const grantedBefore = wasGranted(asked)
    shared.copies += 1
    underWay.set(asked.digest, shared)
    running += 1
    const done = deliver(asked.body).then(
      (grant) => checkRelease(asked, from, grantedBefore, grant),
      (error: unknown) => {
        if (!(isAgoraiError(error) && refused.has(error.code))) throw error
        figures.refusals += 1
      },
    )
    void done
      .catch((error: unknown) => failures.push(error))
      .finally(() => {
        shared.copies -= 1
        if (shared.copies === 0) underWay.delete(asked.digest)
        if (own === scheduler.epoch()) running -= 1
      })
  }

  function background(work: Promise<unknown>): void {
    const own = scheduler.epoch()
    running += 1
    void work
      .catch((error: unknown) => failures.push(error))
      .finally(() => {
        if (own === scheduler.epoch()) running -= 1
      })
  }

  async function deposit({ memory, keyStore }: Gateway, version: Version): Promise<void> {
    const { commitment, digest } = version
    const facts = { commitment, manifestDigest: digest, cid: 'c', bytes: 1, account: seller }
    await keyStore.put({ ...facts, secrets: secretsOf(version) })
    if (memory.keyOf(commitment) === undefined) await memory.record({ kind: 'key-deposited', ...facts })
  }

  function act(): void {
    const version = random.pick(versions)
    const { address } = random.pick(buyers)
    const { holders, erased } = factsNow(version.id)
    const without = new Set([...holders].filter((each) => each !== address))
    const choice = random.below(100)
    if (choice < 10) gateway && background(deposit(gateway, version))
    else if (choice < 24) mine(version.id, { holders: new Set([...holders, address]) })
    else if (choice < 29) mine(version.id, { holders: without })
    else if (choice < 33) mine(version.id, { holders: new Set([...without, random.pick(buyers).address]) })
    else if (choice < 36) expired.add(passName(address, version.id))
    else if (choice < 39) mine(version.id, { erased: true })
    else if (choice < 46) {
      // What the worker does once an erasure is confirmed.
      const isConfirmed = blocks[confirmedBlock()]?.get(version.id)?.erased
      if (erased && isConfirmed && gateway) background(gateway.erase(version.commitment))
    } else if (choice < 49) {
      // What a contributor's withdrawal does.
      if (gateway && kept.has(pad('0xc2'))) background(gateway.erase(pad('0xc2'), random.below(3)))
    } else if (choice < 60) mine()
    else if (choice < 96) {
      const asked = random.pick(requests)
      for (let copies = random.below(3); copies >= 0; copies--) request(asked)
    } else {
      figures.crashes += 1
      scheduler.crash()
      running = 0
      restart()
    }
  }

  const rest = () => new Promise<void>((resolve) => setImmediate(resolve))
  for (let ops = 0; ops < opsPerHistory; ) {
    observe()
    if (random.below(3) === 0) {
      act()
      ops += 1
    } else if (!scheduler.step()) await rest()
    await Promise.resolve()
    if (random.below(6) === 0) await rest()
  }
  const settle = async () => {
    while (running > 0 || gateway === undefined) {
      observe()
      scheduler.step()
      await rest()
    }
  }
  await settle()
  await opening
  // Whoever has a right now, gets the key: what is safe because nothing is ever released would be of no use.
  for (let made = 0; made <= confirmations; made++) mine()
  observe()
  const granted = new Set(
    records.flatMap((record) => (record.kind === 'delivery-granted' ? [nameOfRecord(record)] : [])),
  )
  expect(granted.size, `seed ${seed}: a nonce was granted twice`).toBe(
    records.filter(({ kind }) => kind === 'delivery-granted').length,
  )
  for (const asked of requests) {
    const { version, holder, nonce } = asked
    const entitled = factsNow(version.id).holders.has(holder) && !expired.has(passName(holder, version.id))
    const left = kept.get(version.commitment)?.secrets.some((each) => each !== null) === true
    const isFree = !granted.has(`delivery-granted/${holder.toLowerCase()}/${nonce}`)
    if (!entitled || !left || !isFree || factsNow(version.id).erased) continue
    const before = figures.releases
    request(asked)
    await settle()
    expect(figures.releases, `seed ${seed}: refused without a reason`).toBeGreaterThan(before)
    granted.add(`delivery-granted/${holder.toLowerCase()}/${nonce}`)
  }
  if (failures.length > 0)
    throw new AgoraiError('internal', `History ${seed} failed: AGORAI_SEED=${seed} AGORAI_RELEASE_HISTORIES=1.`, {
      cause: failures[0],
    })
}

type Figures = { releases: number; refusals: number; crashes: number }

test(`P12: ${histories} histories release no key to whom it is not due`, { timeout: 6 * 3_600_000 }, async () => {
  const figures: Figures = { releases: 0, refusals: 0, crashes: 0 }
  let requests = await signRequests()
  for (let history = 0; history < histories; history++) {
    // Requests are good for half an hour.
    if (history % 1_000 === 999) requests = await signRequests()
    await runHistory(firstSeed + history, requests, figures)
  }
  const { releases, refusals, crashes } = figures
  expect(releases).toBeGreaterThan(histories / 4)
  console.log(
    `P12: ${histories} histories from seed ${firstSeed}: ${releases} releases, ${refusals} refusals, ${crashes} crashes; 0 wrong`,
  )
})
