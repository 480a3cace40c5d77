import { mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BegunUpload } from '@agorai/sdk'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openUploadState } from './uploadState.js'

let stateFolder: string
beforeEach(async () => {
  stateFolder = await mkdtemp(join(tmpdir(), 'upload-state-'))
})
afterEach(() => rm(stateFolder, { recursive: true, force: true }))

const stateOf = (more: { identity?: string; account?: string; operator?: string } = {}) =>
  openUploadState({ stateFolder, identity: 'a file', account: '0xAa', operator: '0xBb', ...more })
const begun = {
  contentId: `0x${'01'.repeat(32)}`,
  secrets: [{ contentKey: new Uint8Array(32).fill(2), saltSeed: new Uint8Array(32).fill(3) }],
  shape: '{}',
  measured: { fields: [] },
} as unknown as BegunUpload
const files = () => readdir(join(stateFolder, 'uploads'))

test('what was saved is there again, for the same content, account and operator only, until it is cleared', async () => {
  expect(await stateOf().load()).toBeUndefined()
  await stateOf().save(begun)
  expect(await stateOf({ account: '0xaa' }).load()).toEqual(begun)
  for (const other of [{ identity: 'another' }, { account: '0xCc' }, { operator: '0xCc' }])
    expect(await stateOf(other).load()).toBeUndefined()
  await stateOf().clear()
  expect([await stateOf().load(), await files()]).toEqual([undefined, []])
  await stateOf().clear()
})

test('nobody else can read it', async () => {
  await stateOf().save(begun)
  const [name = ''] = await files()
  expect((await stat(join(stateFolder, 'uploads', name))).mode & 0o777).toBe(0o600)
  expect((await stat(join(stateFolder, 'uploads'))).mode & 0o777).toBe(0o700)
})

test('a damaged one is none, and old ones are forgotten', async () => {
  await stateOf().save(begun)
  const [name = ''] = await files()
  await writeFile(join(stateFolder, 'uploads', name), '{"contentId"')
  expect(await stateOf().load()).toBeUndefined()
  await utimes(join(stateFolder, 'uploads', name), new Date(1), new Date(1))
  await stateOf({ identity: 'another' }).load()
  expect(await files()).toEqual([])
})
