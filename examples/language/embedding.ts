import { readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { createBytePairCoder, type Merge } from '@agorai/core'
import onnxProto from 'onnx-proto'
import * as ort from 'onnxruntime-node'
import { toEmbeddingOnnx, width } from './graph.js'
import { readTexts } from './texts.js'
import { tokenizerNotes, tokens } from './train.js'

/** How much more a rare token says than a frequent one (Arora, Liang and Ma 2017, smooth inverse frequency). */
const smoothing = 0.001
const paragraphsMeasured = 1_000
const tokensLeast = 32

type Coder = { encode(text: string): number[] }

/** The table of the language model, and its tokenizer, as its file has them. */
export function readLanguageModel(): { table: Float32Array; merges: Merge[] } {
  const bytes = readFileSync(new URL('model.onnx', import.meta.url))
  const { graph, metadataProps } = onnxProto.onnx.ModelProto.decode(bytes)
  const raw = graph?.initializer?.find(({ name }) => name === 'table')?.rawData ?? new Uint8Array()
  const notes = metadataProps.find(({ key }) => key === 'agorai.tokenizer')?.value ?? ''
  return { table: new Float32Array(Uint8Array.from(raw).buffer), merges: JSON.parse(notes).merges }
}

/** Weights of the tokens by how often they come, and the vector that all texts have in common. */
export function weighTokens(coder: Coder, texts: readonly string[], table: Float32Array) {
  const counts = new Float64Array(tokens)
  const coded = texts.map((text) => coder.encode(text))
  for (const ids of coded) for (const id of ids) counts[id] = (counts[id] ?? 0) + 1
  const all = counts.reduce((sum, count) => sum + count, 0)
  const weights = Float32Array.from(counts, (count) => smoothing / (smoothing + count / all))
  const common = new Float32Array(width)
  for (const ids of coded) {
    const sum = ids.reduce((total, id) => total + (weights[id] ?? 0), 0)
    for (const id of ids)
      for (let at = 0; at < width; at++)
        common[at] = (common[at] ?? 0) + ((table[id * width + at] ?? 0) * (weights[id] ?? 0)) / sum / coded.length
  }
  return { weights, common }
}

/** How often the nearest of all second halves of paragraphs is that of the same paragraph. */
export async function measureHalves(model: Uint8Array, coder: Coder, texts: readonly string[]) {
  const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 1, interOpNumThreads: 1 })
  const embed = async (ids: readonly number[]): Promise<Float32Array> => {
    const input = new ort.Tensor('int64', BigInt64Array.from(ids, BigInt), [1, ids.length])
    return (await session.run({ input_ids: input })).embedding?.data as Float32Array
  }
  const long = texts.map((text) => coder.encode(text)).filter((ids) => ids.length >= tokensLeast)
  const halves = long.slice(0, paragraphsMeasured)
  const firsts: Float32Array[] = []
  const seconds: Float32Array[] = []
  for (const ids of halves) {
    const middle = Math.floor(ids.length / 2)
    firsts.push(await embed(ids.slice(0, middle)))
    seconds.push(await embed(ids.slice(middle)))
  }
  await session.release()
  const near = (left: Float32Array, right: Float32Array) => left.reduce((sum, x, at) => sum + x * (right[at] ?? 0), 0)
  const right = firsts.filter((first, own) => {
    const likeness = seconds.map((second) => near(first, second))
    return likeness.indexOf(Math.max(...likeness)) === own
  })
  return { right: right.length, of: halves.length }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { table, merges } = readLanguageModel()
  const coder = createBytePairCoder(merges)
  const texts = readTexts()
  const model = toEmbeddingOnnx({ table, ...weighTokens(coder, texts.training, table) }, tokens, tokenizerNotes(merges))
  const { right, of } = await measureHalves(model, coder, texts.heldOut)
  const facts = {
    card: {
      intendedUse: 'Showing how vectors of texts are sold. Texts of the same matter and tone come near to one another.',
      training:
        'Vectors of tokens from the language model, weighed by how rarely they come in its texts, without what all texts have in common (examples/language/embedding.ts).',
      limitations: 'It knows words of speeches and of one novel, no order of words, and no other language.',
      notes: {
        architecture: `token table ${tokens} x ${width}, weighted mean, length 1`,
        heldOut: `of ${of} paragraphs that it has not seen, ${right} have their other half as the nearest of all`,
      },
    },
  }
  writeFileSync(new URL('embedding.onnx', import.meta.url), model)
  writeFileSync(new URL('embedding.json', import.meta.url), `${JSON.stringify(facts, null, 2)}\n`)
  console.log(`embedding.onnx: ${model.length} bytes; ${facts.card.notes.heldOut}`)
}
