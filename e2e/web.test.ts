import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testUsdAbi } from '@agorai/core'
import { type AgoraiClient, createAgoraiClient, getAsset, getDevAccount, getRevenue, waitForReceipt } from '@agorai/sdk'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readModel } from '../examples/digits/publish.js'
import { readConfig } from '../packages/node/src/config.js'
import { type RunningNode, startNode } from '../packages/node/src/main.js'
import { runDemo, waitForIndex } from '../scripts/demo.js'
import { findBarriers } from './accessibility.js'
import { buildPage, eventually, launchBrowser, mint, openPage, panel, settled, signAs, textOf } from './browser.js'
import { hostile, publishHostileText, publishRows } from './hostileText.js'
import { injectWallet } from './injectedWallet.js'

/** The page, built and served as it is shipped, in a real browser against a real node: search, buy, download, collect. */
const folder = await mkdtemp(join(tmpdir(), 'agorai-web-'))
const screenshots = join(folder, 'screenshots')
let node: RunningNode
let browser: Browser
let reader: AgoraiClient
let model: bigint
let service: bigint
let hostileAsset: bigint

beforeAll(async () => {
  await mkdir(screenshots)
  const { config } = readConfig(['--port', '0', '--data-dir', join(folder, 'data')], {})
  node = await startNode({ ...config, webFolder: await buildPage() })
  reader = await createAgoraiClient({ node: node.url })
  ;({ model, service } = await runDemo({ node: node.url, print: () => {} }))
  hostileAsset = await publishHostileText(node.url)
  browser = await launchBrowser()
}, 240_000)

afterAll(async () => {
  await browser?.close()
  await node?.stop()
  await rm(join(folder, 'data'), { recursive: true, force: true })
  console.info(`Screenshots are in ${screenshots}`)
})

describe.each([
  { theme: 'light' as const, buyer: 7, label: 'Curie, relayer', page: 'rgb(250, 249, 246)' },
  { theme: 'dark' as const, buyer: 5, label: 'Contributor Gamma', page: 'rgb(19, 21, 23)' },
])('in the $theme theme', ({ theme, buyer, label, page: background }) => {
  test('a visitor searches, buys, downloads, verifies and collects', { timeout: 120_000 }, async () => {
    const { page, faults } = await openPage(browser, { theme })
    await page.goto(node.url)
    await page.getByRole('heading', { name: 'Everything published here' }).waitFor()
    expect(await page.title()).toBe('Catalogue · agorai')
    expect(await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)).toBe(background)
    const cards = page.getByRole('list', { name: 'Assets' }).getByRole('listitem')
    await eventually(() => cards.count()).toBe(6)
    await eventually(() =>
      page.getByRole('img', { name: 'Lineage: built from 1 version, 1 version built from it' }).count(),
    ).toBe(1)
    await eventually(() => page.getByRole('img', { name: 'Lineage: sells the work of 1 version' }).count()).toBe(2)

    await page.getByLabel('Search').fill('perceptron')
    await eventually(() => cards.count()).toBe(1)
    expect(new URL(page.url()).search).toBe('?query=perceptron')
    expect(await textOf(cards.first())).toContain('10.00 tUSD')
    await page.screenshot({ path: join(screenshots, `catalogue-${theme}.png`), fullPage: true })

    await page.getByRole('link', { name: 'Digit classifier' }).click()
    await page.getByRole('heading', { name: 'Digit classifier', level: 1 }).waitFor()
    await eventually(() => page.title()).toBe('Digit classifier · agorai')
    const split = await textOf(panel(page, 'Where one dollar goes').getByRole('table'))
    for (const amount of ['8.90', '0.40', '0.30', '0.18', '0.12', '0.10', '10.00'])
      expect(split).toContain(`${amount} tUSD`)
    expect(await panel(page, 'Built from').getByText('10\u00a0%', { exact: true }).count()).toBe(1)

    await signAs(page, buyer)
    const balance = page.getByTestId('balance')
    const readBalance = async () => Number.parseFloat(await textOf(balance))
    await eventually(readBalance).toBeLessThan(10_000)
    const before = await readBalance()
    await mint(page)
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
    expect((await readFile(await saved.path())).equals(readModel())).toBe(true)
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
    const { page, faults } = await openPage(browser, { theme, width: 360 })
    const account = getDevAccount(1, reader.info.chain.id).address
    const { version } = await getAsset(reader, { asset: model })
    const paths = [
      '/',
      `/assets/${model}`,
      `/assets/${service}`,
      `/accounts/${account}`,
      `/transactions/${version.transaction}`,
      '/nowhere',
    ]
    for (const path of paths) {
      await page.goto(node.url + path)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await settled(page)
      const tooWide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
      expect({ path, tooWide: Math.max(0, tooWide) }).toEqual({ path, tooWide: 0 })
      expect({ path, barriers: await findBarriers(page) }).toEqual({ path, barriers: [] })
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
  const { page, faults } = await openPage(browser, { theme: 'light' })
  await page.goto(`${node.url}/?query=rows`)
  await page.getByRole('link', { name: /^Two rows/ }).click()
  await page.getByRole('heading', { level: 1, name: `Two rows ${hostile}` }).waitFor()
  await page.getByText('Schema: 1').click()
  await settled(page)
  expect(await page.locator('main img').count()).toBe(0)
  expect(await page.locator('a[href^="javascript"]').count()).toBe(0)
  expect(await page.evaluate(() => 'broken' in window)).toBe(false)
  expect(faults).toEqual([])
  await page.context().close()
})

describe('a wallet of the browser', () => {
  test('is declined, connected and led to the chain; buys by the day with one signature; has its money back', {
    timeout: 120_000,
  }, async () => {
    const { page, faults } = await openPage(browser, { theme: 'light' })
    const wallet = await injectWallet(page, {
      name: 'Test wallet',
      account: getDevAccount(3, reader.info.chain.id),
      rpcUrl: new URL(reader.info.chain.rpc, node.url).href,
      chainId: reader.info.chain.id,
      startsOn: 1,
    })
    await page.goto(`${node.url}/assets/${service}`)
    const strip = page.getByRole('region', { name: 'Wallet' })
    await strip.getByText('Development wallet').waitFor()

    await strip.getByRole('button', { name: 'Connect a wallet' }).click()
    const dialog = page.getByRole('dialog')
    wallet.approves = false
    await dialog.getByRole('button', { name: 'Test wallet' }).click()
    await dialog.getByText('Test wallet did not connect').waitFor()
    expect(await findBarriers(page)).toEqual([])
    await page.screenshot({ path: join(screenshots, 'wallet-declined.png') })
    wallet.approves = true
    await dialog.getByRole('button', { name: 'Test wallet' }).click()
    await eventually(() => dialog.count()).toBe(0)
    await strip.getByRole('button', { name: 'Disconnect' }).waitFor()
    expect(await strip.getByText('Development wallet').count()).toBe(0)

    // It is on another chain, which the strip says and every signature waits for.
    await strip.getByText('Test wallet is on chain 1; this market is on the local chain 31337').waitFor()
    const offers = panel(page, 'Offers')
    await offers.getByRole('button', { name: 'Buy Inference' }).last().click()
    await dialog.getByText('Nothing can be signed until both are on the same chain.', { exact: false }).waitFor()
    expect(await dialog.getByRole('button', { name: /^Pay/ }).isDisabled()).toBe(true)
    wallet.approves = false
    await dialog.getByRole('button', { name: /^Switch/ }).click()
    await dialog.getByText('The wallet did not change its chain.', { exact: false }).waitFor()
    wallet.approves = true
    await dialog.getByRole('button', { name: /^Switch/ }).click()
    await eventually(() => page.getByText('is on chain 1').count()).toBe(0)
    expect(wallet.asked).toContain('wallet_addEthereumChain')
    await dialog.getByText('too little').waitFor()
    await dialog.getByRole('button', { name: 'Cancel' }).click()

    const readBalance = async () => Number.parseFloat(await textOf(strip.getByTestId('balance')))
    await eventually(readBalance).toBeLessThan(1)
    const before = await readBalance()
    await mint(page)
    await eventually(readBalance).toBe(before + 100)

    // 7 days at 0.50 and 3 at 0.45.
    await offers.getByRole('button', { name: 'Buy Inference' }).last().click()
    await dialog.getByLabel('Days', { exact: true }).fill('10')
    await dialog.getByRole('img', { name: /10.days cost 4\.85/ }).waitFor()
    const words = await textOf(dialog)
    for (const said of [
      'You pay 4.85 tUSD from Test wallet',
      'It runs for 10 days',
      'Days that have not begun may be given back',
      'One signature for the payment, then one transaction.',
    ])
      expect(words).toContain(said)
    expect(await findBarriers(page)).toEqual([])
    await page.screenshot({ path: join(screenshots, 'buy-by-day-light.png') })
    wallet.approves = false
    await dialog.getByRole('button', { name: /^Pay 4\.85/ }).click()
    await page.getByRole('alert').getByText('The wallet did not sign', { exact: true }).waitFor()
    expect(await readBalance()).toBe(before + 100)
    wallet.approves = true
    wallet.asked.length = 0
    await offers.getByRole('button', { name: 'Buy Inference' }).last().click()
    await dialog.getByLabel('Days', { exact: true }).fill('10')
    await dialog.getByRole('button', { name: /^Pay 4\.85/ }).click()
    await page.getByText('Paid 4.85').waitFor()
    await eventually(readBalance).toBeCloseTo(before + 95.15, 6)
    const asks = (method: string) => wallet.asked.filter((asked) => asked === method).length
    expect([asks('eth_signTypedData_v4'), asks('eth_sendTransaction')]).toEqual([1, 1])
    await page.getByText('You hold this pass until').waitFor()
    await page.screenshot({ path: join(screenshots, 'receipt-light.png'), fullPage: true })

    // The next visit finds the wallet again without a prompt.
    wallet.asked.length = 0
    await page.reload()
    await strip.getByRole('button', { name: 'Disconnect' }).waitFor()
    expect(wallet.asked).not.toContain('eth_requestAccounts')
    await strip.getByRole('link', { name: 'Account' }).click()
    const passes = panel(page, 'Passes')
    await passes.getByText('Runs until').waitFor()
    expect(await findBarriers(page)).toEqual([])
    await passes.getByRole('button', { name: 'Give back for 4.365' }).click()
    expect(await textOf(dialog)).toContain('4.365 tUSD comes back to this account.')
    await dialog.getByRole('button', { name: /^Give back/ }).click()
    await passes.getByText('4.365\u00a0tUSD came back').waitFor()
    await passes.getByText('Given back').waitFor()
    await eventually(readBalance).toBeCloseTo(before + 99.515, 6)
    await page.screenshot({ path: join(screenshots, 'refunded-light.png'), fullPage: true })

    // The page follows the wallet to another account, to another chain and back, and knows when it is left.
    const other = getDevAccount(5, reader.info.chain.id)
    await wallet.choose(other)
    await strip.getByRole('link', { name: `${other.address.slice(0, 6)}…${other.address.slice(-4)}` }).waitFor()
    await wallet.goTo(1)
    await strip.getByText('Test wallet is on chain 1', { exact: false }).waitFor()
    await wallet.goTo(reader.info.chain.id)
    await eventually(() => strip.getByText('is on chain 1').count()).toBe(0)
    await wallet.lock()
    await strip.getByText('Test wallet is no longer connected').waitFor()
    await strip.getByText('Development wallet').waitFor()
    expect(faults).toEqual([])
    await page.context().close()
  })
})

test('an owner lists an offer for named accounts, sells it as a gift, closes it, and ends the asset', {
  timeout: 120_000,
}, async () => {
  const { page, faults } = await openPage(browser, { theme: 'dark' })
  await page.goto(`${node.url}/assets/${hostileAsset}`)
  await signAs(page, 1)
  const offers = panel(page, 'Offers')
  const dialog = page.getByRole('dialog')
  await offers.getByRole('button', { name: 'List an offer' }).click()
  await dialog.getByLabel('What the pass allows').selectOption('train')
  await dialog.getByLabel(/^Price in/).fill('0.0000001')
  await dialog.getByText('at most 6 digits after the point').waitFor()
  await dialog.getByLabel(/^Price in/).fill('2.5')
  await dialog.getByLabel('Hours to give it back').fill('48')
  const [buyer, other] = [
    getDevAccount(6, reader.info.chain.id).address,
    getDevAccount(7, reader.info.chain.id).address,
  ]
  await dialog.getByLabel('Only for these accounts').fill(`${buyer}\n${other}`)
  await dialog.getByText('Holders may pass it on').click()
  await dialog.getByText('would pass the list by', { exact: false }).waitFor()
  await dialog.getByText('Holders may pass it on').click()
  expect(await textOf(dialog)).toContain('Buyers will read: 2.50 tUSD. You may train models on it.')
  expect(await findBarriers(page)).toEqual([])
  await page.screenshot({ path: join(screenshots, 'list-offer-dark.png') })
  await dialog.getByRole('button', { name: 'List the offer' }).click()
  await offers.getByText('The offer is listed').waitFor()
  const words = await textOf(offers)
  for (const said of ['2.50 tUSD', 'within 2 days', 'It stays with the account', 'Only accounts on the seller’s list'])
    expect(words).toContain(said)

  await signAs(page, 6)
  await mint(page)
  await offers.getByRole('button', { name: 'Buy Training' }).click()
  await dialog.getByText('Give the pass to another account').click()
  await dialog.getByLabel('Account that receives it').fill(other)
  const list = dialog.getByLabel('The seller’s list of accounts')
  await list.fill(buyer)
  await dialog.getByText('This is not the list of the offer', { exact: false }).waitFor()
  expect(await dialog.getByRole('button', { name: /^Pay 2\.50/ }).isDisabled()).toBe(true)
  await list.fill(`${other} ${buyer}`)
  await dialog.getByText('the account is on it', { exact: false }).waitFor()
  expect(await textOf(dialog)).toContain('May be refunded until')
  await dialog.getByRole('button', { name: /^Pay 2\.50/ }).click()
  await page.getByText('Paid 2.50').waitFor()
  const revenue = panel(page, 'Revenue so far')
  await revenue.getByText('Waiting, not final').waitFor()
  await revenue.getByRole('button', { name: 'Bring in what is final' }).click()
  await dialog.getByRole('button', { name: 'Bring it in' }).click()
  await revenue.getByText('Nothing has become final yet').waitFor()

  await page.goto(`${node.url}/accounts/${other}`)
  await signAs(page, 7)
  const passes = panel(page, 'Passes')
  await passes.getByText('paid by', { exact: false }).waitFor()
  await passes.getByRole('button', { name: 'Give back for 2.50' }).waitFor()

  await page.goto(`${node.url}/assets/${service}`)
  await signAs(page, 6)
  await offers.getByRole('button', { name: 'Buy Inference' }).first().click()
  await dialog.getByRole('button', { name: /^Pay 20\.00/ }).click()
  await page.getByText('Paid 20.00').waitFor()
  await page.getByRole('link', { name: 'Account', exact: true }).click()
  await passes.getByRole('button', { name: 'Pass on' }).click()
  await dialog.getByLabel('Account that receives it').fill(other)
  await dialog.getByText('I know that only its new holder').click()
  await dialog.getByRole('button', { name: 'Pass it on' }).click()
  await passes.getByText('Passed on to another account').waitFor()

  await page.goto(`${node.url}/assets/${hostileAsset}`)
  await signAs(page, 1)
  await offers.getByRole('button', { name: /^Close the offer/ }).click()
  expect(await dialog.getByRole('button', { name: 'Close it for ever' }).isDisabled()).toBe(true)
  await dialog.getByText('I know that this offer is never opened again').click()
  await dialog.getByRole('button', { name: 'Close it for ever' }).click()
  await offers.getByText('Nothing is for sale.', { exact: false }).waitFor()

  await page.getByRole('button', { name: 'Retire the asset' }).click()
  await dialog.getByText('I know that this cannot be undone').click()
  await dialog.getByRole('button', { name: 'Retire it for ever' }).click()
  await page.getByText('Its owner retired this asset').waitFor()
  await page.getByRole('button', { name: /^Erase version/ }).click()
  await dialog.getByText('I know that this cannot be undone').click()
  await dialog.getByRole('button', { name: 'Erase it for ever' }).click()
  await page.getByText('The content of the current version is erased').waitFor()
  await eventually(() => page.getByRole('heading', { name: 'Ending it' }).count()).toBe(0)
  expect(await findBarriers(page)).toEqual([])
  await page.screenshot({ path: join(screenshots, 'ended-dark.png'), fullPage: true })
  expect(faults).toEqual([])
  await page.context().close()
})

test('a till is swept by anyone, its owner takes out ether, and an exclusive sale ends all others', {
  timeout: 120_000,
}, async () => {
  const { chain } = reader.info
  const token = chain.addresses.testUsd
  if (token === undefined) throw new Error('a local chain has a payment token')
  const owner = await createAgoraiClient({ node: node.url, account: getDevAccount(2, chain.id) })
  const offers = [{ token, price: 1_000_000n, usage: 'exclusive' as const }]
  const asset = await publishRows(owner, { name: 'Sold to one', offers })
  await waitForIndex(reader)
  const { till } = await getAsset(reader, { asset })
  const { wallet, publicClient } = owner
  if (wallet === undefined) throw new Error('the client signs')
  const sender = { account: wallet.account, chain: publicClient.chain }
  const erc20 = { address: token, abi: testUsdAbi } as const
  await wallet.writeContract({ ...erc20, ...sender, functionName: 'mint', args: [till, 1_000_000n] })
  await waitForReceipt(publicClient, await wallet.sendTransaction({ ...sender, to: till, value: 10n ** 17n }))

  const { page, faults } = await openPage(browser, { theme: 'light', reducedMotion: true })
  await page.goto(`${node.url}/assets/${asset}`)
  const dialog = page.getByRole('dialog')
  const box = panel(page, 'Till')
  await box.getByRole('button', { name: 'Sweep 1.00' }).click()
  await dialog.getByRole('button', { name: 'Sweep 1.00' }).click()
  await box.getByText('1.00\u00a0tUSD entered the ledger').waitFor()
  expect(await textOf(panel(page, 'Revenue so far'))).toContain('Earned')
  await signAs(page, 2)
  await box.getByRole('button', { name: 'Take out what is no payment' }).click()
  await dialog.getByRole('button', { name: 'Take it out' }).click()
  await box.getByText(/^It went to 0x/).waitFor()
  expect(await publicClient.getBalance({ address: till })).toBe(0n)

  await signAs(page, 6)
  await mint(page)
  await panel(page, 'Offers').getByRole('button', { name: 'Buy Exclusive use' }).click()
  await dialog.getByRole('img', { name: /halves every 24 hours/ }).waitFor()
  expect(await findBarriers(page)).toEqual([])
  const pay = dialog.getByRole('button', { name: /^Pay 9\.9/ })
  await pay.waitFor()
  expect(await pay.isDisabled()).toBe(true)
  await dialog.getByText('I want it exclusively').click()
  await pay.click()
  await page.getByText('This asset was sold exclusively').waitFor()
  await panel(page, 'Offers').getByText('Nothing is sold of this asset any more.', { exact: false }).waitFor()
  // Somebody who asked for less motion sees none.
  expect(await page.evaluate(() => document.getAnimations().length)).toBe(0)
  expect(faults).toEqual([])
  await page.context().close()
})

test('a chosen theme wins over the system’s and is remembered', async () => {
  const { page } = await openPage(browser, { theme: 'light' })
  await page.goto(node.url)
  await page.getByTitle('Dark theme').click()
  const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
  expect(await background()).toBe('rgb(19, 21, 23)')
  await page.reload()
  expect(await background()).toBe('rgb(19, 21, 23)')
  // What finds no barrier anywhere must be able to find one.
  await page.evaluate(() => document.body.append(document.createElement('button')))
  expect(await findBarriers(page)).toHaveLength(1)
  await page.context().close()
})

test('the keyboard reaches the content first, and an asset or a transaction that is not there says so', async () => {
  const { page } = await openPage(browser, { theme: 'light' })
  await page.goto(`${node.url}/assets/999`)
  await page.getByRole('heading', { name: 'There is no asset 999 here' }).waitFor()
  await page.getByRole('main').getByRole('link', { name: 'The catalogue' }).waitFor()
  expect(await page.getByRole('alert').count()).toBe(0)
  await page.keyboard.press('Tab')
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the content')
  await page.keyboard.press('Enter')
  await eventually(() => page.evaluate(() => document.activeElement?.id)).toBe('main')
  await page.goto(`${node.url}/transactions/0x${'12'.repeat(32)}`)
  await page.getByText('The chain has mined no transaction of this hash').waitFor()
  expect(await textOf(page.getByRole('main'))).not.toMatch(/viem|went wrong/)
  await page.context().close()
})

test('a purchase that cannot be paid is not signed', async () => {
  const { page, faults } = await openPage(browser, { theme: 'light' })
  await page.goto(`${node.url}/assets/${model}`)
  await signAs(page, 4)
  await page.getByRole('button', { name: 'Buy Inference' }).click()
  await page.getByRole('dialog').getByText('too little').waitFor()
  expect(await page.getByRole('button', { name: /^Pay 10\.00/ }).isDisabled()).toBe(true)
  expect(faults).toEqual([])
  await page.context().close()
})

test('a node that does not answer is named, with what is safe and what to do', async () => {
  const { page } = await openPage(browser, { theme: 'dark' })
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
