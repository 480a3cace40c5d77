import { setFlagsFromString } from 'node:v8'
import { runInThisContext } from 'node:vm'
import { expect, test } from 'vitest'
import { withHeader } from './withHeader.js'

setFlagsFromString('--allow-natives-syntax')
const areOfOneKind = runInThisContext('(one, other) => %HaveSameMap(one, other)')

test('headers have one more, and all that are made so are of one kind', () => {
  const headers = { 'content-type': 'text/plain' }
  const [one, other] = ['1', '2'].map((value) => withHeader(headers, 'agorai-receipt', value))
  expect(one).toEqual({ 'content-type': 'text/plain', 'agorai-receipt': '1' })
  expect(areOfOneKind(one, other)).toBe(true)
  expect(withHeader(headers, 'content-type', 'text/html')).toEqual({ 'content-type': 'text/html' })
  expect(headers).toEqual({ 'content-type': 'text/plain' })
})
