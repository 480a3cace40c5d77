import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { expect, test } from 'vitest'
import { commands } from './commands.js'
import { createOutput } from './output/output.js'

/** What README.md and docs/ tell people to type is what the commands take. */

const root = fileURLToPath(new URL('../../../', import.meta.url))
const documents = ['README.md', ...readdirSync(`${root}docs`).map((name) => `docs/${name}`)].filter((name) =>
  name.endsWith('.md'),
)

/** Command lines in blocks of code, and in backticks where they name an option. */
function linesOf(text: string): string[] {
  const blocks = [...text.matchAll(/```\w*\n([\s\S]*?)```/g)].flatMap(([, block = '']) => block.split('\n'))
  const inline = [...text.matchAll(/`(agorai [^`\n]+)`/g)].map(([, line = '']) => line)
  return [...blocks, ...inline].flatMap((line) => /^\s*(?:\$ )?(?:npx )?agorai (.*)/.exec(line)?.[1] ?? [])
}

/** The words of a line, without what stands in quotes, and without comments, pipes and redirections. */
const wordsOf = (line: string): string[] =>
  line
    .replace(/"[^"]*"|'[^']*'/g, 'text')
    .split(/\s+[#>|]/)[0]
    ?.split(/\s+/)
    .filter((word) => word !== '') ?? []

async function commandOf([name = '', second = '']: readonly string[]): Promise<Command | undefined> {
  const command = await commands[name]?.load()
  const built = command?.(createOutput(false))
  return built?.commands.find((inner) => inner.name() === second) ?? built
}

test.each(documents)(
  'every command of %s is there, with every option',
  async (name) => {
    for (const line of linesOf(readFileSync(`${root}${name}`, 'utf8'))) {
      const words = wordsOf(line)
      if (words[0]?.startsWith('-')) continue
      const command = await commandOf(words)
      expect(command, line).toBeDefined()
      const known = command?.options.map(({ long }) => long) ?? []
      for (const option of words.filter((word) => word.startsWith('--')))
        expect(['--help', ...known], line).toContain(option.replace(/=.*|[,.;]+$/g, ''))
    }
  },
  60_000,
)

test('every file that a command of README.md takes from the repository is there', () => {
  const files = [...readFileSync(`${root}README.md`, 'utf8').matchAll(/^npx agorai .*$/gm)]
    .flatMap(([line]) => line.split(' '))
    .filter((word) => word.includes('/') && !word.includes('://'))
  expect(files.length).toBeGreaterThan(0)
  for (const file of files) expect(readFileSync(`${root}${file}`).length).toBeGreaterThan(0)
})
