import { existsSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'

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
  return chromium.launch({ executablePath, args: [...packed.args, ...launchArguments] })
}
