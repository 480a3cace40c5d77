/** What is wrong with a part of a node's data, and what mends it. */
export type Finding = {
  part: 'journal' | 'charges' | 'content' | 'manifest' | 'key'
  name: string
  problem: string
  remedy: string
  /** Whether something is lost; the rest is worth knowing. */
  isLoss: boolean
}
