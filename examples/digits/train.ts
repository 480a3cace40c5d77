import { writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { countCorrect } from './evaluate.js'
import { classes, hiddenUnits, type Weights } from './perceptron.js'
import type { ModelFacts } from './publish.js'
import { createRandom, shuffle } from './random.js'
import { type Digits, parseDigits, pixelsPerDigit, readDigitsCsv } from './readDigits.js'
import { toOnnx } from './toOnnx.js'

export type TrainParameters = {
  /** Decides the first weights and the order of the rows. Default 1. */
  seed?: number
  /** Passes over all rows. Default 12. */
  epochs?: number
  /** Step size of the first epoch; it falls linearly to a twentieth in the last. Default 0.05. */
  rate?: number
}

/**
 * Trains a perceptron with one hidden layer (ReLU, softmax, cross-entropy) by stochastic gradient descent, one row a
 * step. Most pixels are paper, which is 0 and moves no weight, so each step visits the inked ones only.
 */
export function train(digits: Digits, parameters: TrainParameters = {}): Weights {
  const { seed = 1, epochs = 12, rate = 0.05 } = parameters
  const random = createRandom(seed)
  const weights = firstWeights(random)
  const { hidden, hiddenBias, output, outputBias } = weights
  const order = Uint32Array.from({ length: digits.rows }, (_, row) => row)
  const inked = new Uint16Array(pixelsPerDigit)
  const active = new Float32Array(hiddenUnits)
  const activeError = new Float32Array(hiddenUnits)
  const error = new Float32Array(classes)

  for (let epoch = 0; epoch < epochs; epoch++) {
    shuffle(order, random)
    const step = rate * (1 - (0.95 * epoch) / Math.max(1, epochs - 1))
    for (const row of order) {
      const pixels = digits.pixels.subarray(row * pixelsPerDigit, (row + 1) * pixelsPerDigit)
      let inkedCount = 0
      active.set(hiddenBias)
      for (let pixel = 0; pixel < pixelsPerDigit; pixel++) {
        const ink = pixels[pixel] as number
        if (ink === 0) continue
        inked[inkedCount++] = pixel
        addScaled(active, hidden, pixel * hiddenUnits, ink / 255)
      }
      error.set(outputBias)
      for (let unit = 0; unit < hiddenUnits; unit++) {
        active[unit] = Math.max(0, active[unit] as number)
        addScaled(error, output, unit * classes, active[unit] as number)
      }
      softmax(error)
      // The derivative of cross-entropy after softmax is probability less one-hot label.
      const label = digits.labels[row] as number
      error[label] = (error[label] as number) - 1

      for (let unit = 0; unit < hiddenUnits; unit++) {
        let sum = 0
        if ((active[unit] as number) > 0) {
          for (let digit = 0; digit < classes; digit++) {
            const index = unit * classes + digit
            sum += (error[digit] as number) * (output[index] as number)
            output[index] = (output[index] as number) - step * (error[digit] as number) * (active[unit] as number)
          }
        }
        activeError[unit] = sum
        hiddenBias[unit] = (hiddenBias[unit] as number) - step * sum
      }
      for (let digit = 0; digit < classes; digit++)
        outputBias[digit] = (outputBias[digit] as number) - step * (error[digit] as number)
      for (let index = 0; index < inkedCount; index++) {
        const pixel = inked[index] as number
        const scale = (-step * (pixels[pixel] as number)) / 255
        const start = pixel * hiddenUnits
        for (let unit = 0; unit < hiddenUnits; unit++)
          hidden[start + unit] = (hidden[start + unit] as number) + scale * (activeError[unit] as number)
      }
    }
  }
  return weights
}

/** Uniform in ±√(6 / inputs), the variance that keeps a ReLU layer's signal (He et al. 2015, eq. 10). */
function firstWeights(random: () => number): Weights {
  const uniform = (inputs: number, outputs: number) => {
    const limit = Math.sqrt(6 / inputs)
    return Float32Array.from({ length: inputs * outputs }, () => (2 * random() - 1) * limit)
  }
  return {
    hidden: uniform(pixelsPerDigit, hiddenUnits),
    hiddenBias: new Float32Array(hiddenUnits),
    output: uniform(hiddenUnits, classes),
    outputBias: new Float32Array(classes),
  }
}

/** target += scale × matrix[start, start + target.length) */
function addScaled(target: Float32Array, matrix: Float32Array, start: number, scale: number): void {
  for (let index = 0; index < target.length; index++)
    target[index] = (target[index] as number) + scale * (matrix[start + index] as number)
}

function softmax(values: Float32Array): void {
  const highest = values.reduce((left, right) => Math.max(left, right))
  let sum = 0
  for (let index = 0; index < values.length; index++) {
    const power = Math.exp((values[index] as number) - highest)
    values[index] = power
    sum += power
  }
  for (let index = 0; index < values.length; index++) values[index] = (values[index] as number) / sum
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const begun = performance.now()
  const weights = train(parseDigits(readDigitsCsv('listed').toString('utf8')))
  const seconds = ((performance.now() - begun) / 1000).toFixed(1)
  const model = toOnnx(weights)
  const heldOut = parseDigits(readDigitsCsv('heldOut').toString('utf8'))
  const facts: ModelFacts = {
    card: {
      intendedUse: 'Reading single handwritten digits, centred in 28 × 28 pixels.',
      training: 'Stochastic gradient descent, seed 1, 12 epochs over the 8,000 listed rows (examples/digits/train.ts).',
      limitations: 'It names a digit whatever it is shown, a letter or a blank too.',
      notes: {
        architecture: 'perceptron 784-64-10: Gemm, Relu, Gemm',
        input: 'pixels float[N, 784], 0 (paper) to 1 (ink)',
        output: 'logits float[N, 10], one for each digit',
      },
    },
    heldOut: { correct: await countCorrect(model, heldOut), total: heldOut.rows },
  }
  writeFileSync(new URL('model.onnx', import.meta.url), model)
  writeFileSync(new URL('model.json', import.meta.url), `${JSON.stringify(facts, null, 2)}\n`)
  console.log(`model.onnx: ${model.length} bytes, trained in ${seconds} s`)
  console.log(`held out: ${facts.heldOut.correct} of ${facts.heldOut.total} right`)
}
