import type { ChatMessage, MeteringUnit, ServingApi } from '@agorai/core'

/** What a call used, in whole units. What is not there is 0. */
export type Usage = Partial<Record<MeteringUnit, number>>

export const tensorTypes = [
  'BOOL',
  'UINT8',
  'UINT16',
  'UINT32',
  'UINT64',
  'INT8',
  'INT16',
  'INT32',
  'INT64',
  'FP16',
  'FP32',
  'FP64',
  'BYTES',
] as const

export type TensorType = (typeof tensorTypes)[number]

/** A tensor as the Open Inference Protocol names it; numbers as little-endian bytes, texts as texts. */
export type InferenceTensor = {
  name: string
  datatype: TensorType
  shape: readonly number[]
  data: Uint8Array | readonly string[]
}

export type TensorInfo = {
  name: string
  datatype: TensorType
  /** -1 for a size that the caller chooses. */
  shape: readonly number[]
}

/** Who asks, and until when. Callers have their turns one after the other, however much each of them brings. */
export type Caller = { client: string; signal: AbortSignal }

/** A text to be gone on with, or a chat to be answered. */
export type Prompt = string | readonly ChatMessage[]

export type GenerateRequest = {
  prompt: Prompt
  maxTokens: number
  /** 0 takes the likeliest token always. Undefined is the model's own usual. */
  temperature: number | undefined
  topP: number | undefined
  /** The same seed gives the same tokens. */
  seed: number | undefined
  /** Texts before which the answer ends. */
  stop: readonly string[]
  /** Whether pieces are wanted as they are made; else one that has all may come. */
  streams: boolean
}

/** Tokens that were read and written so far. */
export type TokenUsage = { inputTokens: number; outputTokens: number }

/** The next piece of an answer; the last one says why it is the last, and has the final usage. */
export type GenerateStep = { text: string; usage: TokenUsage; milliseconds: number; finish?: 'stop' | 'length' }

export type Inferred = { outputs: InferenceTensor[]; milliseconds: number }

export type Embedded = { vectors: Float32Array[]; inputTokens: number; milliseconds: number }

/** A model that answers. Every method ends early, and gives up what it holds, once its signal is aborted. */
export type Runtime = {
  apis: readonly ServingApi[]
  inputs: readonly TensorInfo[]
  outputs: readonly TensorInfo[]
  /**
   * How many tokens it would read: exact where the tokenizer is here, else the most that there can be.
   *
   * @throws AgoraiError `model_unsupported` for a model without texts.
   */
  countTokens(prompt: Prompt): number
  /** @throws AgoraiError `invalid_request` for tensors that do not fit, `model_overloaded`, `model_failed` */
  infer(tensors: readonly InferenceTensor[], caller: Caller): Promise<Inferred>
  /** @throws AgoraiError `model_overloaded`, `model_failed`, `upstream_unavailable`, `usage_missing` */
  generate(request: GenerateRequest, caller: Caller): AsyncIterable<GenerateStep>
  /** @throws AgoraiError as `generate` does. */
  embed(texts: readonly string[], caller: Caller): Promise<Embedded>
  /** Gives back its memory. */
  close(): Promise<void>
}

/** The model behind a service: what this node opens itself, or a server that its operator named. */
export type ModelSource =
  | {
      runtime: 'onnx'
      /** Names the bytes: the registry's commitment to the model's version. */
      name: string
      /** How many bytes the file has. */
      bytes: number
      /** The file, opened in memory each time that it is needed. */
      open(): Promise<Uint8Array>
    }
  | { runtime: 'upstream'; asset: bigint; apis: readonly ServingApi[] }

/** Opens models. What is open stays warm as long as there is room. */
export type Inference = {
  /** @throws AgoraiError `model_unsupported`, `model_overloaded`, `upstream_unavailable`, and what `open` throws */
  open(source: ModelSource): Promise<Runtime>
  close(): Promise<void>
}
