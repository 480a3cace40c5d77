import { existsSync } from 'node:fs'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, chromium, type Locator, type Page } from 'playwright-core'
import { expect } from 'vitest'
import { buildWeb, webFolder } from '../scripts/build.mjs'

const installedPaths = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome-stable',
  '/usr/bin/google-chrome',
  '/snap/bin/chromium',
  '/opt/google/chrome/chrome',
]

/** The page under test is our own, and containers often forbid what Chromium's sandbox needs. */
const launchArguments = ['--no-sandbox', '--disable-dev-shm-usage']

/** The page as it is shipped, built unless `npm test` or another file has built it from these sources. @returns Its folder. */
export async function buildPage(): Promise<string> {
  await buildWeb()
  return webFolder
}

/** A headless Chromium: the one that is installed, else the one that the package `@sparticuz/chromium` brings along. */
export async function launchBrowser(installed = installedPaths.find(existsSync)): Promise<Browser> {
  if (installed !== undefined) return chromium.launch({ executablePath: installed, args: launchArguments })
  return launchPacked()
}

/** Unpacks the packaged browser into a fresh folder, together with the system libraries that a bare machine lacks. */
export async function launchPacked(): Promise<Browser> {
  // The package reads both when it is imported: the first makes it unpack its libraries, the second says where to.
  process.env.AWS_EXECUTION_ENV ??= 'AWS_Lambda_nodejs20.x'
  process.env.TMPDIR = await mkdtemp(join(tmpdir(), 'agorai-browser-'))
  const { default: packed } = await import('@sparticuz/chromium')
  const executablePath = await packed.executablePath()
  // The package looks for its font under /tmp alone, and a Chromium that finds no font at all ends.
  const fonts = join(tmpdir(), 'fonts')
  const folders = [fonts, '/usr/share/fonts'].map((folder) => `<dir>${folder}</dir>`).join('')
  const cache = `<cachedir>${join(fonts, 'cache')}</cachedir>`
  await writeFile(join(fonts, 'fonts.conf'), `<?xml version="1.0"?><fontconfig>${folders}${cache}</fontconfig>`)
  // In one process a page that is closed takes the browser with it.
  const packedArguments = packed.args.filter((argument) => argument !== '--single-process')
  return chromium.launch({ executablePath, args: [...packedArguments, ...launchArguments] })
}

/** A page in a theme whose errors, console errors and violations of the content security policy are kept. */
export async function openPage(
  browser: Browser,
  { theme, width = 1280, reducedMotion = false }: { theme: 'light' | 'dark'; width?: number; reducedMotion?: boolean },
): Promise<{ page: Page; faults: string[] }> {
  const context = await browser.newContext({
    colorScheme: theme,
    viewport: { width, height: width < 500 ? 844 : 900 },
    reducedMotion: reducedMotion ? 'reduce' : 'no-preference',
    acceptDownloads: true,
  })
  // A busy machine makes a browser wait, too.
  context.setDefaultTimeout(60_000)
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

/** What an element says, with ordinary spaces between amounts and units. */
export const textOf = async (locator: Locator) => ((await locator.textContent()) ?? '').replaceAll('\u00a0', ' ')

/** What a page shows a moment later, on a busy machine too. */
export const eventually = <value>(read: () => Promise<value>) => expect.poll(read, { timeout: 30_000 })

/** Waits until a page has what it asked for. It listens to its node as long as it is open, so its network is never idle. */
export const settled = (page: Page) => eventually(() => page.locator('.waiting').count()).toBe(0)

/** A panel of a page by its heading. */
export const panel = (page: Page, heading: string) =>
  page.locator('section.panel').filter({ has: page.getByRole('heading', { name: heading, exact: true }) })

/** Lets a development account sign. */
export async function signAs(page: Page, index: number): Promise<void> {
  const signer = page.getByLabel('Account that signs')
  await signer.selectOption(String(index))
  await eventually(() => signer.inputValue()).toBe(String(index))
}

/** Mints test money to whoever signs. */
export async function mint(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Mint test money' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Mint 100.00' }).click()
  await eventually(() => page.getByRole('dialog').count()).toBe(0)
}
