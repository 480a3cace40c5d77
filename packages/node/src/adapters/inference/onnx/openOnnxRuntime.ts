import { AgoraiError, chatPrompt } from '@agorai/core'
import type { Caller, InferenceTensor, Inferred, ModelSource, Prompt, Runtime } from '../../../ports/inference.js'
import { createQueue } from '../createQueue.js'
import { answersByRow } from './answersByRow.js'
import { assertFits } from './assertFits.js'
import { createBatcher, mayBatch } from './createBatcher.js'
import type { OpenSession, SessionPool } from './createSessionPool.js'
import { embedTexts } from './embedTexts.js'
import { generateText, type TextModel } from './generateText.js'
import { inspectModel } from './inspectModel.js'
import { type ModelSession, openModelThread } from './openModelThread.js'
import { readModelFile } from './readModelFile.js'
import { readTokenizer } from './readTokenizer.js'

export type OnnxOptions = {
  pool: SessionPool
  /** Threads of one run. */
  threads: number
  /** Most calls of a model that are under way or wait. */
  callsMax: number
  /** How long calls are gathered, in milliseconds; 0 runs each alone. */
  batchMs: number
}

const batchRowsMax = 64

/**
 * Opens an ONNX model: its bytes are in memory only, and its session stays in the pool until others need the room.
 *
 * @throws AgoraiError `model_unsupported`, `model_overloaded`, and what the source throws
 */
export async function openOnnxRuntime(
  options: OnnxOptions,
  source: Extract<ModelSource, { runtime: 'onnx' }>,
): Promise<Runtime> {
  const { pool, threads, callsMax, batchMs } = options
  let metadata: Record<string, string> = {}
  const open: OpenSession = async (takeRoom) => {
    takeRoom(source.bytes)
    const bytes = await source.open()
    metadata = readModelFile(bytes)
    return openModelThread(bytes, threads)
  }
  const withSession = <value>(work: (session: ModelSession) => Promise<value>) => pool.use(source.name, open, work)
  const model = await withSession(async ({ inputs, outputs }) => inspectModel(inputs, outputs, readTokenizer(metadata)))
  const { apis, inputs, outputs, tokenizer, generator, embedder } = model
  // A run uses the thread that all of the model's share.
  const queue = createQueue({ callsMax, runsMax: 1 })

  const run = (tensors: readonly InferenceTensor[], caller: Caller): Promise<Inferred> =>
    withSession((session) => queue.turn(caller, () => session.run(tensors)))
  const isBatched =
    batchMs > 0 &&
    mayBatch([...inputs, ...outputs]) &&
    (await withSession((session) => answersByRow(inputs, session.run)))
  const runOrBatch = isBatched ? createBatcher({ windowMs: batchMs, rowsMax: batchRowsMax, run }) : run

  const encode = (prompt: Prompt): number[] => {
    if (tokenizer === undefined) throw unsupported('It brings no tokenizer, so it takes tensors only.')
    return tokenizer.encode(typeof prompt === 'string' ? prompt : chatPrompt(prompt))
  }
  const enter = (caller: Caller, textModel: TextModel | undefined): (() => void) => {
    if (textModel === undefined) throw unsupported('It does not answer this kind of call.')
    return queue.enter(caller.client)
  }

  return {
    apis,
    inputs,
    outputs,
    countTokens: (prompt) => encode(prompt).length,
    async infer(tensors, caller) {
      assertFits(inputs, tensors)
      const leave = queue.enter(caller.client)
      return untilGivenUp(runOrBatch(tensors, caller).finally(leave), caller)
    },
    async *generate({ prompt, ...request }, caller) {
      const leave = enter(caller, generator)
      try {
        const { session, giveBack } = await pool.hold(source.name, open)
        try {
          const tokens = encode(prompt)
          const parameters = { session, model: generator as TextModel, queue, caller }
          yield* generateText({ ...parameters, request: { ...request, tokens } })
        } finally {
          await giveBack()
        }
      } finally {
        leave()
      }
    },
    async embed(texts, caller) {
      const leave = enter(caller, embedder)
      const embedding = withSession((session) => {
        const parameters = { model: embedder as TextModel, queue, caller, texts: texts.map(encode) }
        return embedTexts({ ...parameters, session })
      })
      return untilGivenUp(embedding.finally(leave), caller)
    },
    close: () => pool.drop(source.name),
  }
}

/** Whoever gives up does not wait for what has begun, which holds its place until it has ended. */
function untilGivenUp<value>(running: Promise<value>, { signal }: Caller): Promise<value> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(signal.reason)
    if (signal.aborted) giveUp()
    signal.addEventListener('abort', giveUp, { once: true })
    running.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp))
  })
}

const unsupported = (why: string): AgoraiError => new AgoraiError('model_unsupported', why)
