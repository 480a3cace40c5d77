import { useState } from 'react'

const saidMs = 2_000

/** Copies a text, and what to say of it for a moment. */
export function useCopy(text: string): { said: string; copy: () => Promise<void> } {
  const [said, setSaid] = useState('')
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text)
      setSaid('Copied')
    } catch {
      setSaid('Not copied: select the text instead')
    }
    window.setTimeout(() => setSaid(''), saidMs)
  }
  return { said, copy }
}
