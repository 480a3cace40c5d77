import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type RunningNode, startNode } from '@agorai/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runDemo } from '../scripts/demo.js'

/** What README.md shows is what runs. */

const root = fileURLToPath(new URL('..', import.meta.url))
let folder: string
let node: RunningNode

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agorai-quickstart-'))
  node = await startNode({
    host: '127.0.0.1',
    port: 0,
    dataFolder: folder,
    fresh: false,
    hosts: [],
    rpcUrl: undefined,
    publicRpcUrl: undefined,
    confirmations: 0,
    contentBytesMax: 2 ** 30,
    databaseUrl: undefined,
    webFolder: folder,
  })
  await runDemo({ node: node.url, print: () => {} })
})
afterAll(async () => {
  await node?.stop()
  await rm(folder, { recursive: true, force: true })
})

test('the example of README.md, of five lines, runs after npm start and verifies the model', async () => {
  const readme = await readFile(join(root, 'README.md'), 'utf8')
  const shown = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''
  const kept = join(root, 'examples/digits/quickstart.ts')
  expect(shown).toBe(await readFile(kept, 'utf8'))
  const lines = shown.split('\n').filter((line) => line !== '' && !line.startsWith('import '))
  expect(lines).toHaveLength(5)

  // Beside the original, where its imports are found; only the address of the node is another.
  const copy = kept.replace('quickstart.ts', `quickstart-${process.pid}.mts`)
  try {
    await writeFile(copy, shown.replace('http://127.0.0.1:4670', node.url))
    const args = ['--conditions=@agorai/source', '--import', 'tsx', copy]
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root })
    for (const check of ['content.cid', 'content.plaintext.root', 'manifest', 'terms']) expect(stdout).toContain(check)
  } finally {
    await rm(copy, { force: true })
  }
})
