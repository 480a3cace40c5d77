/** Ends a text before the first of some texts that may not be in it. */
export type StopText = {
  /** What can be told so far. `stopped`: one of them came, and nothing more is told. */
  push(text: string): { text: string; stopped: boolean }
  /** What was held back, once no more comes. */
  rest(): string
}

/** Holds back what may be the beginning of a stop text, until it shows whether it is. */
export function createStopText(stops: readonly string[]): StopText {
  let held = ''
  return {
    push(text) {
      held += text
      const found = stops.map((stop) => held.indexOf(stop)).filter((at) => at >= 0)
      if (found.length > 0) return { text: held.slice(0, Math.min(...found)), stopped: true }
      const keep = Math.max(0, ...stops.map((stop) => longestStart(held, stop)))
      const told = held.slice(0, held.length - keep)
      held = held.slice(held.length - keep)
      return { text: told, stopped: false }
    },
    rest: () => held,
  }
}

/** How many of the last characters of a text are the first of another. */
function longestStart(text: string, stop: string): number {
  for (let length = Math.min(text.length, stop.length - 1); length > 0; length--)
    if (text.endsWith(stop.slice(0, length))) return length
  return 0
}
