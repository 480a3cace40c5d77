import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { publishAsset } from '@agorai/sdk'
import { describeContent } from '@agorai/sdk/ingest'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { publishDataset, publishModel } from '../examples/digits/publish.js'
import { findBarriers } from './accessibility.js'
import { buildPage, eventually, launchBrowser, openPage, panel, textOf } from './browser.js'
import { type Marketplace, startMarketplace } from './marketplace.js'

/** What the page shows of a content before anyone pays, and what it checks itself. */
const screenshots = await mkdtemp(join(tmpdir(), 'agorai-description-'))
let market: Marketplace
let browser: Browser
let plants: bigint

const png =
  'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAFUlEQVR4nGP8z8DAwMDAxMDAwMAABwAGAgEDDx8L5wAAAABJRU5ErkJggg=='

async function publishPlants(from: number, to: number, asset?: bigint) {
  const bytes = new TextEncoder().encode(
    `name,size,seen,wild\n${Array.from({ length: to - from }, (_, place) => {
      const index = from + place
      return `plant ${index},${index % 17 === 0 ? '' : (index % 40) / 4},2024-05-${String(1 + (index % 28)).padStart(2, '0')},${index % 3 === 0}\n`
    }).join('')}`,
  )
  const content = {
    ...{ fileName: 'plants.csv', mediaType: 'text/csv', bytes: bytes.length },
    format: { rowFormat: 'csv', mediaType: 'text/csv', family: 'table' } as const,
    async *stream() {
      yield bytes
    },
  }
  const { profile } = await describeContent(content, { top: ['wild'], withhold: ['name'] })
  return publishAsset(market.ada, {
    ...{ content, profile, asset, rowFormat: 'csv', kind: 'dataset', name: 'Plants', description: 'Plants by size.' },
    sample: { rows: [0, 2], previews: [{ fileName: 'leaf.png', mediaType: 'image/png', data: png }] },
    tags: [],
    licence: { spdx: 'CC0-1.0', source: 'e2e', attribution: 'The gardeners' },
    provenance: { description: 'Counted.' },
    terms: { royaltyBps: 0 },
    contributors: { bps: 0, leaves: [] },
    metrics: [],
    offers: [{ token: market.token, price: 0n, usage: 'train' }],
  })
}

beforeAll(async () => {
  market = await startMarketplace({ webFolder: await buildPage() })
  const contributors = [{ account: market.addressOf(market.alpha), label: 'Alpha' }]
  const { version: dataset } = await publishDataset(market.ada, { token: market.token, contributors })
  await publishModel(market.boole, { token: market.token, dataset })
  plants = (await publishPlants(0, 200)).asset
  await publishPlants(100, 400, plants)
  await market.settle()
  browser = await launchBrowser()
}, 240_000)

afterAll(async () => {
  await browser?.close()
  await market?.stop()
  console.info(`Screenshots are in ${screenshots}`)
})

describe.each(['light', 'dark'] as const)('in the %s theme', (theme) => {
  test('a visitor sees the digits: figures of each column, rows that prove themselves', async () => {
    const { page, faults } = await openPage(browser, { theme })
    await page.goto(`${market.node.url}/assets/1`)
    const data = panel(page, 'Data')
    await data.waitFor()
    expect(await textOf(data)).toContain('Figures of all 8,000 rows')
    const label = data.getByRole('row').filter({ has: page.getByRole('rowheader', { name: 'label', exact: true }) })
    expect(await textOf(label)).toMatch(/integer0 %10094\.4467/)
    expect(await label.getByRole('img').getAttribute('aria-label')).toContain('Distribution of label')
    await label.locator('summary').click()
    await label.getByRole('rowheader', { name: '7', exact: true }).waitFor()
    await data.getByLabel('Find a column').fill('p40')
    await eventually(() => data.locator('tbody').first().locator('.column-name').count()).toBe(11)
    const sample = panel(page, 'Sample')
    await sample.getByRole('button', { name: 'Check the sample' }).click()
    await sample.getByText('5 rows prove to be of this content').waitFor()
    await sample.screenshot({ path: join(screenshots, `sample-${theme}.png`) })
    await data.screenshot({ path: join(screenshots, `data-${theme}.png`) })
    expect(await findBarriers(page)).toEqual([])
    expect(faults).toEqual([])
    await page.context().close()
  }, 120_000)

  test('the model card tells what the file says from what the seller says', async () => {
    const { page, faults } = await openPage(browser, { theme })
    await page.goto(`${market.node.url}/assets/2`)
    const card = panel(page, 'Model card')
    await card.waitFor()
    for (const words of [
      '50,890 in 4 tensors',
      'pixels FLOAT [N, 784]',
      'Gemm × 2',
      'Said by the seller',
      'a letter or a blank',
    ])
      expect(await textOf(card)).toContain(words)
    await card.screenshot({ path: join(screenshots, `model-${theme}.png`) })
    expect(await findBarriers(page)).toEqual([])
    expect(faults).toEqual([])
    await page.context().close()
  }, 120_000)

  test('versions say what moved, and what is withheld is not there', async () => {
    const { page, faults } = await openPage(browser, { theme, width: theme === 'light' ? 1280 : 390 })
    await page.goto(`${market.node.url}/assets/${plants}`)
    const versions = panel(page, 'Versions')
    await versions.getByText('Compare with version').click()
    await versions.getByText('Rows: 200 → 300').waitFor()
    const data = panel(page, 'Data')
    expect(await textOf(data)).toContain('The seller gives no figures of name.')
    expect(await textOf(data)).toContain('false (200), true (100)')
    await panel(page, 'Sample').getByRole('img', { name: 'Preview leaf.png' }).waitFor()
    await page.screenshot({ path: join(screenshots, `page-${theme}.png`), fullPage: true })
    expect(await findBarriers(page)).toEqual([])
    expect(faults).toEqual([])
    await page.context().close()
  }, 120_000)
})
