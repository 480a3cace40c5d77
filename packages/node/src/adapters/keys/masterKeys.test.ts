import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createHttpKms } from './httpKms.js'
import { openMasterKeys, type Protection } from './masterKeys.js'
import { createPassphraseKms } from './passphraseKms.js'

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agorai-master-'))
  path = join(folder, 'keys', 'master.json')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const dataKey = new Uint8Array(32).fill(7)
const open = (protection: Protection, isFirstStart = false) => openMasterKeys(path, { protection, isFirstStart })
const passphrase = (text: string): Protection => ({ by: 'passphrase', kms: createPassphraseKms(text) })

describe('master keys in a file', () => {
  test('are made once, for this user only', async () => {
    const first = await open({ by: 'file' }, true)
    const wrapped = first.wrap(dataKey, 'a')
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect((await open({ by: 'file' }, true)).unwrap(wrapped, 'a')).toEqual(Buffer.from(dataKey))
    expect(() => first.unwrap(wrapped, 'b')).toThrow(expect.objectContaining({ code: 'key_store_damaged' }))
  })

  test('are never made anew where others were lost, and never replaced', async () => {
    await expect(open({ by: 'file' })).rejects.toMatchObject({ code: 'config_invalid' })
    await open({ by: 'file' }, true)
    for (const text of ['', '{"agorai":"master-keys/1","protectedBy":"file","keys":[]}', '{"secret":"deadbeef"}']) {
      await writeFile(path, text)
      const error = await open({ by: 'file' }, true).catch((reason: unknown) => reason)
      expect(error).toMatchObject({ code: 'config_invalid' })
      expect(String(error)).not.toContain('deadbeef')
      expect(await readFile(path, 'utf8')).toBe(text)
    }
  })
})

describe('a passphrase', () => {
  test('closes them, and a wrong one is told by its setting', async () => {
    const made = await open(passphrase('correct horse battery staple'), true)
    const wrapped = made.wrap(dataKey, 'a')
    expect(await readFile(path, 'utf8')).not.toContain('correct horse')
    const again = await open(passphrase('correct horse battery staple'))
    expect(again.unwrap(wrapped, 'a')).toEqual(Buffer.from(dataKey))
    const locked = { code: 'key_store_locked', field: 'AGORAI_KEY_PASSPHRASE' }
    await expect(open(passphrase('correct horse battery stable'))).rejects.toMatchObject(locked)
    await expect(open({ by: 'file' })).rejects.toMatchObject(locked)
  })

  test('is changed without touching what they close', async () => {
    const made = await open(passphrase('the first one'), true)
    const wrapped = made.wrap(dataKey, 'a')
    await made.rotate(passphrase('the second one'))
    const again = await open(passphrase('the second one'))
    expect(again.unwrap(wrapped, 'a')).toEqual(Buffer.from(dataKey))
    await expect(open(passphrase('the first one'))).rejects.toMatchObject({ code: 'key_store_locked' })
    await again.prune(passphrase('the second one'))
    const pruned = await open(passphrase('the second one'))
    expect(() => pruned.unwrap(wrapped, 'a')).toThrow(expect.objectContaining({ code: 'key_store_damaged' }))
  })
})

describe('a key management service in a process of its own', () => {
  const token = 'a-bearer-token'
  let stop: () => void = () => {}
  afterEach(() => stop())

  async function start(): Promise<string> {
    const child = spawn(process.execPath, [fileURLToPath(new URL('./testKms.mjs', import.meta.url)), token], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    stop = () => child.kill('SIGKILL')
    return new Promise((resolve) => child.stdout.once('data', (data) => resolve(String(data).trim())))
  }
  const kms = (endpoint: string, own: string | undefined = token): Protection => ({
    by: 'kms',
    kms: createHttpKms({ endpoint, token: own }),
  })

  test('closes them, for who has its token, and opens nothing for another', async () => {
    const endpoint = await start()
    const wrapped = (await open(kms(endpoint), true)).wrap(dataKey, 'a')
    expect((await open(kms(`${endpoint}/`))).unwrap(wrapped, 'a')).toEqual(Buffer.from(dataKey))
    const refused = { code: 'key_store_locked', field: 'AGORAI_KMS_TOKEN' }
    await expect(open(kms(endpoint, 'another'))).rejects.toMatchObject(refused)
    stop()
    // The service that has another key did not close these.
    const other = await start()
    const foreign = { code: 'key_store_locked', field: 'AGORAI_KMS_URL' }
    await expect(open(kms(other))).rejects.toMatchObject(foreign)
  })

  test('that fails or talks nonsense is named', async () => {
    const endpoint = await start()
    await open(kms(endpoint), true)
    for (const way of ['broken', 'nonsense'])
      await expect(open(kms(`${endpoint}/${way}`))).rejects.toMatchObject({ code: 'kms_unavailable' })
    stop()
    await expect(open(kms('http://127.0.0.1:9'))).rejects.toMatchObject({ code: 'kms_unavailable' })
  })
})
