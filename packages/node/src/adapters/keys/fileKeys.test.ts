import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openFileKeys } from './fileKeys.js'

const alicePrivate = '0x77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a'
const alicePublic = '0x8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a'

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agorai-keys-'))
  path = join(folder, 'keys', 'operator.json')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

test('creates keys once, readable by this user only', async () => {
  const first = await openFileKeys(path, { isFirstStart: true })
  const second = await openFileKeys(path, { isFirstStart: true })
  expect(second.account.address).toBe(first.account.address)
  expect(second.encryption).toEqual(first.encryption)
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect(await readdir(join(folder, 'keys'))).toEqual(['operator.json'])
  await chmod(path, 0o644)
  await openFileKeys(path, { isFirstStart: true })
  expect((await stat(path)).mode & 0o777).toBe(0o600)
})

test('derives the public key as RFC 7748, section 6.1, has it', async () => {
  await openFileKeys(path, { isFirstStart: true })
  await writeFile(
    path,
    JSON.stringify({
      signingKey: `0x${'11'.repeat(32)}`,
      encryptionKey: alicePrivate,
    }),
  )
  expect((await openFileKeys(path, { isFirstStart: true })).encryption.publicKey).toBe(alicePublic)
})

test('creates none where others were lost', async () => {
  await expect(openFileKeys(path, { isFirstStart: false })).rejects.toMatchObject({ code: 'config_invalid' })
  await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' })
  const first = await openFileKeys(path, { isFirstStart: true })
  expect((await openFileKeys(path, { isFirstStart: false })).account.address).toBe(first.account.address)
})

test('never replaces a file that it cannot read, and does not quote it', async () => {
  await openFileKeys(path, { isFirstStart: true })
  for (const text of ['', '{"signingKey":"0xdeadbeef"}', '{"signingKey":1,"signingKey":2}']) {
    await writeFile(path, text)
    const error = await openFileKeys(path, { isFirstStart: true }).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'config_invalid' })
    expect(String(error)).not.toContain('deadbeef')
    expect(await readFile(path, 'utf8')).toBe(text)
  }
})
