// Compiles one contract quickly: the pipeline of production (its code does not fit the other one), and of the optimizer only
// the steps without which the stack is too deep.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { compileJson } from '../solc.mjs'

const optimizer = {
  enabled: true,
  runs: 1,
  details: {
    yul: true,
    peephole: true,
    inliner: false,
    jumpdestRemover: true,
    orderLiterals: false,
    deduplicate: true,
    cse: false,
    constantOptimizer: false,
    yulDetails: { stackAllocation: true, optimizerSteps: 'dhfouDcu:' },
  },
}

/** Answers the compiler's imports from a repository. */
const createImports = (root) => (path) => {
  const places = [path, join('node_modules', path), join('node_modules', path.replace(/^solady\//, 'solady/src/'))]
  const file = places.map((place) => join(root, place)).find((place) => existsSync(place))
  return file === undefined ? { error: `${path} is missing` } : { contents: readFileSync(file, 'utf8') }
}

function run(root, sources, settings) {
  const input = {
    language: 'Solidity',
    sources: Object.fromEntries(Object.entries(sources).map(([path, content]) => [path, { content }])),
    settings: { evmVersion: 'cancun', ...settings },
  }
  const imports = createImports(root)
  const resolve = (path) => (sources[path] === undefined ? imports(path) : { contents: sources[path] })
  return compileJson(input, { import: resolve })
}

const failuresOf = ({ errors = [] }) => errors.filter(({ severity }) => severity === 'error')

/** Syntax trees of sources, with types. */
export function analyse(root, paths) {
  const sources = Object.fromEntries(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]))
  const output = run(root, sources, { outputSelection: { '*': { '': ['ast'] } } })
  const [failure] = failuresOf(output)
  if (failure) throw new Error(failure.formattedMessage)
  return new Map(paths.map((path) => [path, output.sources[path].ast]))
}

/**
 * The artifact of a contract, or undefined when it does not compile.
 *
 * @param changed text of a source that differs from the one on disk
 */
export function compileContract(root, path, name, changed = {}) {
  const sources = { [path]: createImports(root)(path).contents, ...changed }
  const output = run(root, sources, {
    viaIR: true,
    optimizer,
    metadata: { appendCBOR: false, bytecodeHash: 'none' },
    outputSelection: { [path]: { [name]: ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object'] } },
  })
  if (failuresOf(output).length > 0) return undefined
  const { abi, evm } = output.contracts[path][name]
  return {
    abi,
    bytecode: { object: `0x${evm.bytecode.object}`, linkReferences: {} },
    deployedBytecode: { object: `0x${evm.deployedBytecode.object}`, linkReferences: {} },
  }
}
