// Builds the contracts and writes what the TypeScript packages need of them: ABIs, creation bytecode, addresses.
//   node scripts/contracts.mjs           builds when the sources changed since the committed files were generated
//   node scripts/contracts.mjs --check   builds twice from nothing and fails when anything differs from what is committed
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { concatHex, encodeAbiParameters, getContractAddress, keccak256, zeroAddress, zeroHash } from 'viem'
import { mnemonicToAccount } from 'viem/accounts'

const root = fileURLToPath(new URL('..', import.meta.url))
const contractsFolder = join(root, 'contracts')
const generatedFolder = join(root, 'packages/core/src/generated')
const bytecodeFile = join(generatedFolder, 'bytecode.ts')

/** Deploys anything at an address that depends on its bytecode alone; the same on every chain, and built into anvil. */
const create2Deployer = '0x4e59b44847b379578588920cA78FbF26c0B4956C'
const localChainId = 31337
/** EIP-170: no chain deploys a contract with more code. */
const codeSizeMax = 24_576
const localFeeBps = 100
const governorDelaySeconds = 2 * 24 * 60 * 60

/** By their places in the Deployer's order. */
const bundled = [
  { name: 'TimelockController', key: 'governor' },
  { name: 'AssetRegistry', key: 'assetRegistry' },
  { name: 'RevenueLedger', key: 'revenueLedger' },
  { name: 'AccessMarket', key: 'accessMarket' },
]
const contracts = [
  ...bundled,
  { name: 'TestUSD', key: 'testUsd' },
  { name: 'Deployer', key: 'deployer' },
  { name: 'ContentProofs', key: 'contentProofs' },
  { name: 'OperatorReceivers', key: 'operatorReceivers' },
  { name: 'OperatorReceiver', key: 'operatorReceiver' },
]

/** x402's own contracts have their places on every chain; on a local one the code of ours is put there. */
const standIns = [
  { name: 'BatchSettlement', key: 'batchSettlement', address: '0x4020074e9dF2ce1deE5A9C1b5c3f541D02a10003' },
  { name: 'DepositCollector', key: 'depositCollector', address: '0x4020806089470a89826cB9fB1f4059150b550004' },
]

/** The platform's own binary: the `forge` that npm links loses exit codes. */
export const forgeBinary = join(root, 'node_modules/@foundry-rs/forge-linux-amd64/bin/forge')

/** Runs a forge command over the contracts of a repository and throws when it fails. */
export function runForge([command, ...options], { profile = 'default', folder = root, stdio = 'inherit' } = {}) {
  const run = spawnSync(forgeBinary, [command, '--root', '.', ...options], {
    cwd: folder,
    env: { ...process.env, FOUNDRY_CONFIG: 'contracts/foundry.toml', FOUNDRY_PROFILE: profile },
    stdio,
    encoding: 'utf8',
  })
  if (run.error) throw run.error
  if (run.status !== 0) {
    const said = stdio === 'pipe' ? `\n${run.stdout}${run.stderr}` : ''
    throw new Error(`forge ${command} ended with ${run.signal ?? run.status}${said}`)
  }
  return run.stdout ?? ''
}

/** sha-256 over everything that decides the bytecode: sources, settings, compiler and library versions. */
export function hashSources() {
  const hash = createHash('sha256')
  const sources = readdirSync(join(contractsFolder, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
  for (const file of [...sources, join(contractsFolder, 'foundry.toml'), fileURLToPath(import.meta.url)].sort()) {
    hash
      .update(`${relative(root, file)}\0`)
      .update(readFileSync(file))
      .update('\0')
  }
  for (const name of ['solc', 'solady', '@openzeppelin/contracts']) {
    hash.update(JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')).version)
  }
  return hash.digest('hex')
}

/** Hash of the sources that the committed bytecode was built from. */
function readGeneratedHash() {
  try {
    return /Sources: ([0-9a-f]{64})/.exec(readFileSync(bytecodeFile, 'utf8'))?.[1]
  } catch {
    return undefined
  }
}

function readArtifact({ name }) {
  const artifact = JSON.parse(readFileSync(join(contractsFolder, 'out', `${name}.sol`, `${name}.json`), 'utf8'))
  const size = (artifact.deployedBytecode.object.length - 2) / 2
  if (size === 0 || size > codeSizeMax) throw new Error(`${name} has ${size} bytes of code; at most ${codeSizeMax}`)
  const { object: runtime, immutableReferences = {} } = artifact.deployedBytecode
  return { name, abi: artifact.abi, bytecode: artifact.bytecode.object, runtime, immutableReferences }
}

const order = ['constructor', 'function', 'event', 'error', 'fallback', 'receive']
const signatureOf = (item) => `${item.name ?? ''}(${(item.inputs ?? []).map((input) => input.type).join(',')})`

/** By kind, then by name, so that a rebuild never reorders a file. */
function sortAbi(abi) {
  const keyOf = (item) => `${order.indexOf(item.type)} ${signatureOf(item)}`
  return [...abi].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
}

/** A call surfaces the errors of the contracts behind it too, so each ABI can name all of them. */
function withAllErrors(artifacts) {
  const errors = new Map()
  for (const { abi } of artifacts)
    for (const item of abi) if (item.type === 'error') errors.set(signatureOf(item), item)
  return artifacts.map((artifact) => ({
    ...artifact,
    abi: sortAbi([...artifact.abi.filter((item) => item.type !== 'error'), ...errors.values()]),
  }))
}

/** Addresses on the local chain, where account 0 of the public development mnemonic has every role. */
function computeLocalDeployment(artifacts) {
  const { address: account } = mnemonicToAccount(`${'test '.repeat(11)}junk`, { addressIndex: 0 })
  const creationOf = (name, values = []) => {
    const { abi, bytecode } = artifacts.find((artifact) => artifact.name === name)
    const inputs = abi.find((item) => item.type === 'constructor')?.inputs ?? []
    return concatHex([bytecode, encodeAbiParameters(inputs, values)])
  }
  const create2 = (bytecode) =>
    getContractAddress({ opcode: 'CREATE2', from: create2Deployer, salt: zeroHash, bytecode })
  const testUsd = create2(creationOf('TestUSD'))
  const values = {
    TimelockController: [governorDelaySeconds, [account], [account], zeroAddress],
    AssetRegistry: [localFeeBps],
    RevenueLedger: [account, [testUsd]],
    AccessMarket: [account],
  }
  const bundle = keccak256(concatHex(bundled.map(({ name }) => keccak256(creationOf(name, values[name])))))
  const from = create2(creationOf('Deployer', [bundle]))
  const addresses = Object.fromEntries(
    bundled.map(({ key }, place) => [key, getContractAddress({ from, nonce: BigInt(place + 1) })]),
  )
  const contentProofs = create2(creationOf('ContentProofs', [addresses.assetRegistry]))
  const operatorReceivers = create2(creationOf('OperatorReceivers', [addresses.revenueLedger]))
  const placed = Object.fromEntries(standIns.map(({ key, address }) => [key, address]))
  return { ...addresses, contentProofs, operatorReceivers, ...placed, testUsd }
}

/** A literal in the style of the other sources. */
function toLiteral(value, indent = '') {
  const inner = `${indent}  `
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]'
    return `[\n${value.map((item) => `${inner}${toLiteral(item, inner)},\n`).join('')}${indent}]`
  }
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value).map(([key, item]) => `${key}: ${toLiteral(item, inner)}`)
    const line = `{ ${entries.join(', ')} }`
    if (!line.includes('\n') && line.length <= 110) return line
    return `{\n${entries.map((entry) => `${inner}${entry},\n`).join('')}${indent}}`
  }
  return typeof value === 'string' ? `'${value}'` : String(value)
}

/** Drops what only the compiler's own tools use. */
function toAbiItem(item) {
  const toParameter = ({ internalType: _, ...parameter }) =>
    parameter.components ? { ...parameter, components: parameter.components.map(toParameter) } : parameter
  const { inputs, outputs, ...rest } = item
  return {
    ...rest,
    ...(inputs ? { inputs: inputs.map(toParameter) } : {}),
    ...(outputs ? { outputs: outputs.map(toParameter) } : {}),
  }
}

function readDeployments() {
  const folder = join(contractsFolder, 'deployments')
  return Object.fromEntries(
    readdirSync(folder)
      .filter((file) => /^\d+\.json$/.test(file))
      .sort()
      .map((file) => [file.slice(0, -5), JSON.parse(readFileSync(join(folder, file), 'utf8'))]),
  )
}

/** Every generated file and its content, from the artifacts in `contracts/out`. */
function renderFiles() {
  const artifacts = withAllErrors([...contracts, ...standIns].map(readArtifact))
  const header = '// Generated by scripts/contracts.mjs from contracts/src.'
  const local = computeLocalDeployment(artifacts)
  const abiOf = (artifact) => artifact.abi.map(toAbiItem)
  const keyOf = (name) => [...contracts, ...standIns].find((contract) => contract.name === name).key
  const abis = artifacts
    .map((artifact) => `export const ${keyOf(artifact.name)}Abi = ${toLiteral(abiOf(artifact))} as const\n`)
    .join('\n')
  const deployed = artifacts.filter(({ name }) => contracts.some((contract) => contract.name === name))
  const placed = artifacts.filter((artifact) => !deployed.includes(artifact))
  for (const { name, immutableReferences } of placed)
    if (Object.keys(immutableReferences).length > 0) throw new Error(`${name} has values that only a constructor sets`)
  const runtime = placed
    .map((artifact) => `export const ${keyOf(artifact.name)}Runtime: Hex =\n  '${artifact.runtime}'\n`)
    .join('\n')
  const bytecode = deployed
    .map((artifact) => `export const ${keyOf(artifact.name)}Bytecode: Hex =\n  '${artifact.bytecode}'\n`)
    .join('\n')
  const deployments = { ...readDeployments(), [localChainId]: local }
  const chains = Object.entries(deployments)
    .map(([chainId, addresses]) => `  ${chainId}: ${toLiteral(addresses, '  ')},\n`)
    .join('')
  return {
    [join(contractsFolder, 'deployments', `${localChainId}.json`)]: `${JSON.stringify(local, null, 2)}\n`,
    [join(generatedFolder, 'abis.ts')]: `${header}\n\n${abis}`,
    [bytecodeFile]:
      `${header}\n// Sources: ${hashSources()}\n` +
      `import type { Hex } from 'viem'\n\n${bytecode}\n${runtime}\n` +
      `/** Creation bytecode by contract name, without constructor arguments. */\n` +
      `export const bytecodes = {\n${deployed.map(({ name }) => `  ${name}: ${keyOf(name)}Bytecode,\n`).join('')}} as const\n\n` +
      `/** Code as it is on chain, of the contracts that are put at given addresses of a local chain. */\n` +
      `export const runtimes = {\n${placed.map(({ name }) => `  ${name}: ${keyOf(name)}Runtime,\n`).join('')}} as const\n`,
    [join(generatedFolder, 'deployments.ts')]:
      `${header}\nimport type { Address } from 'viem'\n\n` +
      `/** Where the contracts of one chain are. \`deployedAtBlock\` is where an index may start; 0 when it is not given. */\n` +
      `export type Deployment = {\n  /** The timelock: whatever is governed, it does. */\n  governor: Address\n  assetRegistry: Address\n` +
      `  revenueLedger: Address\n  accessMarket: Address\n` +
      `  /** Checks proofs about content; it has no rights. */\n  contentProofs: Address\n` +
      `  /** Makes the contracts that operators' payment channels pay to. */\n  operatorReceivers: Address\n` +
      `  /** x402's payment channels and the collector of EIP-3009 deposits into them, where the chain has them. */\n` +
      `  batchSettlement?: Address\n  depositCollector?: Address\n` +
      `  /** The payment token without value; on local chains only. */\n  testUsd?: Address\n  deployedAtBlock?: number\n}\n\n` +
      `/** The deterministic deployer (CREATE2, salt 0) that the addresses are computed with. */\n` +
      `export const create2Deployer: Address = '${create2Deployer}'\n\n` +
      `/** Protocol fee on the local chain, of 10,000. */\nexport const localFeeBps = ${localFeeBps}\n\n` +
      `/** How long the governor announces what it will do. */\nexport const governorDelaySeconds = ${governorDelaySeconds}\n\n` +
      `/** Deployments by chain id. On the local chain account 0 of the development mnemonic has every role. */\n` +
      `export const deployments: Record<number, Deployment> = {\n${chains}}\n`,
    [join(generatedFolder, 'index.ts')]: `${header}\nexport * from './abis.js'\nexport * from './deployments.js'\n`,
  }
}

function build() {
  runForge(['build', '--quiet'])
}

/** Builds and generates when the sources changed; says whether it did. */
export function generateContracts({ force = false } = {}) {
  if (!force && readGeneratedHash() === hashSources()) return false
  build()
  mkdirSync(generatedFolder, { recursive: true })
  for (const [file, content] of Object.entries(renderFiles())) {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, content)
  }
  return true
}

/** Makes sure that `contracts/out` holds the artifacts that the Solidity tests deploy. */
export function buildArtifacts() {
  build()
}

/** Rebuilds from nothing and names every committed file that differs. */
export function findDifferences() {
  rmSync(join(contractsFolder, 'out'), { recursive: true, force: true })
  rmSync(join(contractsFolder, 'cache'), { recursive: true, force: true })
  build()
  return Object.entries(renderFiles())
    .filter(([file, content]) => {
      try {
        return readFileSync(file, 'utf8') !== content
      } catch {
        return true
      }
    })
    .map(([file]) => relative(root, file))
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  if (process.argv.includes('--check')) {
    const differences = findDifferences()
    if (differences.length > 0) {
      console.error(
        `A rebuild differs from what is committed: ${differences.join(', ')}. Run node scripts/contracts.mjs.`,
      )
      process.exitCode = 1
    } else console.log('contracts: a rebuild gives the committed bytecode')
  } else {
    const changed = generateContracts({ force: process.argv.includes('--force') })
    console.log(changed ? 'contracts: built and generated' : 'contracts: up to date')
  }
}
