/** The chain moved, or two answers contradict each other: nothing is kept, and it is asked again. */
export class ChainInconsistentError extends Error {
  override readonly name = 'ChainInconsistentError'
}
