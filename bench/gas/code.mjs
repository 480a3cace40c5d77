// Contract code: the peers' from their own npm packages, ours from what is committed, and the tokens of the measurement.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { root } from '../../scripts/install.mjs'
import { compileJson } from '../../scripts/solc.mjs'
import { installPeers } from '../installPeers.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
const peersFolder = join(root, '.cache/gas-peers')
const readText = (path) => readFileSync(path, 'utf8')

/** Installs the packages whose gas is measured beside ours. */
export const installGasPeers = () => installPeers(here, peersFolder)

const inPackage = (path) => join(peersFolder, 'node_modules', path)
export const readJson = (path) => JSON.parse(readText(inPackage(path)))
export const versionOf = (name) => readJson(`${name}/package.json`).version

/** An artifact of a peer's package; `libraries` are linked into it by name. */
export function readArtifact(path, libraries = {}) {
  const artifact = readJson(path)
  const { abi, linkReferences = {} } = artifact
  let code = (artifact.bytecode.object ?? artifact.bytecode).replace(/^0x/, '')
  for (const references of Object.values(linkReferences))
    for (const [name, places] of Object.entries(references))
      for (const { start } of places)
        code = code.slice(0, 2 * start) + libraries[name].slice(2).toLowerCase() + code.slice(2 * start + 40)
  if (!/^[0-9a-f]+$/i.test(code)) throw new Error(`${path} has no linked bytecode`)
  return { abi, bytecode: `0x${code}` }
}

/** Compiles the tokens of contracts/Tokens.sol, on OpenZeppelin's code, with the settings of its own packages. */
export function compileTokens() {
  const sources = { 'Tokens.sol': { content: readText(join(here, 'contracts/Tokens.sol')) } }
  const resolve = (path) => ({ contents: readText(join(root, 'node_modules', path)) })
  const input = {
    language: 'Solidity',
    sources,
    settings: {
      optimizer: { enabled: true, runs: 200 },
      evmVersion: 'cancun',
      outputSelection: { 'Tokens.sol': { '*': ['abi', 'evm.bytecode.object'] } },
    },
  }
  const { contracts, errors = [] } = compileJson(input, { import: resolve })
  const failures = errors.filter(({ severity }) => severity === 'error')
  if (failures.length > 0) throw new Error(failures.map(({ formattedMessage }) => formattedMessage).join('\n'))
  return Object.fromEntries(
    Object.entries(contracts['Tokens.sol']).map(([name, { abi, evm }]) => [
      name,
      { abi, bytecode: `0x${evm.bytecode.object}` },
    ]),
  )
}
