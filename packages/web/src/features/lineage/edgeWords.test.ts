import { expect, test } from 'vitest'
import { edgeClass, edgeSentence } from './edgeWords.js'

const names = new Map([
  ['2', 'Answers'],
  ['1', 'Digits'],
])
const edge = { from: '2', to: '1', bps: 1000, inherited: false }

test('every kind of edge has its sentence', () => {
  const said = (['royalty', 'supply', 'member'] as const).map((kind) =>
    edgeSentence({ ...edge, kind }, names).replaceAll('\u00a0', ' '),
  )
  expect(said).toEqual([
    'Answers owes Digits 10 % of its sales.',
    'Answers sells the work of Digits and owes it 10 % of its sales.',
    'Answers gathers Digits and gives it 10 % of what it keeps.',
  ])
  expect(edgeSentence({ ...edge, kind: 'royalty', inherited: true }, new Map()).replaceAll('\u00a0', ' ')).toBe(
    'Version 2 owes version 1 10 % of its sales, inherited.',
  )
})

test('no two strokes are drawn alike', () => {
  const classes = [
    edgeClass({ kind: 'royalty', inherited: false }),
    edgeClass({ kind: 'royalty', inherited: true }),
    edgeClass({ kind: 'supply', inherited: false }),
    edgeClass({ kind: 'member', inherited: false }),
  ]
  expect(new Set(classes).size).toBe(4)
})
