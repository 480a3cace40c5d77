import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { commands } from './commands.js'
import { createOutput } from './output/output.js'

test('the list says of each command what the command says of itself', async () => {
  for (const [name, { description, load }] of Object.entries(commands)) {
    const command = (await load())(createOutput(false))
    expect({ name: command.name(), description: command.description() }).toEqual({ name, description })
  }
}, 60_000)

test('every file of a command is on the list', () => {
  const files = readdirSync(new URL('./commands/', import.meta.url)).filter((file) => !file.includes('.test.'))
  expect(Object.keys(commands)).toHaveLength(files.length)
})
