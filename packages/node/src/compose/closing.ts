export type Closing = {
  add(...closes: (() => Promise<void>)[]): void
  /** Closed after everything else. */
  addLast(close: () => Promise<void>): void
  isClosing(): boolean
  /** Last opened, first closed; each is closed even if another cannot be. Again, it does nothing. */
  close(): Promise<void>
}

/** What was opened, in the order in which it was. */
export function createClosing(onFailure: (cause: unknown) => void): Closing {
  const closes: (() => Promise<void>)[] = []
  let closing = false
  return {
    add: (...more) => void closes.push(...more),
    addLast: (close) => void closes.unshift(close),
    isClosing: () => closing,
    async close() {
      closing = true
      for (const close of closes.splice(0).reverse()) await close().catch(onFailure)
    },
  }
}
