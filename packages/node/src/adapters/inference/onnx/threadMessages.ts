import type { InferenceSession, Tensor } from 'onnxruntime-node'

/** A tensor as ONNX Runtime has it, in a form that goes from thread to thread. */
export type OrtTensor = { name: string; type: Tensor.Type; dims: readonly number[]; data: Tensor.DataType }

export type OpenQuestion = { kind: 'open'; model: Uint8Array; threads: number }
export type RunQuestion = { kind: 'run'; feeds: readonly OrtTensor[] }
/** What a model's thread is asked. Each question has an id, which its answer has, too. */
export type Question = OpenQuestion | RunQuestion | { kind: 'close' }

export type Answer = {
  /** Of `open`. */
  inputs?: readonly InferenceSession.ValueMetadata[]
  outputs?: readonly InferenceSession.ValueMetadata[]
  /** Of `run`. */
  results?: readonly OrtTensor[]
  milliseconds?: number
  /** Why there is no answer. */
  error?: unknown
}
