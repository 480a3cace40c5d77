import { expect, test } from 'vitest'
import { operatorReceiverOf } from './operatorReceiverOf.js'

const operatorReceivers = '0x1111111111111111111111111111111111111111'
const operator = '0x2222222222222222222222222222222222222222'

test("an operator's receiver follows from the factory and the operator", () => {
  const receiver = operatorReceiverOf({ operatorReceivers }, operator)
  expect(receiver).toMatch(/^0x[\da-fA-F]{40}$/)
  expect(operatorReceiverOf({ operatorReceivers }, operatorReceivers)).not.toBe(receiver)
  expect(operatorReceiverOf({ operatorReceivers: operator }, operator)).not.toBe(receiver)
})
