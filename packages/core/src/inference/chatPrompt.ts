/** Who said something in a chat. */
export type ChatRole = 'system' | 'user' | 'assistant'

export type ChatMessage = { role: ChatRole; content: string }

/**
 * A chat as one text, for models that go on with a text and know no roles: what was said, an empty line between, and an
 * empty line after it unless the last word is the model's own, with which it then goes on. Nothing is added that a model
 * could take for an instruction, and nothing makes it answer: it continues.
 */
export function chatPrompt(messages: readonly ChatMessage[]): string {
  const said = messages.map(({ content }) => content).join('\n\n')
  return messages.at(-1)?.role === 'assistant' ? said : `${said}\n\n`
}
