import { expect, test } from 'vitest'
import { nameWarning } from './nameWarning.js'

test.each(['Handwritten digits', 'Größe, naïve café', 'Цифры', 'Ψηφία digits', 'MNIST 784-64-10', '手書き数字', ''])(
  '%j is a plain name',
  (name) => {
    expect(nameWarning(name)).toBeUndefined()
  },
)

test.each(['Digit\u200bs', 'stigiD\u202e', 'soft\u00adware', '\u3164'])('%j hides characters', (name) => {
  expect(nameWarning(name)).toBe('This name contains characters that do not show')
})

test.each(['Digit clаssifier', 'Οpen data'])('%j mixes alphabets', (name) => {
  expect(nameWarning(name)).toBe('This name mixes letters of different alphabets in one word')
})
