const view = new DataView(new ArrayBuffer(4))

/** A half-precision float (IEEE 754 binary16) as a number. */
export function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

/** The nearest half-precision float, ties to even. What is too large is infinite. */
export function toHalf(value: number): number {
  view.setFloat32(0, value)
  const sign = (view.getUint32(0) >>> 16) & 0x8000
  const size = Math.abs(value)
  if (Number.isNaN(size)) return 0x7e00
  if (size >= 65_520) return sign | 0x7c00
  // Steps between neighbours are equal below 2^-14 and double with each power of two above it.
  const exponent = Math.max(-14, Math.floor(Math.log2(size || 2 ** -14)))
  const step = 2 ** (exponent - 10)
  const steps = roundToEven(size / step)
  return sign | ((exponent + 14) * 1024 + steps)
}

function roundToEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  if (rest !== 0.5) return Math.round(value)
  return floor % 2 === 0 ? floor : floor + 1
}
