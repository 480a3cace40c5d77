export const hiddenUnits = 64
export const classes = 10

/** Weights of a 784-64-10 perceptron. `hidden[p * 64 + h]` and `output[h * 10 + c]` are row-major, input first. */
export type Weights = {
  hidden: Float32Array
  hiddenBias: Float32Array
  output: Float32Array
  outputBias: Float32Array
}
