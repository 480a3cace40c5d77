import { execFile } from 'node:child_process'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { removeFolder, startTestNode, type TestNode } from '../packages/node/test/support.js'
import { runDemo } from '../scripts/demo.js'

/** What README.md shows is what runs. */

const root = fileURLToPath(new URL('..', import.meta.url))
let node: TestNode

beforeAll(async () => {
  node = await startTestNode()
  await runDemo({ node: node.url, print: () => {} })
})
afterAll(async () => {
  await node?.stop()
  await removeFolder(node.folder)
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
