import { expect, test } from 'vitest'
import { createFieldProfile } from './profileFields.js'

function typesOf(...rows: unknown[][]): string[] {
  const profile = createFieldProfile()
  for (const row of rows)
    profile.add(
      row.map((_, index) => `c${index}`),
      row,
    )
  return profile.fields().map(({ type }) => type)
}

test('a column has the narrowest type that holds all its values', () => {
  expect(typesOf(['1', '1', 'true', 'a', '-0.5e3', ''], ['-20', '2.5', 'false', '1', '7', ''])).toEqual([
    'integer',
    'number',
    'boolean',
    'string',
    'number',
    'string',
  ])
  expect(typesOf([1, 1, true, null, 'a', []], [2, 0.5, 'no', 3, 4, []])).toEqual([
    'integer',
    'number',
    'string',
    'integer',
    'string',
    'mixed',
  ])
  expect(typesOf(['1', 'true'], ['', '0'])).toEqual(['integer', 'mixed'])
  expect(typesOf(['007'], ['1'])).toEqual(['string'])
})

test('columns keep the order in which they came, also when a row lacks one', () => {
  const profile = createFieldProfile()
  profile.add(['b', 'a'], [1, 2])
  profile.add(['c', 'a'], ['x', 0.5])
  expect(profile.fields()).toEqual([
    { name: 'b', type: 'integer' },
    { name: 'a', type: 'number' },
    { name: 'c', type: 'string' },
  ])
})
