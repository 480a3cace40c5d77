import type { Caller, InferenceTensor, Inferred, TensorInfo } from '../../../ports/inference.js'
import { joinTensors, splitTensors } from './joinTensors.js'

export type BatcherOptions = {
  /** How long the first of a batch waits for others, in milliseconds. */
  windowMs: number
  /** Most rows that are run together. */
  rowsMax: number
  /** Runs tensors, in the turn of the caller. */
  run(tensors: readonly InferenceTensor[], caller: Caller): Promise<Inferred>
}

type Waiting = {
  tensors: readonly InferenceTensor[]
  rows: number
  caller: Caller
  resolve(inferred: Inferred): void
  reject(reason: unknown): void
}

/** Whether rows of a model may stand in one batch, as far as its inputs and outputs say: only their number is free. */
export const mayBatch = (infos: readonly TensorInfo[]): boolean =>
  infos.every(({ datatype, shape: [rows, ...sides] }) => datatype !== 'BYTES' && rows === -1 && !sides.includes(-1))

/**
 * Runs what several ask for at the same time in one go, and gives each its rows. Where that fails, each is run alone, so
 * that nobody suffers from what another sent. The time of a run is shared by rows.
 */
export function createBatcher({ windowMs, rowsMax, run }: BatcherOptions): BatcherOptions['run'] {
  let waiting: Waiting[] = []
  let gathering = false

  async function runAlone({ tensors, caller, resolve, reject }: Waiting): Promise<void> {
    await run(tensors, caller).then(resolve, reject)
  }

  async function runTogether(batch: readonly Waiting[]): Promise<void> {
    const left = batch.filter(({ caller, reject }) => {
      if (caller.signal.aborted) reject(caller.signal.reason)
      return !caller.signal.aborted
    })
    const [first, second] = left
    if (first === undefined) return
    if (second === undefined) return runAlone(first)
    const counts = left.map(({ rows }) => rows)
    const all = counts.reduce((sum, rows) => sum + rows, 0)
    try {
      const joined = joinTensors(left.map(({ tensors }) => tensors))
      // No one of them may give up what all of them asked for.
      const { signal } = new AbortController()
      const { outputs, milliseconds } = await run(joined, { client: first.caller.client, signal })
      const shares = splitTensors(outputs, counts)
      for (const [index, { rows, resolve }] of left.entries())
        resolve({ outputs: shares[index] ?? [], milliseconds: (milliseconds * rows) / all })
    } catch {
      for (const one of left) await runAlone(one)
    }
  }

  function flush(): void {
    gathering = false
    const all = waiting
    waiting = []
    let batch: Waiting[] = []
    let rows = 0
    for (const one of all) {
      if (rows + one.rows > rowsMax && batch.length > 0) {
        void runTogether(batch)
        batch = []
        rows = 0
      }
      batch.push(one)
      rows += one.rows
    }
    void runTogether(batch)
  }

  return (tensors, caller) =>
    new Promise((resolve, reject) => {
      const rows = tensors[0]?.shape[0] ?? 1
      // What has other numbers of rows in its tensors is for the model to refuse, alone.
      if (rows >= rowsMax || tensors.some(({ shape }) => shape[0] !== rows)) {
        void run(tensors, caller).then(resolve, reject)
        return
      }
      waiting.push({ tensors, rows, caller, resolve, reject })
      if (gathering) return
      gathering = true
      setTimeout(flush, windowMs)
    })
}
