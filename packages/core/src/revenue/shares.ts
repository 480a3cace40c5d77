/**
 * The shares of one amount by weight, each rounded down, and where each interval of weight begins. What is computed lies in
 * flat buffers; a value becomes a bigint when it is read, so a million leaves cost no million objects.
 */
export type Shares = {
  readonly length: number
  /** The weights before this one. */
  startOf(index: number): bigint
  /** ⌊amount · weight ∕ sum of weights⌋ */
  amountOf(index: number): bigint
}

/** Up to here remainders, and twice their sums, are exact in doubles. */
const doubleSumMax = 2n ** 50n

/**
 * Shares an amount out by weight, exactly.
 *
 * @param amount Base units, at least 0.
 * @param leaves Weights above 0, together below 2^64.
 */
export function shareOut(amount: bigint, leaves: readonly { weight: bigint }[]): Shares {
  const starts = new BigUint64Array(leaves.length + 1)
  let sum = 0n
  let index = 0
  for (const { weight } of leaves) {
    starts[index++] = sum
    sum = BigInt.asUintN(64, sum + BigInt.asUintN(64, weight))
  }
  starts[index] = sum
  const startOf = (at: number): bigint => starts[at] ?? 0n
  const weightOf = (at: number): bigint => startOf(at + 1) - startOf(at)
  if (sum === 0n || sum > doubleSumMax)
    return { length: leaves.length, startOf, amountOf: (at) => (amount * weightOf(at)) / sum }

  // With amount = each·sum + rest, the share of w is each·w + ⌊rest·w ∕ sum⌋, and all of the second term are doubles.
  const [each, rest] = [amount / sum, amount % sum]
  const fractions = floorsOf(Number(rest), leaves, Number(sum))
  return {
    length: leaves.length,
    startOf,
    amountOf: (at) => each * weightOf(at) + BigInt(fractions[at] ?? 0),
  }
}

/** Cuts a double in two halves of 26 bits (Veltkamp), so that products of halves are exact. */
const splitter = 2 ** 27 + 1

/** ⌊rest · weight ∕ sum⌋ of each leaf; rest and weights are at most the sum. */
function floorsOf(rest: number, leaves: readonly { weight: bigint }[], sum: number): Float64Array {
  const floors = new Float64Array(leaves.length)
  const [restHigh, sumHigh] = [highOf(rest), highOf(sum)]
  const [restLow, sumLow] = [rest - restHigh, sum - sumHigh]
  let index = 0
  for (const leaf of leaves) {
    const weight = Number(leaf.weight)
    const weightHigh = highOf(weight)
    const product = rest * weight
    const productError = errorOf(product, restHigh, restLow, weightHigh, weight - weightHigh)
    let floor = Math.floor(product / sum)
    const floorHigh = highOf(floor)
    const taken = floor * sum
    const takenError = errorOf(taken, sumHigh, sumLow, floorHigh, floor - floorHigh)
    // The products are within a few sums of one another, so each difference is exact.
    let left = product - taken + (productError - takenError)
    for (; left < 0; left += sum) floor--
    for (; left >= sum; left -= sum) floor++
    floors[index++] = floor
  }
  return floors
}

function highOf(value: number): number {
  const scaled = value * splitter
  return scaled - (scaled - value)
}

/** What a product lost when it was rounded (Dekker): factors are given by their halves. */
const errorOf = (product: number, aHigh: number, aLow: number, bHigh: number, bLow: number): number =>
  aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow)
