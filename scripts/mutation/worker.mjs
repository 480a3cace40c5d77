// Judges mutants one after the other, in a copy of the workspace that it is given. Started by scripts/mutate.mjs.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { compileContract } from './compile.mjs'
import { applyMutant } from './mutators.mjs'
import { allTests, deployedContracts, targets } from './targets.mjs'
import { createWorkspace } from './workspace.mjs'

const [base] = process.argv.slice(2)
const workspace = createWorkspace(base, { isWorkspace: true })
const read = (path) => readFileSync(join(workspace.folder, path))
const artifactOf = (name) => JSON.parse(read(join('contracts/out', `${name}.sol`, `${name}.json`)).toString())
const artifacts = new Map(deployedContracts.map(({ name }) => [name, artifactOf(name)]))

/** What became of a mutant: stillborn, killed (by a test, or by taking for ever), or survived. */
async function judge(mutant) {
  const { deployed, tests } = targets.find(({ files }) => files.includes(mutant.file))
  const changed = { [mutant.file]: applyMutant(read(mutant.file), mutant).toString() }
  const broken = deployed.map(({ name, path }) => [name, compileContract(workspace.folder, path, name, changed)])
  if (broken.some(([, artifact]) => artifact === undefined)) return { outcome: 'stillborn' }
  const same = broken.every(([name, { bytecode }]) => bytecode.object === artifacts.get(name).bytecode.object)
  if (same) return { outcome: 'stillborn' }
  try {
    for (const [name, artifact] of broken) workspace.install(name, artifact)
    for (const options of [tests, allTests]) {
      const { outcome, test } = await workspace.test(options)
      if (outcome === 'failed') return { outcome: 'killed', test }
      if (outcome === 'slow') return { outcome: 'killed', test: 'taking for ever' }
    }
    return { outcome: 'survived' }
  } finally {
    for (const [name] of broken) workspace.install(name, artifacts.get(name))
  }
}

process.on('message', async ({ mutant }) => {
  if (mutant === undefined) {
    workspace.remove()
    process.exit(0)
  }
  try {
    process.send({ id: mutant.id, result: await judge(mutant) })
  } catch (error) {
    process.send({ id: mutant.id, error: error.message })
  }
})
// Whoever started this has ended.
process.on('disconnect', () => {
  workspace.remove()
  process.exit(1)
})
process.send({ ready: true })
