import { expect, test } from 'vitest'
import { contentNameOf } from './deliveryFolder.js'

const named = (fileName: string) =>
  contentNameOf({ content: { plaintext: { fileName } } } as Parameters<typeof contentNameOf>[0])

test('a content keeps its name, unless it is the name of what lies beside it', () => {
  expect(named('digits.csv')).toBe('digits.csv')
  expect(named('manifest.json')).toBe('content-manifest.json')
  expect(named('Delivery.JSON')).toBe('content-Delivery.JSON')
})
