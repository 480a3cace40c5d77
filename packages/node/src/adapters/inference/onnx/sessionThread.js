import { parentPort } from 'node:worker_threads'
import { InferenceSession, Tensor } from 'onnxruntime-node'

/**
 * What runs in a model's own thread. It is JavaScript, so that a thread starts from the sources as from what is built.
 *
 * @import { MessagePort } from 'node:worker_threads'
 * @import { Answer, OpenQuestion, Question, RunQuestion } from './threadMessages.js'
 */

const port = /** @type {MessagePort} */ (parentPort)

/** @type {InferenceSession | undefined} */
let session

/** @param {OpenQuestion} question */
async function open({ model, threads }) {
  try {
    // One thread by default: a node serves many, and a run that takes all cores takes them from the others.
    const options = {
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: /** @type {const} */ ('sequential'),
    }
    session = await InferenceSession.create(model, { ...options, logSeverityLevel: 4 })
  } finally {
    model.fill(0)
  }
  const { inputMetadata, outputMetadata } = session
  return { inputs: [...inputMetadata], outputs: [...outputMetadata] }
}

/** @param {RunQuestion} question */
async function run({ feeds }) {
  const tensors = Object.fromEntries(feeds.map(({ name, type, data, dims }) => [name, new Tensor(type, data, dims)]))
  let begun = 0
  // The run is queued as an immediate, too: this one comes right before it, so that waiting is not measured with it.
  setImmediate(() => {
    begun = performance.now()
  })
  const given = await /** @type {InferenceSession} */ (session).run(tensors)
  const milliseconds = performance.now() - begun
  const results = Object.entries(given).map(([name, { type, data, dims }]) => ({ name, type, data, dims }))
  return { results, milliseconds }
}

/** @param {Question} question @returns {Promise<Answer>} */
async function answerTo(question) {
  if (question.kind === 'open') return open(question)
  if (question.kind === 'run') return run(question)
  await session?.release()
  return {}
}

/** @param {Answer} answer */
const buffersOf = ({ results = [] }) => [
  ...new Set(
    results.flatMap(({ data }) => (ArrayBuffer.isView(data) ? [/** @type {ArrayBuffer} */ (data.buffer)] : [])),
  ),
]

port.on('message', async (/** @type {{ id: number } & Question} */ { id, ...question }) => {
  try {
    const answer = await answerTo(/** @type {Question} */ (question))
    port.postMessage({ id, ...answer }, buffersOf(answer))
  } catch (error) {
    port.postMessage({ id, error })
  }
  // Nothing else keeps the thread, so it ends.
  if (question.kind === 'close') port.close()
})
