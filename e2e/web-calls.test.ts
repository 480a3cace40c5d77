import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { publishModel } from '@agorai/examples/digits/publish'
import { publishTextModel, publishTextService } from '@agorai/examples/language/publish'
import { getDevAccount, publishAsset, serveAsset } from '@agorai/sdk'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findBarriers } from './accessibility.js'
import { buildPage, eventually, launchBrowser, mint, openPage, panel, settled, textOf } from './browser.js'
import { injectWallet } from './injectedWallet.js'
import { type Marketplace, startMarketplace } from './marketplace.js'

/** Services are called from their pages, on a real node, a real chain and real models: by the budget and for nothing. */
const screenshots = await mkdtemp(join(tmpdir(), 'agorai-web-calls-'))
let market: Marketplace
let browser: Browser
let texts: bigint
let digits: bigint
let digitModel: bigint

const rowPrice = 1_500n

beforeAll(async () => {
  market = await startMarketplace({ webFolder: await buildPage() })
  const { ada, alpha, beta, boole, curie, token, addressOf } = market
  const leaves = [alpha, beta].map((client, place) => ({
    ...{ account: addressOf(client), label: `Contributor ${place}`, weight: '1' },
  }))
  const rows = await market.publishService(ada, { terms: { royaltyBps: 1_000 }, contributors: { bps: 6_000, leaves } })
  const classifier = await publishModel(boole, { token, dataset: rows.version })
  digitModel = classifier.asset
  const reading = await publishAsset(boole, {
    ...{ ...market.statement, name: 'Digit reading by the row', suppliers: [classifier.version], offers: [] },
    serving: {
      ...{ runtime: 'onnx', model: `${classifier.version}`, apis: ['infer'], token },
      prices: [{ unit: 'row', amount: `${rowPrice}`, per: 1 }],
    },
  })
  const language = await publishTextModel(curie, { token })
  const writing = await publishTextService(curie, { token, model: language.version })
  ;[digits, texts] = [reading.asset, writing.asset]
  await market.settle()
  await serveAsset(boole, { asset: digits })
  await serveAsset(curie, { asset: texts })
  browser = await launchBrowser()
  console.info(`Screenshots are in ${screenshots}`)
}, 240_000)

afterAll(async () => {
  await browser?.close()
  await market?.stop()
})

/** What the browser writes down of a 402, and of a receipt that is asked for before its call was charged, is no fault. */
const unexpected = (faults: readonly string[]) => faults.filter((fault) => !/status of 40[24]/.test(fault))

const openService = async (page: Page, asset: bigint) => {
  await page.goto(`${market.node.url}/assets/${asset}`)
  await page.getByRole('heading', { name: 'Try it' }).waitFor()
  return panel(page, 'Try it')
}

/** What a call cost by its receipt, in base units of the token. */
async function costOf(page: Page): Promise<bigint> {
  const said = page.getByText(/^This call cost [0-9.]+/)
  await said.waitFor()
  const [, whole = '', part = ''] = /cost (\d+)\.(\d+)/.exec(await textOf(said)) ?? []
  return BigInt(whole + part.padEnd(6, '0'))
}

test('a buyer streams a text, draws a digit, sees what each cost, and closes', { timeout: 240_000 }, async () => {
  const { page, faults } = await openPage(browser, { theme: 'light' })
  const dialog = page.getByRole('dialog')
  const meter = page.getByRole('meter', { name: 'Left of the session’s budget' })
  const left = async () => (await meter.getAttribute('aria-valuetext'))?.replaceAll('\u00a0', ' ')
  const answer = page.locator('.answer')

  const text = await openService(page, texts)
  await mint(page)
  const prices = await textOf(panel(page, 'Price of a call'))
  expect(prices).toContain('0.0000006 tUSD a token written')
  expect(prices).toContain('20 calls a day free for each account')
  await text.getByLabel('Most tokens written').fill('24')
  await eventually(() => textOf(text.getByTestId('price'))).toMatch(/^At most 0\.0000\d+ tUSD: .*24 tokens written/)
  await text.getByLabel('A budget').check()
  await text.getByRole('button', { name: 'Run' }).click()
  await dialog.getByLabel('Budget in tUSD').fill('0.005')
  expect(await textOf(dialog)).toMatch(/You put 0\.01 tUSD into a payment channel .*, which takes no less at a time\./)
  await dialog.getByLabel('Budget in tUSD').fill('0.5')
  expect(await textOf(dialog)).toContain('You put 0.50 tUSD into a payment channel')
  await dialog.getByRole('button', { name: 'Put in 0.50' }).click()
  await eventually(() => meter.count()).toBe(1)
  const writing = await costOf(page)
  expect(writing).toBeGreaterThan(0n)
  await eventually(async () => (await answer.textContent())?.length ?? 0).toBeGreaterThan(20)
  await eventually(left).toMatch(/^0\.4999\d* tUSD of 0\.50 tUSD left$/)
  await text.getByText('Call it from a program').click()
  expect(await textOf(text)).toContain(`baseURL: '${market.node.url}/v1'`)
  expect(await textOf(text)).not.toMatch(/ags_[A-Za-z0-9]/)
  expect(await findBarriers(page)).toEqual([])
  await text.getByRole('button', { name: 'Close the session' }).click()
  await dialog.getByRole('button', { name: 'Close the session' }).click()
  await text.getByText('The session is closed').waitFor()

  const pad = await openService(page, digits)
  const run = pad.getByRole('button', { name: 'Run' })
  expect(await run.isDisabled()).toBe(true)
  expect(await textOf(pad.getByTestId('price'))).toBe('What it costs at most stands here before you run it.')
  const box = await pad.locator('canvas').boundingBox()
  if (box === null) throw new Error('there is nothing to draw on')
  // An upright stroke: a one.
  await page.mouse.move(box.x + box.width / 2, box.y + box.height * 0.2)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width / 2, box.y + box.height * 0.8, { steps: 6 })
  await page.mouse.up()
  await eventually(() => textOf(pad.getByTestId('price'))).toBe('At most 0.0015 tUSD: 1 row')
  await run.click()
  await dialog.getByRole('button', { name: /^Put in/ }).click()
  expect(await costOf(page)).toBe(rowPrice)
  expect(await textOf(answer)).toContain('It reads 1')
  expect(await pad.locator('.scores tr').count()).toBe(10)
  await pad.getByText('Who gets it').click()
  const split = await textOf(pad.locator('.split-table'))
  for (const amount of ['0.0015', 'Contributor Alpha', 'whose work this sells']) expect(split).toContain(amount)

  // Without a mouse: a digit that the model has not seen, in the session that is open.
  await pad.getByLabel('A held-out digit').selectOption('7')
  await run.press('Enter')
  await eventually(() => textOf(answer)).toContain('It reads 7')
  await eventually(left).toMatch(/^0\.147/)
  await pad.getByRole('button', { name: 'Top up' }).click()
  await dialog.getByLabel('Budget in tUSD').fill('0.01')
  await dialog.getByRole('button', { name: 'Add 0.01' }).click()
  await eventually(left).toMatch(/^0\.157 tUSD of 0\.16/)
  expect(await findBarriers(page)).toEqual([])
  expect(unexpected(faults)).toEqual([])
  await page.context().close()
})

test('free calls cost nothing, and a phone shows all of it', { timeout: 180_000 }, async () => {
  const { page, faults } = await openPage(browser, { theme: 'dark', width: 360 })
  const text = await openService(page, texts)
  await text.getByLabel('Most tokens written').fill('4')
  await text.getByRole('button', { name: 'Run' }).click()
  const dialog = page.getByRole('dialog')
  expect(await textOf(dialog)).toContain('20 calls a day cost nothing.')
  await dialog.getByRole('button', { name: 'Open the session' }).click()
  await text.getByText('This call cost nothing').waitFor()
  await eventually(() => textOf(text.locator('.session'))).toContain('19 free calls left today')
  await text.getByText('Call it from a program').click()
  await page.goto(`${market.node.url}/assets/${digitModel}`)
  const tried = panel(page, 'Try it')
  await tried.getByLabel('A held-out digit').selectOption('7')
  await eventually(() => textOf(tried.getByTestId('price'))).toBe('At most 0.0015 tUSD: 1 row')
  expect(await textOf(tried)).toContain('Sold by the call as Digit reading by the row.')
  await panel(page, 'Called through').getByRole('link', { name: 'Try Digit reading by the row' }).click()
  await page.waitForURL(`**/assets/${digits}`)
  await page.getByRole('heading', { name: 'Try it' }).waitFor()
  await settled(page)
  const tooWide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
  expect({ tooWide: Math.max(0, tooWide), barriers: await findBarriers(page) }).toEqual({ tooWide: 0, barriers: [] })
  expect(unexpected(faults)).toEqual([])
  await page.context().close()
})

test('a wallet of the browser pays for calls, and takes out what is left in its channel', {
  timeout: 240_000,
}, async () => {
  const { page, faults } = await openPage(browser, { theme: 'light' })
  const dialog = page.getByRole('dialog')
  const { id } = market.alpha.info.chain
  const wallet = await injectWallet(page, {
    ...{ name: 'Test wallet', account: getDevAccount(3, id), rpcUrl: market.node.rpcUrl, chainId: id },
  })
  const address = market.addressOf(market.alpha)
  const balance = () => market.balanceOf(address)
  const asks = (method: string) => wallet.asked.filter((asked) => asked === method).length
  const pad = await openService(page, digits)
  const strip = page.getByRole('region', { name: 'Wallet' })
  await page.evaluate(() => {
    const info = { uuid: 'broken', rdns: 'org.example.broken', name: 'No picture', icon: 'data:image/png,none' }
    const detail = { info, provider: { request: () => undefined } }
    window.dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail }))
  })
  await strip.getByRole('button', { name: 'Connect a wallet' }).click()
  const pictures = (name: string) => dialog.getByRole('button', { name }).locator('img').count()
  await eventually(() => pictures('No picture')).toBe(0)
  expect(await pictures('Test wallet')).toBe(1)
  await dialog.getByRole('button', { name: 'Test wallet' }).click()
  await strip.getByRole('button', { name: 'Disconnect' }).waitFor()
  await mint(page)
  await eventually(() => textOf(strip.getByTestId('balance'))).toMatch(/^100\./)
  const before = await balance()

  /** One call from a session of 0.01, which is closed after it. */
  const callOnce = async () => {
    await pad.getByLabel('A held-out digit').selectOption('7')
    await pad.getByRole('button', { name: 'Run' }).click()
    await dialog.getByLabel('Budget in tUSD').fill('0.01')
    expect(await textOf(dialog)).toContain('Test wallet (')
    await dialog.getByRole('button', { name: 'Put in 0.01' }).click()
  }
  const close = async () => {
    expect(await costOf(page)).toBe(rowPrice)
    await pad.getByRole('button', { name: 'Close the session' }).click()
    await dialog.getByRole('button', { name: 'Close the session' }).click()
    await pad.getByText('The session is closed').waitFor()
  }
  wallet.approves = false
  await callOnce()
  await pad.getByText('The wallet did not sign', { exact: true }).waitFor()
  expect(await textOf(pad)).toContain('No session was opened, and no call was made.')
  expect(await balance()).toBe(before)
  wallet.approves = true
  wallet.asked.length = 0
  await callOnce()
  await close()
  // The budget and the deposit; nothing is sent by the wallet, and closing asks for nothing.
  expect([asks('eth_signTypedData_v4'), asks('eth_sendTransaction')]).toEqual([2, 0])
  expect(await balance()).toBe(before - 10_000n)

  await pad.getByRole('link', { name: 'Take it out on your account’s page' }).click()
  const channels = panel(page, 'Payment channels')
  await channels.getByRole('heading', { name: 'Sessions, channel 1' }).waitFor()
  const facts = async () => (await textOf(channels.locator('.channel-facts'))).replaceAll(/\s+/g, ' ')
  expect(await facts()).toMatch(/Put in0\.01 tUSD.*not claimed yet0\.0015 tUSD.*Left0\.0085 tUSD/)
  for (const theme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme: theme })
    expect(await findBarriers(page)).toEqual([])
    await page.screenshot({ path: join(screenshots, `channels-${theme}.png`), fullPage: true })
  }
  await channels.getByRole('button', { name: 'Get it back now' }).click()
  expect(await textOf(dialog)).toContain('0.0085 tUSD, less what calls have cost')
  await dialog.getByRole('button', { name: 'Get it back' }).click()
  await channels.getByText('0.0085 tUSD came back').waitFor()
  await eventually(balance).toBe(before - rowPrice)

  // By the chain alone: once more some money in, then out after the operator's time.
  await openService(page, digits)
  await callOnce()
  await close()
  await page.goto(`${market.node.url}/accounts/${address}`)
  await channels.getByRole('button', { name: 'Get it back now' }).waitFor()
  // Looking at the page asks for nothing that is refused.
  expect(faults.splice(0).filter((fault) => !/status of 40[24]/.test(fault))).toEqual([])
  await page.reload()
  await channels.getByRole('button', { name: 'Withdraw without the operator' }).waitFor()
  expect(faults).toEqual([])
  await channels.getByRole('button', { name: 'Withdraw without the operator' }).click()
  expect(await textOf(dialog)).toContain('You begin to take')
  await dialog.getByRole('button', { name: 'Begin the withdrawal' }).click()
  const finish = channels.getByRole('button', { name: 'Finish the withdrawal' })
  await finish.waitFor()
  expect(await finish.isDisabled()).toBe(true)
  expect(await findBarriers(page)).toEqual([])
  await page.screenshot({ path: join(screenshots, 'channels-withdrawing.png'), fullPage: true })
  await page.setViewportSize({ width: 360, height: 844 })
  expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0)
  await page.screenshot({ path: join(screenshots, 'channels-phone.png'), fullPage: true })
  await market.passTime(4_000)
  await page.reload()
  await eventually(() => finish.isEnabled()).toBe(true)
  await finish.click()
  await dialog.getByRole('button', { name: 'Take it out' }).click()
  await channels.getByText('No money is in a channel').or(channels.getByText('came back')).first().waitFor()
  await eventually(async () => before - (await balance())).toBeLessThanOrEqual(2n * rowPrice)
  expect(unexpected(faults)).toEqual([])
  await page.context().close()
})
