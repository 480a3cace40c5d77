// `npm start`: installs, builds and starts everything in this terminal. Plain Node: nothing is installed yet.
import { existsSync } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { buildTypes, buildWeb } from './build.mjs'
import { checkMachine, install, isInstalled, root } from './install.mjs'
import { printStep, runStep, StepError, stopPrograms } from './steps.mjs'

const usage = `Starts agorai: a local chain, a database in a folder, the node and the web page.

  npm start -- [options]

  --port <number>      port of the page and the API on this machine (default 4670)
  --data-dir <folder>  where everything is kept (default .agorai in the repository)
  --fresh              begin anew: first deletes the data folder, if it is one of ours
  --no-demo            do not publish, sell and pay out the demonstration
  --help               this text
`

/** Only a folder with this file in it is ours to delete. */
const markerName = 'agorai-data-folder'
const markerText = 'Everything in this folder belongs to agorai. `npm start -- --fresh` deletes it.\n'
/** Lies with the chain it speaks of: a fresh start forgets both at once. */
const demoDoneName = join('chain', 'demo-completed')

/** @throws StepError for an option that is not one. */
export function readOptions(args, base = process.env.INIT_CWD ?? process.cwd()) {
  const options = { port: 4670, dataDir: join(root, '.agorai'), fresh: false, demo: true, help: false }
  const rest = args.flatMap((arg) =>
    /^--[a-z-]+=/.test(arg) ? [arg.slice(0, arg.indexOf('=')), arg.slice(arg.indexOf('=') + 1)] : [arg],
  )
  for (let option = rest.shift(); option !== undefined; option = rest.shift()) {
    if (option === '--fresh') options.fresh = true
    else if (option === '--no-demo') options.demo = false
    else if (option === '--help' || option === '-h') options.help = true
    else if (option === '--port') {
      const value = rest.shift() ?? ''
      const port = /^[0-9]{1,5}$/.test(value) ? Number(value) : 0
      if (port < 1 || port > 65_535)
        throw new StepError(`--port ${value}: not a port.`, 'Give a number from 1 to 65535.')
      options.port = port
    } else if (option === '--data-dir') {
      const value = rest.shift()
      if (!value || value.startsWith('--'))
        throw new StepError('--data-dir needs a folder.', 'Write --data-dir <folder>.')
      options.dataDir = resolve(base, value)
    } else throw new StepError(`${option}: there is no such option.`, 'See `npm start -- --help`.')
  }
  return options
}

/**
 * Makes sure that the data folder is one of ours, and that it can be written, before anything long begins.
 *
 * @throws StepError
 */
export async function prepareFolder(folder, fresh) {
  const marker = join(folder, markerName)
  try {
    const names = existsSync(folder) ? await readdir(folder) : []
    if (names.length > 0 && !names.includes(markerName)) {
      const remedy = 'Choose an empty folder or a new one with --data-dir. Nothing in it was touched.'
      throw new StepError(
        `${folder} holds files that are not of agorai${fresh ? ', so it is not deleted' : ''}.`,
        remedy,
      )
    }
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await writeFile(marker, markerText)
  } catch (error) {
    if (error instanceof StepError) throw error
    throw new StepError(
      `${folder} cannot be written (${error.code ?? error.message}).`,
      'Make it writable, or choose another folder with --data-dir.',
    )
  }
}

/** @throws StepError when another program listens on the port. */
function checkPort(port) {
  return new Promise((done, fail) => {
    const server = createServer()
    server.once('error', ({ code }) =>
      fail(
        new StepError(
          `Port ${port} cannot be used (${code}).`,
          'Stop the other program, or choose a port with --port.',
        ),
      ),
    )
    server.listen(port, '127.0.0.1', () => server.close(done))
  })
}

/** What is running, for whoever has to stop it. */
const running = { node: undefined, stopping: undefined }

/** Ends every child, then this process. A second signal does not wait. */
function stop(status) {
  if (running.stopping) process.exit(130)
  running.stopping = true
  stopPrograms()
  const closed = running.node?.stop() ?? Promise.resolve()
  if (running.node) console.log('\nStopping …')
  closed.then(
    () => {
      if (running.node) console.log('Stopped. Everything is kept; `npm start` goes on from here.')
      process.exit(status)
    },
    (error) => {
      fail(error)
      process.exit(1)
    },
  )
}

/** Says what happened and what to do, without a stack where the failure is a known one. */
function fail(error) {
  const known = error instanceof StepError || typeof error?.remedy === 'string'
  const said = known ? error.message : (error?.stack ?? String(error))
  console.error(`\n${said}\n${error?.remedy ?? 'If it stays, report it with the lines above.'}`)
  process.exitCode = 1
}

async function startNode(options) {
  // Built a moment ago; nothing of it can be imported before.
  const { readConfig } = await import('../packages/node/dist/config.js')
  const node = await import('../packages/node/dist/main.js')
  const flags = ['--port', String(options.port), '--data-dir', options.dataDir, ...(options.fresh ? ['--fresh'] : [])]
  const { config } = readConfig(flags)
  running.node = await node.startNode(config, {
    onWarning: (message) => console.error(`warning: ${message}`),
  })
  running.node.failed.then((error) => {
    fail(error)
    stop(1)
  })
  // Development accounts and tokens work on the local chain alone.
  if (config.rpcUrl !== undefined) options.demo = false
  return `chain, index and gateway in ${show(options.dataDir)}`
}

/** The demonstration, unless it was completed before. */
async function demonstrate({ dataDir }) {
  const done = join(dataDir, demoDoneName)
  if (existsSync(done)) return
  console.log('\nThe demonstration: three contributors, a dataset, a model, a buyer\n')
  // The demonstration is TypeScript and stays so: it is meant to be read.
  const { tsImport } = await import('tsx/esm/api')
  const { runDemo } = await tsImport('./demo.ts', import.meta.url)
  await runDemo({ node: running.node.url, onStep: printStep })
  await writeFile(done, `${new Date().toISOString()}\n`)
}

const show = (folder) => {
  const inside = relative(process.cwd(), folder)
  return inside === '' || inside.startsWith('..') ? folder : inside
}

function printUrls({ dataDir }) {
  const { url, rpcUrl } = running.node
  console.log(`
  Page      ${url}
  API       ${url}/api/v1/node
  OpenAPI   ${url}/api/v1/openapi.json
  Chain     ${rpcUrl}
  Data      ${show(dataDir)}
  Terminal  npx agorai search digits --node ${url}

Ctrl-C stops everything and keeps it.`)
}

async function run() {
  const begun = performance.now()
  checkMachine()
  const options = readOptions(process.argv.slice(2))
  if (options.help) return console.log(usage)
  await prepareFolder(options.dataDir, options.fresh)
  // Installing takes a while; a port that is taken is better said before.
  if (!isInstalled()) await checkPort(options.port)
  await runStep('dependencies', install)
  await runStep('packages', () => buildTypes())
  await runStep('web page', buildWeb)
  await runStep('node', () => startNode(options))
  if (options.demo) await demonstrate(options)
  printStep('ready', 'everything is up', begun)
  printUrls(options)
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop(0))
  run().catch((error) => {
    // What fails because it was told to stop needs no words.
    if (running.stopping) return
    fail(error)
    stop(1)
  })
}
