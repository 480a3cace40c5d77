import { afterEach, expect, test, vi } from 'vitest'
import { run } from './main.js'

const stream = (name: 'stdout' | 'stderr') => {
  const said: string[] = []
  vi.spyOn(process[name], 'write').mockImplementation((text) => said.push(String(text)) > 0)
  return () => said.join('')
}

afterEach(() => vi.restoreAllMocks())

test.each([
  [['show'], "missing required argument 'asset'", 'agorai show --help'],
  [['serve', '3', '--key-file', 'owner.key'], "unknown option '--key-file'", 'agorai serve --help'],
  [['session', 'top-up', '1'], '--budget', 'agorai session top-up --help'],
  [['session', 'list'], "unknown command 'list'", 'agorai session --help'],
])('what is mistyped of %j is said with where to look it up', async (args, wrong, help) => {
  const said = stream('stderr')
  expect(await run(args)).toBe(2)
  expect(said()).toContain(wrong)
  expect(said()).toContain(`See \`${help}\`.`)
})

test('with --json a mistake is one object, and nothing is said beside it', async () => {
  const [printed, said] = [stream('stdout'), stream('stderr')]
  expect(await run(['show', '--json'])).toBe(2)
  expect(JSON.parse(printed())).toMatchObject({ error: { code: 'invalid_request' } })
  expect(said()).toBe('')
})
