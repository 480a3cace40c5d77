import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readConfig } from './config.js'

describe('readConfig', () => {
  test('has a default for everything', () => {
    const { config, json } = readConfig([], {})
    expect(json).toBe(false)
    expect(config).toMatchObject({ host: '127.0.0.1', port: 4670, fresh: false, hosts: [], confirmations: 12 })
    expect(config.rpcUrl).toBeUndefined()
    expect(isAbsolute(config.dataFolder)).toBe(true)
  })

  test('a flag wins over its variable', () => {
    const environment = {
      AGORAI_PORT: '1',
      AGORAI_HOSTS: 'market.example, Other.Example',
      DATABASE_URL: 'postgres://h/d',
    }
    const { config } = readConfig(['--port', '0', '--fresh', '--data-dir', '/tmp/x'], environment)
    expect(config).toMatchObject({ port: 0, fresh: true, dataFolder: '/tmp/x', databaseUrl: 'postgres://h/d' })
    expect(config.hosts).toEqual(['market.example', 'other.example'])
  })

  test('an empty variable is none, and those of others are not ours', () => {
    expect(readConfig([], { AGORAI_RPC_URL: '', PATH: '/bin', AGORAI_CI: '1' }).config.rpcUrl).toBeUndefined()
    expect(readConfig([], { AGORAI_KEY: '0x1', AGORAI_NODE: 'http://localhost' }).config.port).toBe(4670)
  })

  test('counts confirmations, or leaves it to the chain what is final', () => {
    const confirmationsOf = (said: string) => readConfig([], { AGORAI_CONFIRMATIONS: said }).config.confirmations
    expect([confirmationsOf(''), confirmationsOf('0'), confirmationsOf('finalized')]).toEqual([12, 0, 'finalized'])
  })

  test('asks for a public address of a chain elsewhere, as the other may hold a secret', () => {
    const elsewhere = { AGORAI_RPC_URL: 'https://chain.example/v2/secret' }
    expect(() => readConfig([], elsewhere)).toThrow(
      expect.objectContaining({ code: 'config_invalid', field: 'AGORAI_PUBLIC_RPC_URL' }),
    )
    const { config } = readConfig([], { ...elsewhere, AGORAI_PUBLIC_RPC_URL: 'https://chain.example' })
    expect(config).toMatchObject({ rpcUrl: elsewhere.AGORAI_RPC_URL, publicRpcUrl: 'https://chain.example' })
    for (const rpcUrl of ['http://localhost:8545', 'http://127.0.0.1:8545', 'http://[::1]:8545'])
      expect(readConfig([], { AGORAI_RPC_URL: rpcUrl }).config).toMatchObject({ rpcUrl, publicRpcUrl: undefined })
  })

  test.each([
    ['AGORAI_PROT', '4670'],
    ['AGORAI_PORT', '65536'],
    ['AGORAI_PORT', '0x10'],
    ['AGORAI_PORT', ' 1'],
    ['AGORAI_RPC_URL', 'ftp://chain'],
    ['AGORAI_RPC_URL', 'chain'],
    ['AGORAI_CONFIRMATIONS', '-1'],
    ['AGORAI_CONFIRMATIONS', 'final'],
    ['AGORAI_HOSTS', 'a b'],
    ['DATABASE_URL', 'mysql://h/d'],
    ['AGORAI_ROLES', 'gateway,door'],
    ['AGORAI_METRICS', 'yes'],
  ])('names a bad %s, without its value (%s)', (name, value) => {
    expect(() => readConfig([], { [name]: value })).toThrow(
      expect.objectContaining({ code: 'config_invalid', field: expect.stringContaining(name) }),
    )
  })

  test('takes any setting from a file, once, and keeps what is secret apart', () => {
    const folder = mkdtempSync(join(tmpdir(), 'agorai-config-'))
    const file = join(folder, 'database-url')
    writeFileSync(file, 'postgres://agorai:secret@h/d\n')
    const { config } = readConfig([], { DATABASE_URL_FILE: file })
    expect(config.databaseUrl).toBe('postgres://agorai:secret@h/d')
    expect(config.secrets).toContain('postgres://agorai:secret@h/d')
    const twice = { DATABASE_URL_FILE: file, DATABASE_URL: 'postgres://h/d' }
    for (const environment of [twice, { DATABASE_URL_FILE: join(folder, 'none') }])
      expect(() => readConfig([], environment)).toThrow(expect.objectContaining({ field: 'DATABASE_URL_FILE' }))
    expect(() => readConfig([], { AGORAI_PROT_FILE: file })).toThrow(
      expect.objectContaining({ code: 'config_invalid' }),
    )
    rmSync(folder, { recursive: true })
  })

  test('roles apart need a chain and a database that they can share', () => {
    expect(readConfig([], {}).config.roles).toEqual(['gateway', 'indexer', 'worker'])
    const apart = { AGORAI_ROLES: 'indexer' }
    const chain = { AGORAI_RPC_URL: 'http://127.0.0.1:8545' }
    const database = { DATABASE_URL: 'postgres://h/d' }
    expect(() => readConfig([], { ...apart, ...database })).toThrow(
      expect.objectContaining({ field: 'AGORAI_RPC_URL' }),
    )
    expect(() => readConfig([], { ...apart, ...chain })).toThrow(expect.objectContaining({ field: 'DATABASE_URL' }))
    expect(readConfig([], { ...apart, ...chain, ...database }).config.roles).toEqual(['indexer'])
    expect(() => readConfig([], { AGORAI_JOURNAL: 'postgres' })).toThrow(
      expect.objectContaining({ field: 'DATABASE_URL' }),
    )
  })

  test('every setting stands in docs/operating.md', () => {
    const page = readFileSync(new URL('../../../docs/operating.md', import.meta.url), 'utf8')
    let known: string[] = []
    try {
      readConfig([], { AGORAI_PROT: '1' })
    } catch (error) {
      known = (error as Error).message.match(/[A-Z][A-Z0-9]*_[A-Z0-9_]+/g) ?? []
    }
    const settings = new Set(known.filter((name) => name !== 'AGORAI_PROT'))
    expect(settings.size).toBeGreaterThan(30)
    for (const name of settings) expect(page).toContain(`\`${name}\``)
  })

  test.each([
    ['0', undefined],
    ['1', 'main'],
    ['9464', { host: '127.0.0.1', port: 9464 }],
    ['0.0.0.0:0', { host: '0.0.0.0', port: 0 }],
    ['[::1]:9464', { host: '::1', port: 9464 }],
  ])('metrics are served at %s', (value, metrics) => {
    expect(readConfig([], { AGORAI_METRICS: value }).config.metrics).toEqual(metrics)
  })

  test.each([['--prot'], ['extra'], ['--port']])('refuses the command line %s', (argument) => {
    expect(() => readConfig([argument], {})).toThrow(expect.objectContaining({ code: 'config_invalid' }))
  })
})
