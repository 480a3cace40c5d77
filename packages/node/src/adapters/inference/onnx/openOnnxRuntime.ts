import { AgoraiError, chatPrompt } from '@agorai/core'
import type { InferenceSession } from 'onnxruntime-node'
import type { Caller, InferenceTensor, Inferred, ModelSource, Prompt, Runtime } from '../../../ports/inference.js'
import { answersByRow } from './answersByRow.js'
import { assertFits } from './assertFits.js'
import { createBatcher, mayBatch } from './createBatcher.js'
import { createQueue } from './createQueue.js'
import type { OpenSession, SessionPool } from './createSessionPool.js'
import { embedTexts } from './embedTexts.js'
import { generateText, type TextModel } from './generateText.js'
import { inspectModel } from './inspectModel.js'
import { fromOrtTensor, tensorInfos, toOrtTensor } from './ortTensors.js'
import { readModelFile } from './readModelFile.js'
import { readTokenizer } from './readTokenizer.js'
import { runSession } from './runSession.js'

export type OnnxOptions = {
  ort: typeof import('onnxruntime-node')
  pool: SessionPool
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
  const { ort, pool, callsMax, batchMs } = options
  let metadata: Record<string, string> = {}
  const open: OpenSession = async (takeRoom) => {
    takeRoom(source.bytes)
    const bytes = await source.open()
    metadata = readModelFile(bytes)
    try {
      return await createSession(options, bytes)
    } finally {
      bytes.fill(0)
    }
  }
  const withSession = <value>(work: (session: InferenceSession) => Promise<value>) => pool.use(source.name, open, work)
  const model = await withSession(async ({ inputMetadata, outputMetadata }) =>
    inspectModel(tensorInfos(inputMetadata), tensorInfos(outputMetadata), readTokenizer(metadata)),
  )
  const { apis, inputs, outputs, tokenizer, generator, embedder } = model
  const queue = createQueue({ callsMax })

  const runAll = async (session: InferenceSession, tensors: readonly InferenceTensor[]): Promise<Inferred> => {
    const feeds = Object.fromEntries(tensors.map((tensor) => [tensor.name, toOrtTensor(ort, tensor)]))
    const { results, milliseconds } = await runSession(session, feeds)
    return { outputs: Object.entries(results).map(([name, tensor]) => fromOrtTensor(name, tensor)), milliseconds }
  }
  const run = (tensors: readonly InferenceTensor[], caller: Caller): Promise<Inferred> =>
    withSession((session) => queue.turn(caller, () => runAll(session, tensors)))
  const isBatched =
    batchMs > 0 &&
    mayBatch([...inputs, ...outputs]) &&
    (await withSession((session) => answersByRow(inputs, (tensors) => runAll(session, tensors))))
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
      try {
        return await runOrBatch(tensors, caller)
      } finally {
        leave()
      }
    },
    async *generate({ prompt, ...request }, caller) {
      const leave = enter(caller, generator)
      try {
        const { session, giveBack } = await pool.hold(source.name, open)
        try {
          const tokens = encode(prompt)
          const parameters = { ort, session, model: generator as TextModel, queue, caller }
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
      try {
        const parameters = { ort, model: embedder as TextModel, queue, caller, texts: texts.map(encode) }
        return await withSession((session) => embedTexts({ ...parameters, session }))
      } finally {
        leave()
      }
    },
    close: () => pool.drop(source.name),
  }
}

/** One thread by default: a node serves many, and a run that takes all cores takes them from the others. */
async function createSession({ ort, threads }: OnnxOptions, bytes: Uint8Array): Promise<InferenceSession> {
  try {
    return await ort.InferenceSession.create(bytes, {
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      logSeverityLevel: 4,
    })
  } catch (cause) {
    throw new AgoraiError('model_unsupported', 'ONNX Runtime does not open it.', { cause })
  }
}

const unsupported = (why: string): AgoraiError => new AgoraiError('model_unsupported', why)
