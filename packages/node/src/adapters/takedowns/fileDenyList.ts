import { readFileSync, statSync } from 'node:fs'
import { AgoraiError, targetSchema } from '@agorai/core'
import type { DenyList } from '../../ports/denyList.js'

const lookEveryMs = 1_000

/**
 * A deny-list in a file: one target a line, `#` begins a comment. It is read again when it changes; one that is spoilt
 * then leaves what was read before in force.
 *
 * @throws AgoraiError `config_invalid` when it cannot be read at the start.
 */
export function openFileDenyList(path: string, onWarning: (message: string) => void): DenyList {
  let stamp = stampOf(path)
  let targets = read(path)
  let lookedAt = performance.now()

  function current(): ReadonlySet<string> {
    if (performance.now() - lookedAt < lookEveryMs) return targets
    lookedAt = performance.now()
    const seen = stampOf(path)
    if (seen === stamp) return targets
    stamp = seen
    try {
      targets = read(path)
    } catch (error) {
      onWarning(`The deny-list stays as it was. ${error instanceof AgoraiError ? error.shortMessage : ''}`)
    }
    return targets
  }
  return { has: (target) => current().has(target), isEmpty: () => current().size === 0 }
}

/** Changes whenever the file does; the same while there is none. */
function stampOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false })
  return found === undefined ? '' : `${found.mtimeMs}/${found.size}/${found.ino}`
}

function read(path: string): ReadonlySet<string> {
  const refuse = (why: string, cause?: unknown) =>
    new AgoraiError('config_invalid', `AGORAI_DENY_LIST: ${why}`, { field: 'AGORAI_DENY_LIST', cause })
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw refuse('the file cannot be read.', cause)
  }
  const targets = new Set<string>()
  for (const [index, line] of text.split('\n').entries()) {
    const target = line.replace(/#.*/, '').trim()
    if (target === '') continue
    const parsed = targetSchema.safeParse(target)
    if (!parsed.success) throw refuse(`line ${index + 1} is no target such as cid:bafy… or asset:12.`)
    targets.add(parsed.data)
  }
  return targets
}
