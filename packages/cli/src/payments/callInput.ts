import { readFile } from 'node:fs/promises'
import { AgoraiError, parseStrictJson, type ServedServiceInfo, type ServingApi } from '@agorai/core'
import { type Greys, readImage } from './readImage.js'

export type InputOptions = {
  prompt?: string
  input?: string
  image?: string
  row?: string
  maxTokens?: string
  api?: ServingApi
}

export type CallInput = { api: ServingApi; body: Record<string, unknown> }

/**
 * What is sent, from what was typed: a prompt for a text service, a picture or a row of numbers for a model of tensors, or
 * the API's own body from a file.
 *
 * @throws AgoraiError `invalid_request`
 */
export async function readInput(service: ServedServiceInfo, options: InputOptions): Promise<CallInput> {
  const { prompt, input, image, row } = options
  const given = [prompt, input, image, row].filter((each) => each !== undefined)
  if (given.length !== 1)
    throw wrong('Give one of --prompt, --input, --image and --row.', given.length === 0 ? 'prompt' : 'input')
  if (prompt !== undefined) return fromPrompt(service, prompt, options)
  if (input !== undefined) {
    const [api] = options.api === undefined ? service.serving.apis : [options.api]
    if (api === undefined) throw wrong('The service has no API.', 'api')
    return { api, body: await readBody(input) }
  }
  if (row !== undefined) return toTensor(service, row.split(',').map(toNumber))
  return toTensor(service, toInk(readImage(await readBytes(image ?? '', 'image')), sideOf(service)))
}

function fromPrompt({ serving }: ServedServiceInfo, prompt: string, options: InputOptions): CallInput {
  const texts = ['chat', 'completions', 'embeddings'] as const
  const api = options.api ?? texts.find((each) => serving.apis.includes(each))
  if (api === undefined || api === 'infer')
    throw wrong('This service takes no text: give --image, --row or --input.', 'prompt')
  if (api === 'embeddings') return { api, body: { input: prompt } }
  const max_tokens = options.maxTokens === undefined ? {} : { max_tokens: toNumber(options.maxTokens) }
  return api === 'chat'
    ? { api, body: { messages: [{ role: 'user', content: prompt }], ...max_tokens } }
    : { api, body: { prompt, ...max_tokens } }
}

/** One row for the one tensor of numbers that the model takes. */
function toTensor({ inputs }: ServedServiceInfo, data: readonly number[]): CallInput {
  const [input, another] = inputs
  if (input === undefined || another !== undefined || !/^(FP|INT|UINT)/.test(input.datatype))
    throw wrong('The service takes something else than one tensor of numbers: give --input.', 'input')
  const wanted = input.shape.slice(1).reduce((product, size) => product * size, 1)
  if (wanted > 0 && wanted !== data.length)
    throw wrong(`It takes ${wanted} numbers, and these are ${data.length}.`, 'row')
  const shape = input.shape.map((size, index) => (index === 0 ? 1 : size < 0 ? data.length : size))
  return { api: 'infer', body: { inputs: [{ name: input.name, datatype: input.datatype, shape, data: [...data] }] } }
}

/** The side of the square picture that the model takes. */
function sideOf({ inputs: [input] }: ServedServiceInfo): number {
  const side = Math.sqrt((input?.shape ?? []).slice(1).reduce((product, size) => product * size, 1))
  if (Number.isInteger(side) && side > 1) return side
  throw wrong('The service takes no square picture: give --row or --input.', 'image')
}

/** Ink from 0 to 1 on a square of so many pixels, each the mean of what lies in it. Dark on light counts as ink. */
function toInk({ width, height, values }: Greys, side: number): number[] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const inkOf = (grey: number): number => (mean > 0.5 ? 1 - grey : grey)
  return Array.from({ length: side * side }, (_, index) => {
    const [left, top] = [index % side, Math.floor(index / side)]
    const xs = spanOf(left, side, width)
    const ys = spanOf(top, side, height)
    let sum = 0
    for (let y = ys.from; y < ys.to; y++) for (let x = xs.from; x < xs.to; x++) sum += inkOf(values[y * width + x] ?? 0)
    return sum / ((xs.to - xs.from) * (ys.to - ys.from))
  })
}

function spanOf(cell: number, cells: number, pixels: number): { from: number; to: number } {
  const from = Math.floor((cell * pixels) / cells)
  return { from, to: Math.max(from + 1, Math.floor(((cell + 1) * pixels) / cells)) }
}

async function readBody(path: string): Promise<Record<string, unknown>> {
  const body = parseStrictJson(await readBytes(path, 'input'))
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Record<string, unknown>
  throw wrong(`${path} does not hold a JSON object.`, 'input')
}

async function readBytes(path: string, field: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (cause) {
    throw new AgoraiError('invalid_request', `${path} cannot be read.`, { field, cause })
  }
}

function toNumber(text: string): number {
  const number = text.trim() === '' ? Number.NaN : Number(text)
  if (Number.isFinite(number)) return number
  throw wrong(`"${text.slice(0, 20)}" is no number.`, 'row')
}

const wrong = (message: string, field: string): AgoraiError => new AgoraiError('invalid_request', message, { field })
