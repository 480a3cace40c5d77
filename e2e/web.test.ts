import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AgoraiClient, createAgoraiClient, getAsset, getDevAccount, getRevenue, publishAsset } from '@agorai/sdk'
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core'
import { build } from 'vite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readModel } from '../examples/digits/publish.js'
import { readConfig } from '../packages/node/src/config.js'
import { type RunningNode, startNode } from '../packages/node/src/main.js'
import { runDemo } from '../scripts/demo.js'
import { launchBrowser } from './browser.js'

/** The page, built and served as it is shipped, in a real browser against a real node: search, buy, download, collect. */

const folder = await mkdtemp(join(tmpdir(), 'agorai-web-'))
const screenshots = join(folder, 'screenshots')
const webSource = new URL('../packages/web', import.meta.url).pathname
/** What an element says, with ordinary spaces between amounts and units. */
const textOf = async (locator: Locator) => ((await locator.textContent()) ?? '').replaceAll('\u00a0', ' ')

/** What a page shows a moment later, on a busy machine too. */
const eventually = <value>(read: () => Promise<value>) => expect.poll(read, { timeout: 30_000 })

let node: RunningNode
let browser: Browser
let reader: AgoraiClient
let model: bigint

beforeAll(async () => {
  await mkdir(screenshots)
  const webFolder = join(folder, 'web')
  await build({
    root: webSource,
    configFile: join(webSource, 'vite.config.ts'),
    logLevel: 'error',
    build: { outDir: webFolder, emptyOutDir: true },
  })
  const { config } = readConfig(['--port', '0', '--data-dir', join(folder, 'data')], {})
  node = await startNode({ ...config, webFolder })
  reader = await createAgoraiClient({ node: node.url })
  ;({ model } = await runDemo({ node: node.url, print: () => {} }))
  await publishHostileText()
  browser = await launchBrowser()
}, 240_000)

afterAll(async () => {
  await browser?.close()
  await node?.stop()
  for (const name of ['data', 'web']) await rm(join(folder, name), { recursive: true, force: true })
  console.info(`Screenshots are in ${screenshots}`)
})

const hostile = '<img src=x onerror="window.broken=1">[link](javascript:window.broken=1)'

/** A dataset whose every text tries to be more than text. */
async function publishHostileText() {
  const account = getDevAccount(1, reader.info.chain.id)
  const client = await createAgoraiClient({ node: node.url, account })
  const rows = new TextEncoder().encode('name,value\na,1\nb,2\n')
  await publishAsset(client, {
    content: {
      fileName: 'rows.csv',
      mediaType: 'text/csv',
      bytes: rows.length,
      async *stream() {
        yield rows
      },
    },
    rowFormat: 'csv',
    kind: 'dataset',
    name: `Two rows ${hostile}`,
    description: hostile,
    tags: [hostile.slice(0, 40)],
    licence: { spdx: 'CC0-1.0', source: hostile, attribution: hostile },
    fields: [{ name: hostile, type: 'string' }],
    provenance: { description: hostile },
    terms: { royaltyBps: 0 },
    contributors: { bps: 100, leaves: [{ account: account.address, weight: '1', label: hostile.slice(0, 80) }] },
    metrics: [],
    croissant: { name: 'Two rows' },
    parents: [],
    offers: [],
  })
}

/** A page in a theme whose errors, console errors and violations of the content security policy are kept. */
async function openPage(theme: 'light' | 'dark', width = 1280): Promise<{ page: Page; faults: string[] }> {
  const context: BrowserContext = await browser.newContext({
    colorScheme: theme,
    viewport: { width, height: width < 500 ? 844 : 900 },
    acceptDownloads: true,
  })
  const page = await context.newPage()
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(`page: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') faults.push(`console: ${message.text()}`)
  })
  await page.exposeFunction('reportViolation', (what: string) => faults.push(`policy: ${what}`))
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      const report = (window as unknown as { reportViolation(what: string): void }).reportViolation
      report(`${event.violatedDirective} ${event.blockedURI}`)
    })
  })
  return { page, faults }
}

const panel = (page: Page, heading: string) =>
  page.locator('section.panel').filter({ has: page.getByRole('heading', { name: heading, exact: true }) })

describe.each([
  { theme: 'light' as const, buyer: 7, label: 'Curie, relayer', page: 'rgb(250, 249, 246)' },
  { theme: 'dark' as const, buyer: 5, label: 'Contributor Gamma', page: 'rgb(19, 21, 23)' },
])('in the $theme theme', ({ theme, buyer, label, page: background }) => {
  test('a visitor searches, buys, downloads, verifies and collects', { timeout: 120_000 }, async () => {
    const { page, faults } = await openPage(theme)
    await page.goto(node.url)
    await page.getByRole('heading', { name: 'Datasets and models' }).waitFor()
    expect(await page.title()).toBe('Catalogue · agorai')
    expect(await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)).toBe(background)
    const cards = page.getByRole('list', { name: 'Assets' }).getByRole('listitem')
    await eventually(() => cards.count()).toBe(3)
    await eventually(() => page.getByRole('img', { name: 'Lineage: built from 1 version' }).count()).toBe(1)

    await page.getByLabel('Search').fill('classifier')
    await eventually(() => cards.count()).toBe(1)
    expect(new URL(page.url()).search).toBe('?query=classifier')
    expect(await textOf(cards.first())).toContain('10.00 tUSD')
    await page.screenshot({ path: join(screenshots, `catalogue-${theme}.png`), fullPage: true })

    await page.getByRole('link', { name: 'Digit classifier' }).click()
    await page.getByRole('heading', { name: 'Digit classifier', level: 1 }).waitFor()
    await eventually(() => page.title()).toBe('Digit classifier · agorai')
    const split = await textOf(panel(page, 'Where one dollar goes').getByRole('table'))
    for (const amount of ['8.90', '0.40', '0.30', '0.18', '0.12', '0.10', '10.00'])
      expect(split).toContain(`${amount} tUSD`)
    expect(await panel(page, 'Built from').getByText('10\u00a0%', { exact: true }).count()).toBe(1)

    const signer = page.getByLabel('Account that signs')
    await signer.selectOption(String(buyer))
    await eventually(() => signer.inputValue()).toBe(String(buyer))
    const balance = page.getByTestId('balance')
    const readBalance = async () => Number.parseFloat(await textOf(balance))
    await eventually(readBalance).toBeLessThan(10_000)
    const before = await readBalance()
    await page.getByRole('button', { name: 'Mint test money' }).click()
    await page.getByRole('button', { name: 'Mint 100.00' }).click()
    await eventually(readBalance).toBe(before + 100)

    await page.getByRole('button', { name: 'Buy Inference' }).click()
    const dialog = page.getByRole('dialog')
    const words = await textOf(dialog)
    expect(words).toContain(`You pay 10.00 tUSD from ${label}`)
    expect(words).toContain('This is final.')
    await page.screenshot({ path: join(screenshots, `confirm-${theme}.png`) })
    await page.keyboard.press('Escape')
    await eventually(() => dialog.count()).toBe(0)
    await eventually(() => page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe(
      'Buy Inference',
    )
    await page.getByRole('button', { name: 'Buy Inference' }).click()
    await dialog.getByRole('button', { name: /^Pay 10\.00/ }).click()
    await page.getByText('Paid 10.00').waitFor()
    await eventually(() => page.locator('.lineage-flow').count()).toBe(1)
    expect(await textOf(panel(page, 'Built from'))).toContain('+1.00 tUSD')
    await eventually(readBalance).toBe(before + 90)
    await page.getByText('You hold this pass', { exact: true }).waitFor()
    await page.screenshot({ path: join(screenshots, `bought-${theme}.png`), fullPage: true })

    const delivery = panel(page, 'Download and verify')
    await delivery.getByRole('button', { name: 'Download and verify' }).click()
    const facts = delivery.getByRole('list', { name: 'Verified facts' }).getByRole('listitem')
    await eventually(() => facts.count()).toBeGreaterThanOrEqual(4)
    const saving = page.waitForEvent('download')
    await delivery.getByRole('button', { name: /^Save model\.onnx/ }).click()
    const saved = await saving
    expect(saved.suggestedFilename()).toBe('model.onnx')
    expect(sha256(await readFile(await saved.path()))).toBe(sha256(readModel()))
    await page.screenshot({ path: join(screenshots, `verified-${theme}.png`), fullPage: true })

    const revenue = panel(page, 'Revenue so far')
    await revenue.getByRole('button', { name: 'Collect for everyone' }).click()
    expect(await textOf(dialog)).toContain('The ledger pays 10.00 tUSD in all to 6 parties')
    await dialog.getByRole('button', { name: /^Collect 10\.00/ }).click()
    await page.getByText('Collected 10.00').waitFor()
    await eventually(() => revenue.getByRole('button', { name: /^Collect/ }).count()).toBe(0)
    const token = reader.info.chain.addresses.testUsd
    if (token === undefined) throw new Error('a local chain has a payment token')
    const { received, collected, dust } = await getRevenue(reader, { version: model, token })
    expect({ collected, dust }).toEqual({ collected: received, dust: '0' })
    await page.screenshot({ path: join(screenshots, `collected-${theme}.png`), fullPage: true })

    await revenue.getByRole('link', { name: /^0x/ }).first().click()
    await page.goBack()
    await page.getByRole('link', { name: 'Account', exact: true }).click()
    await page.getByRole('heading', { name: label, level: 1 }).waitFor()
    await panel(page, 'Passes').getByRole('link', { name: 'Digit classifier' }).waitFor()
    await panel(page, 'Passes').getByRole('link', { name: /^0x/ }).click()
    await page.getByText(/received a pass of offer/).waitFor()
    await page.screenshot({ path: join(screenshots, `transaction-${theme}.png`), fullPage: true })
    expect(faults).toEqual([])
    await page.context().close()
  })

  test('every page fits a phone', async () => {
    const { page, faults } = await openPage(theme, 390)
    const account = getDevAccount(1, reader.info.chain.id).address
    const { version } = await getAsset(reader, { asset: model })
    const paths = ['/', `/assets/${model}`, `/accounts/${account}`, `/transactions/${version.transaction}`, '/nowhere']
    for (const path of paths) {
      await page.goto(node.url + path)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await page.waitForLoadState('networkidle')
      const tooWide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
      expect({ path, tooWide: Math.max(0, tooWide) }).toEqual({ path, tooWide: 0 })
      await page.screenshot({
        path: join(screenshots, `phone${path.replaceAll('/', '-')}-${theme}.png`),
        fullPage: true,
      })
    }
    expect(faults).toEqual([])
    await page.context().close()
  })
})

test('what a seller writes is shown as text', async () => {
  const { page, faults } = await openPage('light')
  await page.goto(`${node.url}/?query=rows`)
  await page.getByRole('link', { name: /^Two rows/ }).click()
  await page.getByRole('heading', { level: 1, name: `Two rows ${hostile}` }).waitFor()
  await page.getByText('Schema: 1').click()
  await page.waitForLoadState('networkidle')
  expect(await page.locator('main img').count()).toBe(0)
  expect(await page.locator('a[href^="javascript"]').count()).toBe(0)
  expect(await page.evaluate(() => 'broken' in window)).toBe(false)
  expect(faults).toEqual([])
  await page.context().close()
})

test('a chosen theme wins over the system’s and is remembered', async () => {
  const { page } = await openPage('light')
  await page.goto(node.url)
  await page.getByTitle('Dark theme').click()
  const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
  expect(await background()).toBe('rgb(19, 21, 23)')
  await page.reload()
  expect(await background()).toBe('rgb(19, 21, 23)')
  await page.context().close()
})

test('the keyboard reaches the content first, and an asset that is not there says so', async () => {
  const { page } = await openPage('light')
  await page.goto(`${node.url}/assets/999`)
  await page.getByRole('heading', { name: 'There is no asset 999 here' }).waitFor()
  await page.getByText('`agorai search` lists what is published.').waitFor()
  await page.keyboard.press('Tab')
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the content')
  await page.keyboard.press('Enter')
  await eventually(() => page.evaluate(() => document.activeElement?.id)).toBe('main')
  await page.context().close()
})

test('a purchase that cannot be paid is not signed', async () => {
  const { page, faults } = await openPage('light')
  await page.goto(`${node.url}/assets/${model}`)
  await page.getByLabel('Account that signs').selectOption('4')
  await page.getByRole('button', { name: 'Buy Inference' }).click()
  await page.getByRole('dialog').getByText('too little').waitFor()
  expect(await page.getByRole('button', { name: /^Pay 10\.00/ }).isDisabled()).toBe(true)
  expect(faults).toEqual([])
  await page.context().close()
})

test('a node that does not answer is named, with what is safe and what to do', async () => {
  const { page } = await openPage('dark')
  await page.route('**/api/v1/assets?*', (route) => route.abort())
  await page.goto(node.url)
  const alert = page.getByRole('alert')
  await alert.waitFor()
  const words = await textOf(alert)
  for (const part of ['The node does not answer', 'Nothing was changed', 'Start it with `npm start`'])
    expect(words).toContain(part)
  await page.unroute('**/api/v1/assets?*')
  await alert.getByRole('button', { name: 'Try again' }).click()
  await page.getByRole('link', { name: 'Digit classifier' }).waitFor()
  await page.context().close()
})

test('the asset that is bought is the one that the node lists', async () => {
  const asset = await getAsset(reader, { asset: model })
  expect(asset.sales).toBe(3)
})

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
