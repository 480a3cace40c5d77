import { AgoraiError } from '@agorai/core'
import type { DenyList } from '../../ports/denyList.js'
import type { Memory } from '../memory.js'

/** What this operator does not serve: by its own decisions, and by the list that others gave it. */
export type Denials = {
  isServed(...targets: readonly string[]): boolean
  /** @throws AgoraiError `taken_down`, which names the record. */
  assertServed(...targets: readonly string[]): void
  /** Whether everything is served, so that nobody needs to be asked what belongs to what. */
  isEmpty(): boolean
}

export function createDenials(memory: Pick<Memory, 'takedowns'>, denyList: DenyList): Denials {
  /** The record of whatever denies it. */
  const recordOf = (target: string): string | undefined => {
    const decided = memory.takedowns.lastOf(target)
    if (decided?.decision.action === 'take-down') return decided.record
    return denyList.has(target) ? 'deny-list' : undefined
  }
  return {
    isServed: (...targets) => targets.every((target) => recordOf(target) === undefined),
    assertServed(...targets) {
      for (const target of targets) {
        const record = recordOf(target)
        if (record === undefined) continue
        const [kind] = target.split(':')
        throw new AgoraiError('taken_down', `This operator has taken down this ${kind}; the record is ${record}.`, {
          details: { record },
        })
      }
    },
    isEmpty: () => denyList.isEmpty() && memory.takedowns.isEmpty(),
  }
}
