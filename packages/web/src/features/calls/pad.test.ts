import { expect, test } from 'vitest'
import { centrePad, drawStroke, emptyPad, isEmptyPad, padSide, readPixels } from './pad.js'

const inkAt = (pixels: Float32Array, x: number, y: number) => pixels[y * padSide + x]

test('a stroke inks what it passes, and more ink takes none away', () => {
  const once = drawStroke(emptyPad(), { x: 5.5, y: 3.5 }, { x: 5.5, y: 20.5 })
  expect([inkAt(once, 5, 3), inkAt(once, 5, 20), inkAt(once, 6, 10)]).toEqual([1, 1, expect.closeTo(0.65)])
  expect([inkAt(once, 8, 10), inkAt(once, 5, 24)]).toEqual([0, 0])
  const twice = drawStroke(once, { x: 0.5, y: 10.5 }, { x: 10.5, y: 10.5 })
  expect(twice.every((ink, index) => ink >= (once[index] ?? 0))).toBe(true)
  expect(isEmptyPad(emptyPad())).toBe(true)
  expect(isEmptyPad(drawStroke(emptyPad(), { x: 14, y: 14 }, { x: 14, y: 14 }))).toBe(false)
})

test('a drawing in a corner is moved to the middle, and loses nothing of it', () => {
  const corner = drawStroke(emptyPad(), { x: 3.5, y: 3.5 }, { x: 3.5, y: 9.5 })
  const centred = centrePad(corner)
  const sum = (pixels: Float32Array) => pixels.reduce((total, ink) => total + ink, 0)
  expect(sum(centred)).toBeCloseTo(sum(corner))
  expect(inkAt(centred, 14, 14)).toBe(1)
  expect(inkAt(centred, 3, 3)).toBe(0)
  expect(isEmptyPad(centrePad(emptyPad()))).toBe(true)
})

test('written pixels are read', () => {
  const pixels = readPixels(`00ff80${'00'.repeat(781)}`)
  expect([pixels.length, pixels[0], pixels[1], pixels[2]]).toEqual([784, 0, 1, expect.closeTo(0.502)])
  expect(isEmptyPad(readPixels(''))).toBe(true)
})
