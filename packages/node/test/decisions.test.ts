import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text as readText } from 'node:stream/consumers'
import type { TakedownList } from '@agorai/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { spawnProgram } from './program.js'
import { newFolder, removeFolder, sealAsset, startTestNode, type TestNode, uploadContent } from './support.js'

let folder: string
let node: TestNode
beforeAll(async () => {
  folder = await newFolder()
  node = await startTestNode({ dataFolder: join(folder, 'data') })
}, 120_000)
afterAll(async () => {
  await node.stop()
  await removeFolder(folder)
})

/** Runs the program beside the node, with the node's own settings. */
async function run(args: readonly string[], environment: Record<string, string> = {}) {
  const own = ['--json', '--data-dir', node.folder, '--port', new URL(node.url).port]
  const child = spawnProgram('agoraiNode', [...args, ...own], environment)
  const [said, failed, status] = await Promise.all([
    readText(child.stdout),
    readText(child.stderr),
    new Promise<number | null>((resolve) => child.once('exit', resolve)),
  ])
  const lines = said.trim().split('\n').filter(Boolean)
  return { status, failed, said: lines.map((line) => JSON.parse(line) as Record<string, unknown>) }
}

describe('what an operator decides by command', { timeout: 240_000 }, () => {
  test('is checked before it is sent', async () => {
    for (const args of [
      ['takedown', 'everything', 'fraud', 'Because.'],
      ['takedown', 'asset:1', 'boredom', 'Because.'],
      ['takedown', 'asset:1', 'fraud'],
    ]) {
      const { status, failed } = await run(args)
      expect([args, status]).toEqual([args, 2])
      expect(JSON.parse(failed)).toMatchObject({ error: 'config_invalid' })
    }
  })

  test('check names what it finds, and what is wrong', async () => {
    const { status, said } = await run(['check'])
    expect(said.map(({ message }) => message).join('\n')).toContain(node.info.operator.address)
    expect(status).toBe(0)
    const list = join(folder, 'deny-list')
    await writeFile(list, 'nonsense\n')
    const bad = await run(['check'], { AGORAI_DENY_LIST: list })
    expect(bad.status).toBe(2)
    expect(JSON.parse(bad.failed)).toMatchObject({ field: 'AGORAI_DENY_LIST' })
  })

  test('notices are shown, and removed once they are dealt with', async () => {
    const notice = { target: 'asset:1', reason: 'fraud', text: 'It is not theirs.', contact: 'ada@example.org' }
    await fetch(`${node.url}/api/v1/notices`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(notice),
    })
    expect((await run(['notices', '--remove'])).said[0]).toMatchObject(notice)
    expect((await run(['notices'])).said).toMatchObject([{ notices: 0 }])
  })

  test('takedown and reinstate close and open again what a running node serves', async () => {
    const asset = await sealAsset(new Uint8Array(10))
    await uploadContent(node, asset)
    const status = async () => (await fetch(`${node.url}/api/v1/content/${asset.cid}`)).status
    expect((await run(['takedown', `cid:${asset.cid}`, 'court-order', 'Case 12 of 2026.'])).status).toBe(0)
    expect(await status()).toBe(451)
    const { decisions } = (await (await fetch(`${node.url}/api/v1/takedowns`)).json()) as TakedownList
    expect(decisions).toMatchObject([{ value: asset.cid, reason: 'court-order', statement: 'Case 12 of 2026.' }])
    expect((await run(['reinstate', `cid:${asset.cid}`, 'It was lifted.'])).status).toBe(0)
    expect(await status()).toBe(200)
  })
})
