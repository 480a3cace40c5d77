import { type AgoraiClient, getAsset, getPass, listOffer, publishAsset } from '@agorai/sdk'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findBarriers } from './accessibility.js'
import { buildPage, eventually, launchBrowser, mint, openPage, panel, signAs, textOf } from './browser.js'
import { type Marketplace, startMarketplace } from './marketplace.js'

/** What an owner does on the page of an asset: sell several together, and say which version the till pays. */
const price = 1_000_000n
let market: Marketplace
let browser: Browser

beforeAll(async () => {
  market = await startMarketplace({ webFolder: await buildPage() })
  browser = await launchBrowser()
}, 240_000)

afterAll(async () => {
  await browser?.close()
  await market?.stop()
})

const publishWithOffer = async (owner: AgoraiClient, name: string) => {
  const { asset } = await market.publishService(owner, { name })
  const { offer } = await listOffer(owner, { asset, token: market.token, price, usage: 'inference' })
  return { asset, offer }
}

test('a bundle is listed by its owner, bought whole, and closed', { timeout: 180_000 }, async () => {
  const { ada, byron } = market
  const first = await publishWithOffer(ada, 'First service')
  const second = await publishWithOffer(ada, 'Second service')
  await market.settle()
  const { page, faults } = await openPage(browser, { theme: 'light' })
  await page.goto(`${market.node.url}/assets/${first.asset}`)
  const dialog = page.getByRole('dialog')

  await signAs(page, 1)
  await page.getByRole('button', { name: 'List a bundle' }).click()
  const offers = dialog.getByLabel('Offers')
  await offers.fill(`${first.offer}`)
  expect(await dialog.getByRole('button', { name: 'List the bundle' }).isDisabled()).toBe(true)
  await offers.fill(`${first.offer} ${second.offer}`)
  await dialog.getByLabel('Discount in percent').fill('25')
  await dialog.getByRole('button', { name: 'List the bundle' }).click()
  const bundle = page.getByRole('list', { name: 'Bundles' }).getByRole('listitem').first()
  await eventually(() => textOf(bundle)).toContain('1.50 tUSD instead of 2.00 tUSD')
  await bundle.getByRole('link', { name: 'Second service' }).waitFor()
  expect(await findBarriers(page)).toEqual([])

  await signAs(page, 6)
  await mint(page)
  await bundle.getByRole('button', { name: 'Buy the bundle' }).click()
  expect(await textOf(dialog)).toContain('You pay 1.50 tUSD')
  await dialog.getByRole('button', { name: 'Pay 1.50' }).click()
  await page.getByText('Paid 1.50').waitFor()
  for (const { offer } of [first, second])
    expect(await getPass(byron, { offer, holder: market.addressOf(byron) })).toMatchObject({ running: true })

  await signAs(page, 1)
  await bundle.getByRole('button', { name: 'Close bundle' }).click()
  await dialog.getByRole('button', { name: 'Close the bundle' }).click()
  await eventually(() => page.getByRole('list', { name: 'Bundles' }).count()).toBe(0)
  expect(faults).toEqual([])
  await page.context().close()
})

test('the page of an account shows what it owns', { timeout: 180_000 }, async () => {
  const { ada, curie } = market
  await market.publishService(ada, { name: 'Owned service' })
  await market.settle()
  const { page, faults } = await openPage(browser, { theme: 'light' })
  await page.goto(`${market.node.url}/accounts/${market.addressOf(ada)}`)
  const owned = panel(page, 'Assets')
  await owned.getByRole('link', { name: 'Owned service', exact: true }).waitFor()
  expect(await findBarriers(page)).toEqual([])
  await page.goto(`${market.node.url}/accounts/${market.addressOf(curie)}`)
  await owned.getByText('This account owns no asset.').waitFor()
  expect(faults).toEqual([])
  await page.context().close()
})

test('every offer is shown, also those of further pages', { timeout: 180_000 }, async () => {
  const offers = Array.from({ length: 22 }, () => ({ token: market.token, price, usage: 'inference' as const }))
  const { asset } = await market.publishService(market.ada, { name: 'Many offers', offers })
  await market.settle()
  const { page, faults } = await openPage(browser, { theme: 'light' })
  await page.goto(`${market.node.url}/assets/${asset}`)
  await eventually(() => panel(page, 'Offers').getByRole('heading', { level: 3 }).count()).toBe(22)
  expect(faults).toEqual([])
  await page.context().close()
})

test('the owner chooses the version that the till pays, from seven days on', { timeout: 180_000 }, async () => {
  const { ada } = market
  const { asset } = await publishWithOffer(ada, 'Twice published')
  const { version: first } = await getAsset(ada, { asset }).catch(async () => {
    await market.settle()
    return getAsset(ada, { asset })
  })
  await publishAsset(ada, { ...market.statement, name: 'Twice published', asset })
  await market.settle()
  const { page, faults } = await openPage(browser, { theme: 'dark' })
  await page.goto(`${market.node.url}/assets/${asset}`)
  const box = panel(page, 'Till')
  await eventually(() => textOf(box)).toContain('the current one')

  await signAs(page, 7)
  expect(await box.getByRole('button', { name: 'Choose the version it pays' }).count()).toBe(0)
  await signAs(page, 1)
  await box.getByRole('button', { name: 'Choose the version it pays' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Version', { exact: true }).selectOption(first.id)
  await dialog.getByRole('button', { name: 'Choose it' }).click()
  await box.getByText(`It will pay version ${first.id}`).waitFor()
  expect(await textOf(box)).toContain('the current one')

  await market.passTime(7 * 86_400 + 60)
  await page.reload()
  await eventually(() => textOf(box)).toContain(`version ${first.id}, an earlier one that its owner chose`)
  expect(faults).toEqual([])
  await page.context().close()
})
