import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  appendSegment,
  approveApplication,
  assembleContributions,
  consentToContribute,
  getContributions,
  giveContribution,
  publishAsset,
} from '@agorai/sdk'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findBarriers } from './accessibility.js'
import { buildPage, eventually, launchBrowser, openPage, panel, signAs, textOf } from './browser.js'
import { type Marketplace, startMarketplace } from './marketplace.js'
import { rowsBy } from './rowsSource.js'

/** What the page shows of rows that people gave and of feeds, in a real browser. */

const screenshots = await mkdtemp(join(tmpdir(), 'agorai-web-contributions-'))
let market: Marketplace
let browser: Browser
let asset: bigint
let feed: bigint

beforeAll(async () => {
  market = await startMarketplace({ webFolder: await buildPage() })
  const { ada, boole, alpha, gamma, addressOf } = market
  const statement = {
    description: 'Lines that people wrote.',
    tags: [],
    licence: { spdx: 'CC-BY-4.0', source: 'e2e', attribution: 'Its contributors' },
    provenance: { description: 'Given by people.' },
    terms: { royaltyBps: 0 },
    contributors: { bps: 0, leaves: [] },
    metrics: [],
  }
  const content = rowsBy('Ada', 3)
  asset = (await publishAsset(ada, { ...statement, kind: 'dataset', name: 'Lines', content, rowFormat: 'jsonl' })).asset
  const approval = await approveApplication(ada, { asset, application: addressOf(boole), purpose: 'Training' })
  for (const [client, label] of [
    [alpha, 'Alpha'],
    [gamma, 'Gamma'],
  ] as const) {
    const rows = rowsBy(label, 4)
    const consent = await consentToContribute(client, { approval, rows, label })
    await giveContribution(boole, { approval, consent, rows })
  }
  await assembleContributions(ada, { asset, contributorBps: 6_000 })
  const published = await publishAsset(ada, {
    ...statement,
    kind: 'feed',
    name: 'Calls',
    feed: { fields: [{ name: 'row', type: 'integer' }], cadenceSeconds: 60 },
  })
  feed = published.asset
  for (const count of [2, 3]) await appendSegment(ada, { version: published.version, rows: rowsBy('Ada', count) })
  await market.settle()
  browser = await launchBrowser()
}, 300_000)
afterAll(async () => {
  await browser?.close()
  await market?.stop()
  console.info(`Screenshots are in ${screenshots}`)
})

describe.each([
  { theme: 'light' as const, contributor: 3, left: 1 },
  { theme: 'dark' as const, contributor: 5, left: 0 },
])('in the $theme theme', ({ theme, contributor, left }) => {
  test('a contributor sees the rows counted and takes them back', { timeout: 120_000 }, async () => {
    const { page, faults } = await openPage(browser, { theme })
    await page.goto(`${market.node.url}/assets/${asset}`)
    const given = panel(page, 'Given by people')
    await eventually(() => textOf(given)).toContain('2 contributions, each with a consent')
    await eventually(() => textOf(given)).toContain(`${4 * (left + 1)} rows of`)
    expect(await given.getByRole('button').count()).toBe(0)
    await signAs(page, contributor)
    await given.getByRole('button', { name: 'Take my rows back' }).click()
    await page.getByRole('dialog').getByRole('checkbox').check()
    await page.getByRole('dialog').getByRole('button', { name: 'Take them back' }).click()
    await eventually(() => textOf(given)).toContain('Taken back: 1 contribution')
    await page.screenshot({ path: join(screenshots, `contributions-${theme}.png`), fullPage: true })
    expect(await findBarriers(page)).toEqual([])
    expect(faults).toEqual([])
    expect(await getContributions(market.curie, { asset })).toMatchObject({ accepted: left })
  })

  test('a feed shows its segments and its pace', { timeout: 120_000 }, async () => {
    const { page, faults } = await openPage(browser, { theme })
    await page.goto(`${market.node.url}/assets/${feed}`)
    const appended = panel(page, 'Appended')
    await eventually(() => textOf(appended)).toContain('2 segments')
    expect(await appended.getByRole('row').count()).toBe(3)
    await page.screenshot({ path: join(screenshots, `feed-${theme}.png`), fullPage: true })
    expect(await findBarriers(page)).toEqual([])
    expect(faults).toEqual([])
  })
})
