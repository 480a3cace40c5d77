import { afterAll, beforeAll, expect, test } from 'vitest'
import { type CommandLine, startCommandLine } from './commandLine.js'

/** Giving rows, assembling, proving and withdrawing, as the people who do it type it. */

let cli: CommandLine

const rows = (name: string, count: number): string =>
  Array.from({ length: count }, (_, row) => `${JSON.stringify({ by: name, row })}\n`).join('')

beforeAll(async () => {
  cli = await startCommandLine('here')
  await cli.write('own.jsonl', rows('owner', 3))
  await cli.write('ann.jsonl', rows('ann', 4))
  await cli.write('row.json', { row: 2, by: 'ann' })
  await cli.write('about.json', {
    kind: 'dataset',
    name: 'Lines',
    description: 'Lines that people wrote.',
    tags: [],
    licence: { spdx: 'CC-BY-4.0', source: 'e2e', attribution: 'Its contributors' },
    provenance: { description: 'Given by people.', builtFrom: [] },
    terms: { royaltyBps: 0 },
    contributors: { bps: 0, leaves: [] },
    metrics: [],
  })
}, 120_000)
afterAll(() => cli?.stop())

test('rows are approved, consented to, given, listed, assembled, proven, and taken back', async () => {
  const { asset } = (await cli.json('publish', 'own.jsonl', '--about', 'about.json', '--account', 'dev:1')) as {
    asset: string
  }
  const application = cli.market.addressOf(cli.market.boole)
  const approval = await cli.json(
    ...['contributions', 'approve', asset, '--application', application, '--purpose', 'Training', '--account', 'dev:1'],
  )
  await cli.write('approval.json', approval)
  const consent = await cli.json(
    ...['contributions', 'consent', 'ann.jsonl', '--approval', 'approval.json', '--label', 'Ann', '--account', 'dev:3'],
  )
  await cli.write('consent.json', consent)
  const documents = ['--approval', 'approval.json', '--consent', 'consent.json']
  expect(await cli.said('contributions', 'give', 'ann.jsonl', ...documents, '--account', 'dev:2')).toContain(
    'Accepted: 4 rows',
  )
  expect(await cli.failure('contributions', 'give', 'own.jsonl', ...documents, '--account', 'dev:2')).toMatchObject({
    code: 'digest_mismatch',
  })
  expect(await cli.said('contributions', 'count', asset)).toContain('1 contributions of 1 contributors, 4 rows')
  const listed = await cli.said('contributions', 'list', asset, '--account', 'dev:1')
  expect(listed).toContain('Ann')
  expect(listed).toContain('accepted')
  const assembled = (await cli.json('contributions', 'assemble', asset, '--share', '60', '--account', 'dev:1')) as {
    version: string
    contributors: { rows: number }[]
  }
  expect(assembled.contributors).toMatchObject([{ label: 'Ann', rows: 4 }])
  await cli.market.settle()

  const { version } = assembled
  await cli.json('prove-row', version, '--row', 'row.json', '--out', 'proof.json', '--account', 'dev:3')
  expect(await cli.said('verify-row', 'proof.json', '--row', 'row.json')).toContain('Row 5 of the 7 rows of Lines')
  await cli.write('other.json', { row: 3, by: 'ann' })
  expect(await cli.failure('verify-row', 'proof.json', '--row', 'other.json')).toMatchObject({
    code: 'integrity_failed',
  })

  expect(await cli.failure('withdraw', asset, '--account', 'dev:3')).toMatchObject({ code: 'invalid_request' })
  expect(await cli.said('withdraw', asset, '--yes', '--account', 'dev:3')).toContain('Taken back: 1 contributions')
  expect(await cli.failure('contributions', 'assemble', asset, '--account', 'dev:1')).toMatchObject({
    code: 'invalid_request',
  })
  expect(await cli.failure('contributions', 'give', 'ann.jsonl', ...documents, '--account', 'dev:2')).toMatchObject({
    code: 'consent_withdrawn',
  })

  const revoke = ['contributions', 'revoke', asset, '--application', application]
  expect(await cli.failure(...revoke, '--account', 'dev:3')).toMatchObject({ code: 'not_owner' })
  expect(await cli.said(...revoke, '--account', 'dev:1')).toContain('0 contributions that it handed in before stay')
  expect(await cli.said('contributions', 'list', asset, '--account', 'dev:1')).toContain('Revoked: 0x3C44')
  await cli.write('later.jsonl', rows('ann', 2))
  const later = ['contributions', 'consent', 'later.jsonl', '--approval', 'approval.json', '--label', 'Ann']
  await cli.write('consent.json', await cli.json(...later, '--account', 'dev:3'))
  expect(await cli.failure('contributions', 'give', 'later.jsonl', ...documents, '--account', 'dev:2')).toMatchObject({
    code: 'approval_revoked',
  })
}, 120_000)

test('a feed is appended to, told of, and followed from where a reader stopped', async () => {
  await cli.write('feed.json', {
    kind: 'feed',
    name: 'Calls',
    description: 'What is called out.',
    tags: [],
    licence: { spdx: 'CC0-1.0', source: 'e2e', attribution: 'nobody' },
    provenance: { description: 'Called out.', builtFrom: [] },
    terms: { royaltyBps: 0 },
    contributors: { bps: 0, leaves: [] },
    metrics: [],
    feed: { fields: [{ name: 'row', type: 'integer' }], cadenceSeconds: 60 },
  })
  const { version } = (await cli.json('publish', '--about', 'feed.json', '--account', 'dev:1')) as { version: string }
  await cli.write('bad.jsonl', '{"row":1}\nno row\n')
  const append = ['feed', 'append', version, 'own.jsonl', '--account', 'dev:1']
  expect(await cli.said(...append)).toContain('Segment 0: 3 rows.')
  expect(await cli.said('feed', 'status', version)).toContain('1 segments')
  const follow = ['feed', 'follow', version, '--rows', '--place', 'place.json', '--account', 'dev:1']
  expect(await cli.said(...follow)).toBe('{"by":"owner","row":0}\n{"by":"owner","row":1}\n{"by":"owner","row":2}\n')
  expect(await cli.said(...follow)).toBe('')
  await cli.said(...append)
  expect(await cli.json(...follow)).toMatchObject({
    segment: { sequence: 1 },
    rows: [{ row: 0 }, { row: 1 }, { row: 2 }],
  })
  expect(await cli.failure('feed', 'append', version, 'bad.jsonl', '--account', 'dev:1')).toMatchObject({
    code: 'rows_invalid',
  })
  expect(await cli.failure('feed', 'follow', version, '--rows', '--account', 'dev:6')).toMatchObject({
    code: 'entitlement_missing',
  })
}, 120_000)

test('help says who signs what', async () => {
  const { stdout } = await cli.agorai('contributions', '--help')
  expect(stdout).toContain('agorai contributions assemble 1')
})
