import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readUpstreams } from './upstreams.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agorai-upstreams-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const write = async (said: unknown): Promise<string> => {
  const path = join(folder, 'upstreams.json')
  await writeFile(path, typeof said === 'string' ? said : JSON.stringify(said))
  return path
}

test('servers stand by the service that they are behind, their keys in the file or in one beside it', async () => {
  await writeFile(join(folder, 'key'), 'from a file\n')
  const baseUrl = 'http://127.0.0.1:8000/v1'
  const path = await write({
    7: { baseUrl, apiKey: 'in place', model: 'llama' },
    9: { baseUrl, apiKeyFile: 'key', model: 'llama', continuousUsage: true, concurrency: 8 },
  })
  const upstreams = readUpstreams(path)
  expect(upstreams.get(7n)).toEqual({
    baseUrl,
    apiKey: 'in place',
    model: 'llama',
    continuousUsage: false,
    concurrency: 64,
  })
  expect(upstreams.get(9n)).toEqual({
    baseUrl,
    apiKey: 'from a file',
    model: 'llama',
    continuousUsage: true,
    concurrency: 8,
  })
  expect(readUpstreams(undefined).size).toBe(0)
})

test('a file that says it wrongly stops the node, naming what is wrong', async () => {
  const good = { baseUrl: 'https://example.org/v1', model: 'm' }
  const bad = [
    '{',
    { seven: good },
    { 7: { ...good, baseUrl: 'file:///etc' } },
    { 7: { ...good, apiKey: 'a', apiKeyFile: 'b' } },
    { 7: { ...good, apiKeyFile: 'missing' } },
    { 7: { ...good, secret: 1 } },
    { 7: { baseUrl: good.baseUrl } },
  ]
  for (const said of bad) {
    const path = await write(said)
    expect(() => readUpstreams(path)).toThrow(expect.objectContaining({ code: 'config_invalid' }))
  }
  expect(() => readUpstreams(join(folder, 'none'))).toThrow(expect.objectContaining({ code: 'config_invalid' }))
})
