/** Drawing on a square of grey pixels, 0 (paper) to 1 (ink), row by row. */
export const padSide = 28
const padPixels = padSide * padSide

export type Point = { x: number; y: number }

export const emptyPad = (): Float32Array => new Float32Array(padPixels)

export const isEmptyPad = (pixels: Float32Array): boolean => pixels.every((ink) => ink === 0)

/** Half the width of a stroke, in pixels: about what the digits of the training data have. */
const brush = 1.15

/** A stroke from one point to another, in pixels of the pad. Ink is never taken away by more ink. */
export function drawStroke(pixels: Float32Array, from: Point, to: Point): Float32Array {
  const [dx, dy] = [to.x - from.x, to.y - from.y]
  const length = dx * dx + dy * dy
  return pixels.map((ink, index) => {
    const [x, y] = [(index % padSide) + 0.5, Math.floor(index / padSide) + 0.5]
    const along = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - from.x) * dx + (y - from.y) * dy) / length))
    const distance = Math.hypot(x - from.x - along * dx, y - from.y - along * dy)
    return Math.max(ink, Math.min(1, Math.max(0, brush + 0.5 - distance)))
  })
}

/** The drawing moved so that its centre of mass is the centre of the square, as in the training data. */
export function centrePad(pixels: Float32Array): Float32Array {
  let [mass, sumX, sumY] = [0, 0, 0]
  pixels.forEach((ink, index) => {
    mass += ink
    sumX += ink * ((index % padSide) + 0.5)
    sumY += ink * (Math.floor(index / padSide) + 0.5)
  })
  if (mass === 0) return pixels
  const [right, down] = [Math.round(padSide / 2 - sumX / mass), Math.round(padSide / 2 - sumY / mass)]
  return pixels.map((_, index) => {
    const [x, y] = [(index % padSide) - right, Math.floor(index / padSide) - down]
    return x < 0 || y < 0 || x >= padSide || y >= padSide ? 0 : (pixels[y * padSide + x] ?? 0)
  })
}

/** Pixels written as two hexadecimal digits each, 00 (paper) to ff (ink). */
export function readPixels(hex: string): Float32Array {
  return Float32Array.from({ length: padPixels }, (_, index) => {
    const ink = Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16)
    return Number.isNaN(ink) ? 0 : ink / 255
  })
}
