import { expect, test } from 'vitest'
import { type Facts, payersOf } from './readFacts.js'

const facts = (payees: [bigint, bigint[]][]): Facts => ({
  assets: new Map(),
  payees: new Map(payees),
  debtors: [],
  offers: [],
  tokens: [],
  members: new Map(),
  proofs: [],
})

test('everything that pays a version is found, step by step, and nothing else', () => {
  const graph = facts([
    [2n, [1n]],
    [3n, [2n]],
    [4n, [3n]],
    [5n, [4n, 9n]],
    [8n, [7n]],
  ])
  expect([...payersOf(graph, [1n])].sort()).toEqual([1n, 2n, 3n, 4n, 5n])
  expect([...payersOf(graph, [4n])].sort()).toEqual([4n, 5n])
  expect([...payersOf(graph, [7n, 4n])].sort()).toEqual([4n, 5n, 7n, 8n])
  expect([...payersOf(graph, [])]).toEqual([])
})

test('the order in which the logs told it does not matter', () => {
  const graph = facts([
    [5n, [4n]],
    [4n, [3n]],
    [3n, [1n]],
  ])
  expect([...payersOf(graph, [1n])].sort()).toEqual([1n, 3n, 4n, 5n])
})

test('liens may lead in a circle', () => {
  const graph = facts([
    [1n, [2n]],
    [2n, [1n]],
    [3n, [1n]],
  ])
  expect([...payersOf(graph, [1n])].sort()).toEqual([1n, 2n, 3n])
})
