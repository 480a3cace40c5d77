import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { deployments, hashMessageOf, importContentKey, openContent, toTypedData } from '@agorai/core'
import { generateDeliveryKey, grantAad, openSealed } from '@agorai/sdk'
import { createTestClient, type Hex, http, numberToHex, recoverTypedDataAddress } from 'viem'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { openRpcChain } from '../src/adapters/chain/rpcChain.js'
import { assertEntitled } from '../src/gateway/entitlement.js'
import {
  buy,
  buyer,
  chainOf,
  confirmed,
  type DeliveryParameters,
  deliveryBody,
  erase,
  grantOf,
  postDelivery,
  problemOf,
  publish,
  randomHex,
  removeFolder,
  type SealedAsset,
  type Sold,
  sealAsset,
  sealBare,
  sell,
  seller,
  slices,
  startTestNode,
  stranger,
  type TestNode,
  uploadAll,
  uploadKey,
  uploadManifest,
  withoutKey,
} from './support.js'

let node: TestNode
let asset: SealedAsset
let sold: Sold
const plaintext = new TextEncoder().encode('wheat 12\nbarley 7\n')

beforeAll(async () => {
  node = await startTestNode()
  ;({ asset, sold } = await sell(node, plaintext))
})
afterAll(async () => {
  await node?.stop()
  await removeFolder(node?.folder ?? '')
})

const ask = async (parameters: Partial<DeliveryParameters> = {}): Promise<Response> =>
  postDelivery(node, await deliveryBody(node, { ...sold, ...parameters }))

const journalText = () => readFile(join(node.folder, 'journal', 'journal.log'), 'latin1')
const countOf = (text: string, part: string) => text.split(part).length - 1

describe('a buyer', () => {
  test('gets a key that opens the content, and a receipt that the operator signed', async () => {
    const key = await generateDeliveryKey()
    const body = await deliveryBody(node, { ...sold, key })
    const grant = await grantOf(await postDelivery(node, body))
    expect(grant).toMatchObject({ version: `${sold.version}`, manifestDigest: asset.digest, cid: asset.cid })
    const aad = grantAad({ version: sold.version, holder: buyer.address, manifestDigest: asset.digest })
    const secrets = await openSealed(key.privateKey, grant.sealedKey, aad)
    expect(secrets).toEqual(asset.secrets)

    const ciphertext = new Uint8Array(await (await fetch(`${node.url}/api/v1/content/${grant.cid}`)).arrayBuffer())
    const opened: Uint8Array[] = []
    for await (const part of openContent({
      key: await importContentKey(secrets[0]?.contentKey ?? new Uint8Array()),
      contentId: asset.manifest.contentId,
      ciphertext: slices(ciphertext),
    }))
      opened.push(part)
    expect(Buffer.concat(opened).toString()).toBe('wheat 12\nbarley 7\n')

    const { request } = JSON.parse(body) as { request: { expiry: string; nonce: Hex } }
    const domain = { chainId: 31_337, assetRegistry: node.info.chain.addresses.assetRegistry }
    const requestDigest = hashMessageOf(domain, 'DeliveryRequest', {
      version: sold.version,
      holder: buyer.address,
      deliveryKey: key.publicKey,
      operator: node.info.operator.address,
      nonce: request.nonce,
      expiry: BigInt(request.expiry),
    })
    expect(grant.receipt.requestDigest).toBe(requestDigest)
    const signer = await recoverTypedDataAddress({
      ...toTypedData(domain, 'DeliveryReceipt', {
        requestDigest,
        manifestDigest: asset.digest,
        grantedAt: BigInt(grant.receipt.grantedAt),
      }),
      signature: grant.receiptSignature,
    })
    expect(signer).toBe(node.info.operator.address)
  })

  test('who lost the answer gets the same one again, and copies sent at once become one record', async () => {
    const nonce = randomHex()
    const key = await generateDeliveryKey()
    const body = await deliveryBody(node, { ...sold, key, signed: { nonce } })
    const grants = await Promise.all(Array.from({ length: 20 }, async () => grantOf(await postDelivery(node, body))))
    for (const grant of grants) expect(grant).toEqual(grants[0])
    expect(await grantOf(await postDelivery(node, body))).toEqual(grants[0])
    expect(countOf(await journalText(), nonce)).toBe(1)
  })

  test('cannot use a nonce for two requests, one after the other or at once', async () => {
    const nonce = randomHex()
    await grantOf(await ask({ signed: { nonce } }))
    expect(await problemOf(await ask({ signed: { nonce } }))).toMatchObject({ code: 'nonce_used', status: 409 })
    const other = randomHex()
    const answers = await Promise.all([1, 2, 3, 4].map(() => ask({ signed: { nonce: other } })))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409])
    expect(countOf(await journalText(), other)).toBe(1)
  })

  test('of another holder may use the same nonce', async () => {
    const nonce = randomHex()
    await grantOf(await ask({ signed: { nonce } }))
    await grantOf(await ask({ account: seller, signed: { nonce } }))
  })

  test('can open the grant with no other key, for no other version, as no other holder', async () => {
    const key = await generateDeliveryKey()
    const other = await generateDeliveryKey()
    const { sealedKey } = await grantOf(await ask({ key }))
    const right = { version: sold.version, holder: buyer.address, manifestDigest: asset.digest }
    await openSealed(key.privateKey, sealedKey, grantAad(right))
    for (const [privateKey, aad] of [
      [other.privateKey, grantAad(right)],
      [key.privateKey, grantAad({ ...right, version: sold.version + 1n })],
      [key.privateKey, grantAad({ ...right, holder: seller.address })],
      [key.privateKey, grantAad({ ...right, manifestDigest: randomHex() })],
    ] as const)
      await expect(openSealed(privateKey, sealedKey, aad)).rejects.toMatchObject({ code: 'key_invalid' })
  })
})

describe('the owner', () => {
  test('needs no pass', async () => {
    await grantOf(await ask({ account: seller, withoutOffer: true }))
    await grantOf(await ask({ account: seller }))
  })
})

describe('refused are', () => {
  test('a holder without a pass', async () => {
    for (const withoutOffer of [true, false])
      expect(await problemOf(await ask({ account: stranger, withoutOffer }))).toMatchObject({
        code: 'entitlement_missing',
        status: 403,
      })
  })

  test('a pass for another asset', async () => {
    const other = await sealAsset(new Uint8Array(3))
    await uploadAll(node, other)
    const listed = await publish(node, other)
    await confirmed(node, await chainOf(node, seller).reader.getBlockNumber())
    // The buyer's pass is of the first asset.
    const answer = await ask({ version: listed.version, offer: sold.offer })
    expect(await problemOf(answer)).toMatchObject({ code: 'entitlement_missing' })
    expect(await problemOf(await ask({ version: listed.version, offer: listed.offer }))).toMatchObject({
      code: 'entitlement_missing',
    })
  })

  test('versions that do not exist, or cannot', async () => {
    for (const version of [0n, 999n, 2n ** 256n - 1n])
      expect(await problemOf(await ask({ version }))).toMatchObject({ code: 'not_found', status: 404 })
    const body = (await deliveryBody(node, sold)).replace(`"version":"${sold.version}"`, `"version":"${2n ** 256n}"`)
    expect(await problemOf(await postDelivery(node, body))).toMatchObject({ code: 'invalid_request' })
  })

  test('a version whose key was never deposited', async () => {
    const unkept = await sealAsset(new Uint8Array(5))
    const listed = await publish(node, unkept)
    await confirmed(node, await buy(node, listed))
    expect(await problemOf(await ask(listed))).toMatchObject({ code: 'content_missing', status: 409 })
  })

  test('who publishes the public manifest of another as an asset of their own', async () => {
    const copied = await publish(node, asset, { account: stranger })
    await confirmed(node, await chainOf(node, seller).reader.getBlockNumber())
    // They own that asset, and its manifest has the same digest; but the key was not deposited by them.
    expect(await problemOf(await ask({ ...copied, account: stranger, withoutOffer: true }))).toMatchObject({
      code: 'content_missing',
      status: 409,
    })
    // Nor can they deposit it: they do not have it.
    const guessed = withoutKey(asset)
    expect(await problemOf(await uploadKey(node, asset, { account: stranger, secrets: guessed }))).toMatchObject({
      code: 'key_invalid',
    })
    expect(await problemOf(await ask({ ...copied, account: stranger, withoutOffer: true }))).toMatchObject({
      code: 'content_missing',
    })
  })

  test('a version that has no content, as its manifest says', async () => {
    const bare = sealBare(asset)
    await uploadManifest(node, { ...asset, manifestBytes: bare.manifestBytes, digest: bare.digest })
    const listed = await publish(node, bare)
    await confirmed(node, await buy(node, listed))
    const isIndexed = async () => (await fetch(`${node.url}/api/v1/assets/${listed.version}`)).status
    await expect.poll(isIndexed).toBe(200)
    expect(await problemOf(await ask(listed))).toMatchObject({ code: 'nothing_to_deliver', status: 404 })
  })

  test('everybody, once the owner erased the version', async () => {
    const { asset: gone, sold: pass } = await sell(node, new Uint8Array(6))
    await grantOf(await ask(pass))
    await erase(node, pass)
    expect(gone.digest).not.toBe(asset.digest)
    for (const parameters of [{}, { account: seller, withoutOffer: true }, { account: stranger }])
      expect(await problemOf(await ask({ ...pass, ...parameters }))).toMatchObject({
        code: 'version_erased',
        status: 410,
      })
    await grantOf(await ask())
  })

  test('a pass that has ended, by the clock of the chain or, while nothing is mined, by that of the node', async () => {
    const days = await sealAsset(new Uint8Array(8))
    await uploadAll(node, days)
    const timed = await publish(node, days, { timed: true })
    await confirmed(node, await buy(node, timed))
    await grantOf(await ask(timed))
    const now = Date.now()
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => now + 86_401_000)
    const late = await ask(timed).finally(() => clock.mockRestore())
    expect(await problemOf(late)).toMatchObject({ code: 'entitlement_missing' })

    await grantOf(await ask(timed))
    const anvil = createTestClient({ mode: 'anvil', transport: http(node.rpcUrl) })
    await anvil.increaseTime({ seconds: 86_401 })
    await anvil.mine({ blocks: 1 })
    await confirmed(node, await chainOf(node, seller).reader.getBlockNumber())
    expect(await problemOf(await ask(timed))).toMatchObject({ code: 'entitlement_missing', status: 403 })
    // The owner's right, and a pass without end, run on.
    await grantOf(await ask({ ...timed, account: seller, withoutOffer: true }))
    await grantOf(await ask())
  })

  test('requests for another operator, too late, or too far ahead', async () => {
    const now = BigInt(Math.floor(Date.now() / 1000))
    expect(await problemOf(await ask({ signed: { operator: seller.address } }))).toMatchObject({
      code: 'wrong_operator',
    })
    for (const expiry of [0n, now - 1n, now + 7_200n, 2n ** 256n - 1n])
      expect(await problemOf(await ask({ signed: { expiry } }))).toMatchObject({ code: 'request_expired' })
  })

  const curveOrder = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
  const withV = (v: number) => (signature: Hex) => `${signature.slice(0, -2)}${v.toString(16).padStart(2, '0')}` as Hex
  const highS = (signature: Hex): Hex => {
    const s = BigInt(`0x${signature.slice(66, 130)}`)
    const v = signature.endsWith('1b') ? '1c' : '1b'
    return `${signature.slice(0, 66)}${numberToHex(curveOrder - s, { size: 32 }).slice(2)}${v}` as Hex
  }
  const compact = (signature: Hex): Hex => {
    const parity = signature.endsWith('1c') ? 1n << 255n : 0n
    return `${signature.slice(0, 66)}${numberToHex(BigInt(`0x${signature.slice(66, 130)}`) | parity, { size: 32 }).slice(2)}` as Hex
  }

  test.each([
    ['of another key', { account: stranger, signed: { holder: buyer.address } }],
    ['for another chain', { chainId: 1 }],
    ['for another registry', { registry: seller.address }],
    ['with high s', { changeSignature: highS }],
    ['with v 0', { changeSignature: withV(0) }],
    ['with v 1', { changeSignature: withV(1) }],
    ['with v 29', { changeSignature: withV(29) }],
    ['of 64 bytes (EIP-2098)', { changeSignature: compact }],
    ['of 66 bytes', { changeSignature: (signature: Hex) => `${signature}00` as Hex }],
    ['that is empty', { changeSignature: () => '0x' as Hex }],
    ['of zeros', { changeSignature: () => `0x${'00'.repeat(65)}` as Hex }],
    [
      'with r beyond the curve',
      { changeSignature: (signature: Hex) => `0x${'ff'.repeat(32)}${signature.slice(66)}` as Hex },
    ],
    ['for the zero address', { signed: { holder: '0x0000000000000000000000000000000000000000' as const } }],
  ])('a signature %s', async (_, parameters) => {
    expect(await problemOf(await ask(parameters))).toMatchObject({ code: 'signature_invalid', status: 401 })
  })

  test('a request whose fields were changed after it was signed', async () => {
    const body = await deliveryBody(node, sold)
    const { publicKey } = await generateDeliveryKey()
    const changed = body.replace(/"deliveryKey":"0x[0-9a-f]{64}"/, `"deliveryKey":"${publicKey}"`)
    expect(changed).not.toBe(body)
    expect(await problemOf(await postDelivery(node, changed))).toMatchObject({ code: 'signature_invalid' })
  })

  test('a delivery key that is none', async () => {
    // A point of small order would let everybody compute the shared secret.
    const answer = await ask({ signed: { deliveryKey: `0x${'00'.repeat(32)}` } })
    expect(await problemOf(answer)).toMatchObject({ code: 'key_invalid', status: 422 })
  })
})

describe('a wallet that is a contract', () => {
  const anvil = () => createTestClient({ mode: 'anvil', transport: http(node.rpcUrl) })
  const wallets = {
    // isValidSignature answers 0x1626ba7e to anything.
    agreeing: '0x631626ba7e60e01b5f5260205ff3',
    silent: '0x5f5ff3',
    reverting: '0x5f5ffd',
    burning: '0x5b5f56',
  } as const

  test.each([
    ['agreeing', 200],
    ['silent', 401],
    ['reverting', 401],
    ['burning', 401],
  ] as const)('that is %s is answered %d', async (name, status) => {
    const address = randomHex(20)
    await anvil().setCode({ address, bytecode: wallets[name] })
    if (status === 200) {
      await anvil().impersonateAccount({ address })
      await anvil().setBalance({ address, value: 10n ** 18n })
      await confirmed(node, await buy(node, sold, { address, type: 'json-rpc' } as never))
    }
    const startedMs = performance.now()
    const answer = await ask({ signed: { holder: address } })
    expect(answer.status).toBe(status)
    if (status === 401) expect(await problemOf(answer)).toMatchObject({ code: 'signature_invalid' })
    expect(performance.now() - startedMs).toBeLessThan(5_000)
  })
})

describe('confirmations', () => {
  test('a pass that is not deep enough yet is told apart from one that is missing', async () => {
    const chain = await openRpcChain({ rpcUrl: node.rpcUrl, confirmations: 3 })
    const addresses = deployments[31_337]
    if (addresses === undefined) throw new Error('no deployment')
    await buy(node, sold, stranger)
    const question = { ...sold, holder: stranger.address }
    await expect(assertEntitled(chain, addresses, question)).rejects.toMatchObject({ code: 'not_confirmed' })
    // The owner of what was published a moment ago waits as well.
    const { version } = await publish(node, await sealAsset(new Uint8Array(1)))
    const owned = { version, offer: undefined, holder: seller.address }
    await expect(assertEntitled(chain, addresses, owned)).rejects.toMatchObject({ code: 'not_confirmed' })
    await createTestClient({ mode: 'anvil', transport: http(node.rpcUrl) }).mine({ blocks: 3 })
    await expect(assertEntitled(chain, addresses, question)).resolves.toMatch(/^0x[0-9a-f]{64}$/)
  })
})

test('nothing went wrong unseen', () => {
  expect(node.warnings).toEqual([])
})
