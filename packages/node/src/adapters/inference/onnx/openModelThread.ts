import { Worker } from 'node:worker_threads'
import { AgoraiError } from '@agorai/core'
import type { InferenceTensor, Inferred, TensorInfo } from '../../../ports/inference.js'
import { fromOrtTensor, tensorInfos, toOrtTensor } from './ortTensors.js'
import type { Answer, OrtTensor, Question } from './threadMessages.js'

/** A model that is open. */
export type ModelSession = {
  inputs: readonly TensorInfo[]
  outputs: readonly TensorInfo[]
  /** @throws AgoraiError `model_failed`, also when its thread ends before it has answered */
  run(tensors: readonly InferenceTensor[]): Promise<Inferred>
  /** Resolves when it can run nothing more, because it was released or by itself. */
  ended: Promise<void>
  /** Gives back its memory, once what runs has ended. */
  release(): Promise<void>
}

type Waiting = { resolve(answer: Answer): void; reject(reason: unknown): void }

/**
 * Opens a model in a thread of its own, so that its runs hold up nobody else's requests. A thread is never ended while it
 * runs a model: ONNX Runtime would end the process with it.
 *
 * @param bytes The file; it is moved to the thread, and nothing of it is left here.
 * @param threads Threads of one run.
 * @throws AgoraiError `model_unsupported`
 */
export async function openModelThread(bytes: Uint8Array, threads: number): Promise<ModelSession> {
  const { ask, ended, release } = startThread()
  const isWhole = bytes.byteLength === bytes.buffer.byteLength
  const model = isWhole ? bytes : bytes.slice()
  if (!isWhole) bytes.fill(0)
  try {
    const { inputs = [], outputs = [] } = await ask({ kind: 'open', model, threads }, [model.buffer as ArrayBuffer])
    return { inputs: tensorInfos(inputs), outputs: tensorInfos(outputs), run, ended, release }
  } catch (cause) {
    await release()
    if (cause instanceof AgoraiError) throw cause
    throw new AgoraiError('model_unsupported', 'ONNX Runtime does not open it.', { cause })
  }

  async function run(tensors: readonly InferenceTensor[]): Promise<Inferred> {
    const feeds = tensors.map(toOrtTensor)
    try {
      const { results = [], milliseconds = 0 } = await ask({ kind: 'run', feeds }, buffersOf(feeds))
      return { outputs: results.map(fromOrtTensor), milliseconds }
    } catch (cause) {
      if (cause instanceof AgoraiError) throw cause
      throw new AgoraiError('model_failed', 'ONNX Runtime refused the input, or failed at it.', { cause })
    }
  }
}

/** Each tensor was made for the thread alone, so its memory is moved there. */
const buffersOf = (tensors: readonly OrtTensor[]): ArrayBuffer[] =>
  tensors.flatMap(({ data }) => (ArrayBuffer.isView(data) ? [data.buffer as ArrayBuffer] : []))

/** A thread that answers questions. */
function startThread() {
  // It needs none of the settings, some of which are secrets.
  const worker = new Worker(new URL('./sessionThread.js', import.meta.url), { env: {}, execArgv: [] })
  const waiting = new Map<number, Waiting>()
  let last = 0
  let failure: unknown
  let isOver = false
  let releasing: Promise<void> | undefined

  const tooLate = () => new AgoraiError('model_failed', 'The thread of the model ended.', { cause: failure })
  worker.on('error', (error) => {
    failure = error
  })
  worker.on('message', ({ id, ...answer }: { id: number } & Answer) => {
    const asked = waiting.get(id)
    waiting.delete(id)
    if ('error' in answer) asked?.reject(answer.error)
    else asked?.resolve(answer)
  })
  const ended = new Promise<void>((resolve) => {
    worker.once('exit', () => {
      isOver = true
      for (const { reject } of waiting.values()) reject(tooLate())
      waiting.clear()
      resolve()
    })
  })

  function ask(question: Question, moved: ArrayBuffer[] = []): Promise<Answer> {
    if (isOver || (releasing !== undefined && question.kind !== 'close')) return Promise.reject(tooLate())
    last += 1
    const id = last
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject })
      worker.postMessage({ id, ...question }, moved)
    })
  }

  async function close(): Promise<void> {
    // The caller sees the promise of this first, so that nothing more is asked.
    await Promise.resolve()
    while (waiting.size > 0 && !isOver) await nextAnswer()
    await ask({ kind: 'close' }).catch(() => {})
    await ended
  }
  const nextAnswer = () =>
    new Promise<void>((resolve) => {
      worker.once('message', () => resolve())
      worker.once('exit', () => resolve())
    })

  return {
    ask,
    ended,
    release(): Promise<void> {
      releasing ??= close()
      return releasing
    },
  }
}
