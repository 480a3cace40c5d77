import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
let compiler

/** The compiler takes a while to load, so it is loaded when it is first asked. */
function load() {
  if (compiler !== undefined) return compiler
  compiler = require('solc')
  // Its runtime installs handlers that swallow this program's own failures.
  process.removeAllListeners('uncaughtException')
  process.removeAllListeners('unhandledRejection')
  return compiler
}

/**
 * Compiles in this process, by the compiler's standard JSON.
 *
 * @param callbacks What the compiler asks back: `import` for sources, `smtSolver` for proofs.
 */
export const compileJson = (input, callbacks) => JSON.parse(load().compile(JSON.stringify(input), callbacks))
