import { writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { createBytePairCoder, type Merge } from '@agorai/core'
import * as ort from 'onnxruntime-node'
import { createRandom, shuffle } from '../digits/random.js'
import { context, type Parameters, parameterNames, shapesOf, toOnnx, toTrainingOnnx } from './graph.js'
import { learnBytePairs } from './learnBytePairs.js'
import { readTexts } from './texts.js'

export const tokens = 1_024
/** What stands before a text begins: an empty line. */
export const before = 10

const batch = 256
const highestRate = 0.001
const options = { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 } as const

/** Texts one after the other, each begun anew: `ids[starts[k]]` is the k-th token that is to be foretold. */
export function toSamples(coder: { encode(text: string): number[] }, texts: readonly string[]) {
  const ids: number[] = []
  const targets: number[] = []
  for (const text of texts) {
    for (let at = 0; at < context; at++) ids.push(before)
    for (const token of coder.encode(text)) {
      targets.push(ids.length)
      ids.push(token)
    }
  }
  return { ids: Int32Array.from(ids), targets: Int32Array.from(targets) }
}

type Samples = ReturnType<typeof toSamples>

function takeBatch({ ids, targets }: Samples, from: number, to: number) {
  const count = to - from
  const seen = new BigInt64Array(count * context)
  const next = new BigInt64Array(count)
  for (let row = 0; row < count; row++) {
    const place = targets[from + row] as number
    next[row] = BigInt(ids[place] as number)
    for (let at = 0; at < context; at++) seen[row * context + at] = BigInt(ids[place - context + at] as number)
  }
  return {
    count,
    input_ids: new ort.Tensor('int64', seen, [count, context]),
    target: new ort.Tensor('int64', next, [count]),
  }
}

/** One pass over all samples, forward, backward and Adam inside ONNX Runtime. */
export async function train(
  samples: Samples,
  { seed, onStep }: { seed: number; onStep(done: number, loss: number): void },
): Promise<Parameters> {
  const random = createRandom(seed)
  shuffle(samples.targets, random)
  const session = await ort.InferenceSession.create(toTrainingOnnx(tokens), options)
  let state = firstState(random)
  const steps = Math.floor(samples.targets.length / batch)
  for (let done = 1; done <= steps; done++) {
    const { count, ...feeds } = takeBatch(samples, (done - 1) * batch, done * batch)
    const falling = 0.5 * (1 + Math.cos((Math.PI * done) / steps))
    const corrected = (highestRate * Math.max(0.02, falling) * Math.sqrt(1 - 0.999 ** done)) / (1 - 0.9 ** done)
    const scalar = (value: number) => new ort.Tensor('float32', Float32Array.of(value), [])
    const results = await session.run({ ...feeds, ...state, share: scalar(1 / count), rate: scalar(corrected) })
    onStep(done / steps, Number(results.loss?.data[0]))
    state = Object.fromEntries(Object.keys(state).map((name) => [name, results[`${name}Next`] as ort.Tensor]))
  }
  await session.release()
  return Object.fromEntries(parameterNames.map((name) => [name, state[name]?.data])) as Parameters
}

/** Weights uniform in ±√(3 / inputs), everything else zero. */
function firstState(random: () => number): Record<string, ort.Tensor> {
  const state: Record<string, ort.Tensor> = {}
  for (const [name, shape] of Object.entries(shapesOf(tokens))) {
    const length = shape.reduce((product, side) => product * side, 1)
    const limit = shape.length === 1 ? 0 : name === 'table' ? 0.5 : Math.sqrt(3 / (shape[0] as number))
    const values = Float32Array.from({ length }, () => (2 * random() - 1) * limit)
    state[name] = new ort.Tensor('float32', values, shape)
    for (const moment of ['First', 'Second'])
      state[`${name}${moment}`] = new ort.Tensor('float32', new Float32Array(length), shape)
  }
  return state
}

/** Mean cross-entropy of a model on samples, in nats a token. */
export async function measureLoss(model: Uint8Array, samples: Samples): Promise<number> {
  const session = await ort.InferenceSession.create(model, options)
  let sum = 0
  for (let from = 0; from < samples.targets.length; from += batch) {
    const { count, input_ids, target } = takeBatch(samples, from, Math.min(from + batch, samples.targets.length))
    const logits = (await session.run({ input_ids })).logits?.data as Float32Array
    for (let row = 0; row < count; row++) {
      const own = logits.subarray(row * tokens, (row + 1) * tokens)
      const highest = own.reduce((left, right) => Math.max(left, right))
      const total = own.reduce((all, value) => all + Math.exp(value - highest), 0)
      sum += Math.log(total) + highest - (own[Number(target.data[row])] as number)
    }
  }
  await session.release()
  return sum / samples.targets.length
}

/** What stands in the model's file beside its graph: how text becomes its tokens. */
export const tokenizerNotes = (merges: readonly Merge[]): Record<string, string> => ({
  'agorai.tokenizer': JSON.stringify({ kind: 'byte-pair', before, merges }),
})

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const begun = performance.now()
  const texts = readTexts()
  const merges = learnBytePairs(texts.training, tokens)
  const coder = createBytePairCoder(merges)
  const samples = toSamples(coder, texts.training)
  console.log(`${samples.targets.length} tokens to learn from, ${merges.length} merges`)
  let shown = 0
  let average = Math.log(tokens)
  const parameters = await train(samples, {
    seed: 1,
    onStep(done, loss) {
      average = 0.99 * average + 0.01 * loss
      if (done < shown) return
      shown = done + 0.01
      console.log(`${Math.round(100 * done)} %, ${average.toFixed(3)} nats a token`)
    },
  })
  const model = toOnnx(parameters, tokens, tokenizerNotes(merges))
  const heldOut = toSamples(coder, texts.heldOut)
  const loss = await measureLoss(model, heldOut)
  const seconds = Math.round((performance.now() - begun) / 1000)
  const facts = {
    card: {
      intendedUse: 'Showing how a text model is sold by the token. It continues a text in the tone of what it read.',
      training: `Adam, seed 1, one pass over ${samples.targets.length} tokens of the texts (examples/language/train.ts).`,
      limitations: 'It sees 16 tokens, answers no question, knows no fact, and repeats the views of its sources.',
      notes: {
        architecture: `token table 1024 x 48, 16 tokens side by side, 512 rectified units, 1024 logits`,
        tokenizer: 'byte pairs, 1024 tokens, in the metadata of the file as agorai.tokenizer',
        heldOut: `${loss.toFixed(3)} nats a token on ${heldOut.targets.length} tokens that it has not seen`,
      },
    },
  }
  writeFileSync(new URL('model.onnx', import.meta.url), model)
  writeFileSync(new URL('model.json', import.meta.url), `${JSON.stringify(facts, null, 2)}\n`)
  console.log(`model.onnx: ${model.length} bytes, trained in ${seconds} s`)
  console.log(`held out: ${facts.card.notes.heldOut}`)
}
