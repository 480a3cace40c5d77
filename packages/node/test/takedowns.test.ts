import { createHash } from 'node:crypto'
import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TakedownDecision, type TakedownList, targetOf } from '@agorai/core'
import type { Hex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openFolderNotices } from '../src/adapters/takedowns/folderNotices.js'
import {
  buyer,
  deliveryBody,
  grantOf,
  newFolder,
  postDelivery,
  problemOf,
  removeFolder,
  type SealedAsset,
  type Sold,
  sealAsset,
  sell,
  seller,
  startTestNode,
  type TestNode,
  upload,
  uploadAll,
  uploadContent,
  uploadKey,
  uploadManifest,
} from './support.js'

let folder: string
let node: TestNode
let denyList: string

beforeAll(async () => {
  folder = await newFolder()
  denyList = join(folder, 'deny-list')
  await writeFile(denyList, '# nothing yet\n\n')
  node = await startTestNode({ dataFolder: join(folder, 'data'), denyList })
}, 120_000)
afterAll(async () => {
  await node.stop()
  await removeFolder(folder)
})

async function operatorAccount() {
  const { signingKey } = JSON.parse(await readFile(join(node.folder, 'keys', 'operator.json'), 'utf8')) as {
    signingKey: Hex
  }
  return privateKeyToAccount(signingKey)
}

let decidedAt = Math.floor(Date.now() / 1000)
async function decide(decision: Partial<TakedownDecision> & { target: string }, account?: typeof seller) {
  decidedAt += 1
  const body = Buffer.from(
    JSON.stringify({ action: 'take-down', reason: 'copyright', statement: 'A court said so.', decidedAt, ...decision }),
  )
  const digest: Hex = `0x${createHash('sha256').update(body).digest('hex')}`
  const send = { resource: `takedowns/${digest}`, body, digest }
  return { digest, response: await upload(node, { ...send, account: account ?? ((await operatorAccount()) as never) }) }
}

const list = async () => ((await (await fetch(`${node.url}/api/v1/takedowns`)).json()) as TakedownList).decisions
const get = (path: string) => fetch(`${node.url}/api/v1/${path}`)
const assetOf = async (asset: SealedAsset): Promise<string> => {
  const find = async () => {
    const { assets } = (await (await get('assets?limit=100')).json()) as {
      assets: { id: string; version: { manifestDigest: string } }[]
    }
    return assets.find(({ version }) => version.manifestDigest === asset.digest)?.id
  }
  await expect.poll(find, { timeout: 20_000 }).toBeDefined()
  return (await find()) as string
}

async function expectGone(response: Response, record: string) {
  const problem = await problemOf(response)
  expect(problem).toMatchObject({ status: 451, code: 'taken_down', details: { record } })
  expect(problem.remedy).toContain('What was sold on the chain stands')
}

/** Everything that serves an asset, and what each answers. */
const doors = (asset: SealedAsset, sold: Sold, id: string) => ({
  content: () => get(`content/${asset.cid}`),
  manifest: () => get(`manifests/${asset.digest}`),
  page: () => get(`assets/${id}`),
  delivery: async () => postDelivery(node, await deliveryBody(node, sold)),
  uploadContent: () => uploadContent(node, asset),
  uploadManifest: () => uploadManifest(node, asset),
  uploadKey: () => uploadKey(node, asset),
})

describe('notice and action', { timeout: 180_000 }, () => {
  test('each kind of target closes its doors, with the record, and opens them again', async () => {
    const { asset, sold } = await sell(node, new Uint8Array(11))
    const id = await assetOf(asset)
    const door = doors(asset, sold, id)
    const closed: Record<string, (keyof typeof door)[]> = {
      [targetOf.cid(asset.cid)]: ['content', 'page', 'delivery', 'uploadContent', 'uploadManifest'],
      [targetOf.manifest(asset.digest)]: ['manifest', 'page', 'delivery', 'uploadManifest', 'uploadKey'],
      [targetOf.asset(id)]: ['page', 'delivery'],
      [targetOf.version(sold.version)]: ['page', 'delivery'],
      [targetOf.account(seller.address)]: ['page', 'delivery', 'uploadContent', 'uploadManifest', 'uploadKey'],
    }
    for (const [target, names] of Object.entries(closed)) {
      const { digest, response } = await decide({ target })
      expect(response.status).toBe(200)
      for (const [name, open] of Object.entries(door)) {
        const answer = await open()
        if (names.includes(name as keyof typeof door)) {
          await expectGone(answer, digest)
          continue
        }
        expect([target, name, answer.status]).toEqual([target, name, 200])
        await answer.body?.cancel()
      }
      const search = (await (await get('assets?limit=100')).json()) as { assets: { id: string }[] }
      expect(search.assets.some((each) => each.id === id)).toBe(false)
      await decide({ target, action: 'reinstate', statement: 'The rights were shown.' })
      for (const [name, open] of Object.entries(door)) {
        const answer = await open()
        expect([target, name, answer.status]).toEqual([target, name, 200])
        await answer.body?.cancel()
      }
    }
  })

  test('decisions are public, without the account; the last one on a target stands', async () => {
    const account = targetOf.account(buyer.address)
    const { digest } = await decide({ target: account, reason: 'fraud', statement: 'It sold what it did not have.' })
    const record = (await list()).find((each) => each.record === digest)
    expect(record).toMatchObject({ kind: 'account', value: null, reason: 'fraud', standing: true })
    expect(JSON.stringify(await list()).toLowerCase()).not.toContain(buyer.address.toLowerCase())
    await decide({ target: account, action: 'reinstate' })
    const [latest, before] = await list()
    expect(latest).toMatchObject({ action: 'reinstate', standing: true })
    expect(before).toMatchObject({ record: digest, standing: false })
  })

  test('nobody but the operator decides', async () => {
    const { response } = await decide({ target: targetOf.asset(1n) }, seller)
    expect(await problemOf(response)).toMatchObject({ status: 401, code: 'wrong_operator' })
    const spoilt = await decide({ target: 'everything' })
    expect(await problemOf(spoilt.response)).toMatchObject({ status: 400, field: 'target' })
  })

  test('decisions outlive the process', async () => {
    const { asset } = await sell(node, new Uint8Array(12))
    const { digest } = await decide({ target: targetOf.cid(asset.cid) })
    await node.stop()
    node = await startTestNode({ dataFolder: join(folder, 'data'), denyList })
    await expectGone(await get(`content/${asset.cid}`), digest)
    expect((await list())[0]).toMatchObject({ record: digest, value: asset.cid })
  })

  test('a deny-list is read again when it changes, and a spoilt one leaves the last in force', async () => {
    const asset = await sealAsset(new Uint8Array(13))
    await uploadAll(node, asset)
    expect((await get(`content/${asset.cid}`)).status).toBe(200)
    await appendFile(denyList, `cid:${asset.cid} # told by the registry\n`)
    await expect.poll(async () => (await get(`content/${asset.cid}`)).status, { timeout: 20_000 }).toBe(451)
    await expectGone(await get(`content/${asset.cid}`), 'deny-list')
    await appendFile(denyList, 'nonsense\n')
    await expect
      .poll(
        async () => {
          await get(`content/${asset.cid}`)
          return node.warnings.some((warning) => warning.includes('line 4'))
        },
        { timeout: 20_000 },
      )
      .toBe(true)
    expect((await get(`content/${asset.cid}`)).status).toBe(451)
    await expect(startTestNode({ denyList })).rejects.toMatchObject({
      code: 'config_invalid',
      field: 'AGORAI_DENY_LIST',
    })
    await writeFile(denyList, '')
    await expect.poll(async () => (await get(`content/${asset.cid}`)).status, { timeout: 20_000 }).toBe(200)
  })

  test('a notice is for the operator alone, and too many are refused', async () => {
    const send = (body: object) =>
      fetch(`${node.url}/api/v1/notices`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    const notice = { target: 'asset:1', reason: 'personal-data', text: 'My name is in it.', contact: 'ada@example.org' }
    const { notice: id } = (await (await send(notice)).json()) as { notice: Hex }
    expect(await problemOf(await send({ ...notice, target: 'all' }))).toMatchObject({ status: 400, field: 'target' })
    expect(await problemOf(await send({ ...notice, text: '\u202e' }))).toMatchObject({ status: 400 })
    const notices = await openFolderNotices(join(node.folder, 'notices'))
    expect(await notices.list()).toMatchObject([{ id, ...notice }])
    expect(JSON.stringify(await list())).not.toContain('ada@')
    let refused: Response | undefined
    for (let i = 0; i < 200 && refused === undefined; i++) {
      const response = await send(notice)
      if (!response.ok) refused = response
    }
    expect(await problemOf(refused as Response)).toMatchObject({ status: 429, code: 'rate_limited' })
    await notices.remove(id)
    expect((await notices.list()).some((each) => each.id === id)).toBe(false)
  })

  test('a grant that was lost is not given again for what is taken down since', async () => {
    const { asset, sold } = await sell(node, new Uint8Array(14))
    const body = await deliveryBody(node, sold)
    await grantOf(await postDelivery(node, body))
    const { digest } = await decide({ target: targetOf.manifest(asset.digest) })
    await expectGone(await postDelivery(node, body), digest)
  })
})
