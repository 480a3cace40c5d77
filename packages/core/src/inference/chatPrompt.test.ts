import { expect, test } from 'vitest'
import { chatPrompt } from './chatPrompt.js'

test('a chat is what was said, and the model goes on after it', () => {
  const system = { role: 'system', content: 'Of the sea.' } as const
  const user = { role: 'user', content: 'Tell me of whales' } as const
  expect(chatPrompt([system, user])).toBe('Of the sea.\n\nTell me of whales\n\n')
  expect(chatPrompt([user, { role: 'assistant', content: 'The whale' }])).toBe('Tell me of whales\n\nThe whale')
})
