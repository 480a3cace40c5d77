import { isAbsolute } from 'node:path'
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
    ['AGORAI_HOSTS', 'a b'],
    ['DATABASE_URL', 'mysql://h/d'],
  ])('names a bad %s, without its value (%s)', (name, value) => {
    expect(() => readConfig([], { [name]: value })).toThrow(
      expect.objectContaining({ code: 'config_invalid', field: expect.stringContaining(name) }),
    )
  })

  test.each([['--prot'], ['extra'], ['--port']])('refuses the command line %s', (argument) => {
    expect(() => readConfig([argument], {})).toThrow(expect.objectContaining({ code: 'config_invalid' }))
  })
})
