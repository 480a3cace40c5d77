import { readFile } from 'node:fs/promises'
import { devAccounts } from '@agorai/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CommandLine, startCommandLine } from './commandLine.js'

/** Offers, passes, terms and tills, command by command. */

let line: CommandLine
const json: CommandLine['json'] = (...args) => line.json(...args)
const said: CommandLine['said'] = (...args) => line.said(...args)
const failure: CommandLine['failure'] = (...args) => line.failure(...args)
const addressOf = (index: number): string => devAccounts[index]?.address ?? ''
const [ada, boole, byron, relayer] = ['dev:1', 'dev:2', 'dev:6', 'dev:7'].map((name) => ['--account', name]) as [
  string[],
  string[],
  string[],
  string[],
]

const statement = {
  kind: 'service',
  name: 'A live service',
  description: 'Answers what it is asked.',
  tags: [],
  licence: { spdx: 'CC0-1.0', source: 'e2e/cli-market.test.ts', attribution: 'nobody' },
  provenance: { description: 'Made for a test.', builtFrom: [] as string[] },
  terms: { royaltyBps: 1_000 },
  contributors: { bps: 0, leaves: [] },
  metrics: [],
}

/** Publishes a service. @returns The ids of its asset and offers. */
async function publish(more: object, ...args: string[]): Promise<{ asset: string; offers: string[] }> {
  await line.write('about.json', { ...statement, ...more })
  return (await json('publish', '--about', 'about.json', ...args)) as never
}

beforeAll(async () => {
  line = await startCommandLine('here')
  await line.market.mint(line.market.byron, 1_000_000_000n)
})
afterAll(() => line?.stop())

describe('offers and passes', () => {
  let asset: string

  test('several first offers are listed with the publication, which another account sends', async () => {
    await line.write('offers.json', [
      { price: '1', usage: 'inference', timed: true, brackets: [{ fromDay: 7, bps: 9_000 }] },
      { price: '20', usage: 'internal', refundHours: 48, transferable: true },
    ])
    const published = await publish({}, '--offers', 'offers.json', '--relayer', 'dev:7', ...ada)
    asset = published.asset
    expect(published.offers).toHaveLength(2)
    await line.market.settle()
    const shown = await said('show', asset)
    expect(shown).toMatch(/inference +open +1\.000000 tUSD a day, after 7 days 90 % +days not begun go back/)
    expect(shown).toMatch(/internal +open +20\.000000 tUSD +refund within 48 h, passes may be passed on/)
    expect(shown).toMatch(/asks of descendants +10 %/)
    const [timed = ''] = published.offers
    expect(await said('offer', 'show', timed, '--days', '10')).toMatch(/now, 10 days +9\.700000 tUSD/)
    expect(await failure('buy', asset, ...byron)).toMatchObject({ code: 'invalid_request', field: 'offer' })
  })

  test('more offers than a page has are shown on request, and each can be bought', async () => {
    const { market } = line
    const many = Array.from({ length: 23 }, (_, at) => ({
      token: market.token,
      price: BigInt(at + 1) * 1_000_000n,
      usage: 'inference' as const,
    }))
    const published = await market.publishService(market.ada, { offers: many })
    const [id, offers] = [`${published.asset}`, published.offers.map(String)]
    await market.settle()
    expect(await said('show', id)).toContain(`and more: agorai show ${id} --all`)
    const idsIn = (shown: unknown) => (shown as { offers: { id: string }[] }).offers.map((offer) => offer.id)
    expect(idsIn(await json('show', id))).toEqual(offers.slice(0, 20))
    expect(idsIn(await json('show', id, '--all'))).toEqual(offers)
    await said('offer', 'close', offers[0] ?? '', '--yes', ...ada)
    await market.settle()
    expect(idsIn(await json('show', id, '--all'))).toEqual([...offers.slice(1), offers[0]])
    expect(await said('buy', id, '--offer', offers[22] ?? '', ...byron)).toContain('Bought for 23.000000')
    expect(await failure('buy', id, '--offer', offers[0] ?? '', ...byron)).toMatchObject({ code: 'offer_closed' })
  })

  test('buy days, renew them once, look at the pass, give it back, accrue', async () => {
    const { offers } = await publish({}, '--price', '1', '--usage', 'inference', '--timed', '--bracket', '7:90', ...ada)
    const [offer = ''] = offers
    const id = String(BigInt(offer) >> 16n)
    await line.market.settle()
    await line.market.toNextDay()
    const bought = await json('buy', id, '--days', '10', '--max', '9.7', '--relayer', 'dev:7', ...byron)
    expect(bought).toMatchObject({ amount: '9700000', nonce: 0, alreadyHeld: false })
    const renewal = ['buy', id, '--days', '2', '--nonce', '1', ...byron]
    expect(await json(...renewal)).toMatchObject({ amount: '2000000', nonce: 1, alreadyHeld: false })
    expect(await json(...renewal)).toMatchObject({ amount: '2000000', nonce: 1, alreadyHeld: true })
    expect(await json('buy', id, '--days', '1', '--renew', ...byron)).toMatchObject({ nonce: 2, amount: '1000000' })
    expect(await said('pass', offer, ...byron)).toMatch(/runs +until \d{4}-\d\d-\d\d \d\d:\d\d UTC\npurchases +3\n/)
    await line.market.passTime(86_400)
    expect(await said('accrue', id, ...relayer)).toMatch(/^Accrued 0\.97\d{4} tUSD into the ledger\.\n$/)
    expect(await said('accrue', id, ...relayer)).toBe('Nothing was earned since the last time.\n')
    await line.market.settle()
    expect(await said('show', id)).toMatch(/not final yet +11\.7\d{5} tUSD/)
    expect(await said('refund', offer, ...byron)).toMatch(/^1\d\.\d{6} tUSD went back/)
    expect(await failure('refund', offer, ...byron)).toMatchObject({ code: 'pass_missing' })
  })

  test('buy with a refund as a gift, pass it on, release it', async () => {
    const { offers } = await publish({}, '--price', '5', '--refund-hours', '1', '--transferable', ...ada)
    const [offer = ''] = offers
    const id = String(BigInt(offer) >> 16n)
    await line.market.settle()
    const given = await said('buy', id, '--for', addressOf(3), '--pay', 'permit', ...byron)
    expect(given).toMatch(/^Bought for 5\.000000 tUSD\.\nIt may be given back until .* UTC: agorai refund \d+\n/)
    expect(await said('transfer', offer, addressOf(4), '--account', 'dev:3')).toContain(addressOf(4))
    expect(await json('pass', offer, addressOf(4))).toMatchObject({ running: true, refundable: '5000000' })
    expect(await said('release', offer, ...relayer)).toMatch(/^No refund window has ended/)
    expect(await failure('release', offer, addressOf(4), ...relayer)).toMatchObject({ code: 'refund_open' })
    await line.market.passTime(3_600)
    expect(await said('release', offer, ...relayer)).toContain('Released 5.000000 tUSD into the ledger.')
  })

  test('a gated offer is bought with the list alone', async () => {
    await line.write('list.txt', `# admitted\n${addressOf(6)}\n${addressOf(5)}\n`)
    const { offers } = await publish({}, '--price', '2', '--gate', 'list.txt', ...ada)
    const id = String(BigInt(offers[0] ?? 0) >> 16n)
    await line.market.settle()
    expect(await said('show', id)).toContain('for a list of accounts')
    expect(await failure('buy', id, ...byron)).toMatchObject({ code: 'not_admitted' })
    expect(await json('buy', id, '--gate', 'list.txt', ...byron)).toMatchObject({ amount: '2000000' })
  })

  test('a later offer is listed and closed; a bundle is listed, bought and closed', async () => {
    const one = await publish({}, '--price', '3', ...ada)
    const listed = ['offer', 'list', one.asset, '--price', '7', '--usage', 'exclusive', ...ada]
    expect(await said(...listed)).toMatch(/falls by half a day from 70\.000000 tUSD to 7\.000000 tUSD/)
    const exclusive = String((BigInt(one.asset) << 16n) + 1n)
    expect(await failure('offer', 'close', exclusive, ...ada)).toMatchObject({ field: 'yes' })
    expect(await said('offer', 'close', exclusive, '--yes', ...ada)).toContain(`Closed offer ${exclusive}.`)
    const two = await publish({}, '--price', '5', ...ada)
    const offers = [...one.offers, ...two.offers]
    const { bundle } = await json('bundle', 'list', ...offers, '--discount', '12.5', ...ada)
    const buy = ['bundle', 'buy', String(bundle), '--max', '7', ...byron]
    expect(await json(...buy)).toMatchObject({ amount: '7000000', alreadyHeld: false })
    expect(await said(...buy)).toContain('No money was moved.')
    expect(await said('bundle', 'close', String(bundle), ...ada)).toContain('one by one')
    expect(await failure('bundle', 'buy', '0x12', '--max', '7', ...byron)).toMatchObject({ field: 'bundle' })
  })
})

describe('terms', () => {
  test('prepare, have it consented to, publish; a consent is revoked', async () => {
    const terms = { royaltyBps: 1_000, consent: true }
    const source = await publish({ terms }, ...ada)
    const built = { ...statement, provenance: { description: 'Built.', builtFrom: [source.asset] } }
    await line.write('built.json', built)
    const prepared = await json('publish', '--about', 'built.json', '--prepare', 'manifest.json', ...boole)
    expect(JSON.parse(await readFile(line.at('manifest.json'), 'utf8'))).toEqual(prepared.manifest)
    const digest = String(prepared.manifestDigest)
    expect(await failure('publish', '--prepared', 'manifest.json', ...boole)).toMatchObject({ code: 'consent_missing' })
    const sign = ['consent', 'sign', source.asset, '--publisher', addressOf(2), '--manifest', digest, ...ada]
    await line.write('consent.json', await json(...sign))
    const published = ['publish', '--prepared', 'manifest.json', '--consent', 'consent.json', ...boole]
    expect(await json(...published)).toMatchObject({ manifestDigest: digest, cid: null })
    const { nonce } = await json(...sign)
    expect(await said('consent', 'revoke', source.asset, String(nonce), ...ada)).toContain('Nobody can use it')
  })

  test('a service sells the work of a supplier, a collection credits its members', async () => {
    const supplier = await publish({ terms: { royaltyBps: 0, serveBps: 6_000 } }, ...ada)
    const service = await publish({ suppliers: [supplier.asset] }, '--price', '10', ...boole)
    const members = [supplier, service].map(({ asset }) => ({ version: asset, weight: '1' }))
    const gathered = await publish({ kind: 'collection', members, contributors: { bps: 10_000, leaves: [] } }, ...ada)
    await line.market.settle()
    expect(await said('show', service.asset)).toMatch(
      new RegExp(`sells the work of +${supplier.asset}, which gets 60 %`),
    )
    expect(await said('show', gathered.asset)).toMatch(/Members share 100 %[\s\S]*1\/2/)
    expect(await said('lineage', gathered.asset)).toContain('├─ A live service')
    await json('buy', service.asset, ...byron)
    await line.market.settle()
    expect(await json('collect', '--asset', supplier.asset, ...relayer)).toMatchObject({
      collected: expect.arrayContaining([expect.objectContaining({ role: 'owner', amount: '5940000' })]),
    })
  })

  test('what cannot be undone asks for --yes; edges are released, tills pointed and emptied', async () => {
    const source = await publish({}, ...ada)
    const built = await publish({ provenance: { description: 'Built.', builtFrom: [source.asset] } }, ...boole)
    expect(await said('release-edge', built.asset, source.asset, ...ada)).toContain('need not owe')
    expect(await said('till-version', source.asset, source.asset, ...ada)).toMatch(/from \d{4}-\d\d-\d\d/)
    const { market } = line
    await market.settle()
    const { till } = (await json('show', source.asset)) as { till: `0x${string}` }
    await market.send(market.byron, till, 1_000_000n)
    await market.chain.setBalance({ address: till, value: 5n })
    expect(await said('sweep', source.asset, built.asset, ...relayer)).toContain('Swept 1.000000 tUSD into the ledger.')
    expect(await said('sweep', source.asset, ...relayer)).toBe('These tills are empty.\n')
    expect(await failure('rescue', source.asset, ...ada)).toMatchObject({ field: 'what' })
    expect(await json('rescue', source.asset, '--ether', ...ada)).toMatchObject({ amountOrId: '5' })
    for (const [command, id] of [
      ['retire', source.asset],
      ['erase', built.asset],
    ] as const) {
      const owner = command === 'retire' ? ada : boole
      expect(await failure(command, id, ...owner)).toMatchObject({ code: 'invalid_request', field: 'yes' })
      expect((await line.agorai(command, id, '--yes', ...owner)).exit).toBe(0)
    }
    await market.settle()
    expect(await said('show', source.asset)).toMatch(/state +retired/)
    expect(await said('show', built.asset)).toMatch(/state +its current version is erased/)
  })

  test('who governs is shown', async () => {
    const shown = await said('governance')
    expect(shown).toMatch(/protocol fee +1 % of versions published now/)
    expect(shown).toMatch(/purchases +open/)
  })
})

test('leave with the chain alone', async () => {
  const { rpcUrl } = line.market.node
  expect(await failure('exit', '--rpc', rpcUrl)).toMatchObject({ code: 'invalid_request', field: 'account' })
  expect(await failure('exit', '--rpc', 'http://127.0.0.1:1', ...ada)).toMatchObject({ code: 'chain_unavailable' })
  await line.write('manifests.json', 'no folder')
  const missing = ['exit', '--rpc', rpcUrl, '--manifests', 'manifests.json', ...ada]
  expect(await failure(...missing)).toMatchObject({ field: 'manifests' })
  // No node is named or reached.
  const exit = (...args: string[]) => line.run(['exit', '--rpc', rpcUrl, '--manifests', '.', ...args])
  const left = await exit(...ada)
  expect(left).toMatchObject({ exit: 0, stderr: '' })
  expect(left.stdout).toMatch(/^Taken out\n[\s\S]*owner of version \d+ +\d+\.\d{6} tUSD/)
  expect(await exit(...ada)).toMatchObject({ stdout: expect.stringMatching(/^There is nothing to take out now\.\n/) })
})

test('every command has help with an example', async () => {
  const { exit, stdout } = await line.agorai('--help')
  expect(exit).toBe(0)
  const groups = { offer: ['list', 'show', 'close'], bundle: ['list', 'buy', 'close'], consent: ['sign', 'revoke'] }
  const single = [
    ...['search', 'show', 'lineage', 'publish', 'buy', 'pass', 'refund', 'transfer', 'download', 'verify', 'collect'],
    ...[
      'accrue',
      'release',
      'sweep',
      'rescue',
      'till-version',
      'release-edge',
      'retire',
      'erase',
      'governance',
      'exit',
    ],
  ]
  const inGroups = Object.entries(groups).flatMap(([group, commands]) => commands.map((command) => [group, command]))
  for (const command of [...single.map((name) => [name]), ...inGroups]) {
    expect(stdout).toMatch(new RegExp(`^  ${command[0]} `, 'm'))
    expect((await line.agorai(...command, '--help')).stdout).toContain(`Example:\n  agorai ${command.join(' ')}`)
  }
})
