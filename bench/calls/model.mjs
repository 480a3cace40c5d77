// The model behind a handler: as many multiplications of a matrix as take the time for which the goal is set.
import { createRequire } from 'node:module'
import { slowModel } from '../../packages/node/dist/adapters/inference/onnx/testModels.js'

const runtime = createRequire(new URL('../../packages/node/package.json', import.meta.url))('onnxruntime-node')
const side = 256
const timesMax = 64
const runs = 2_000

/** @returns What runs one inference of so many multiplications, on this thread. */
export async function openModel(times) {
  const one = { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential' }
  const session = await runtime.InferenceSession.create(slowModel(times), one)
  const x = new runtime.Tensor('float32', new Float32Array(side).fill(0.5), [1, side])
  return () => session.run({ x })
}

/** @returns How many multiplications take at least so many CPU-µs here, and how long they take. */
export async function calibrate(microseconds) {
  for (let times = 1; times <= timesMax; times++) {
    const infer = await openModel(times)
    for (let run = 0; run < runs; run++) await infer()
    const before = process.cpuUsage()
    for (let run = 0; run < runs; run++) await infer()
    const { user, system } = process.cpuUsage(before)
    const taken = (user + system) / runs
    if (taken >= microseconds) return { times, taken }
  }
  throw new Error(`${timesMax} multiplications take less than ${microseconds} µs.`)
}
