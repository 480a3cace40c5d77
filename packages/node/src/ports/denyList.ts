/** What an operator was told by others not to serve: targets as `targetSchema` writes them. */
export type DenyList = {
  has(target: string): boolean
  /** Whether there is anything in it. */
  isEmpty(): boolean
}

export const noDenyList: DenyList = { has: () => false, isEmpty: () => true }
