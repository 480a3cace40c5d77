import type { Usage } from '@agorai/core'

/** What a pass allows, as a word and as the end of a sentence. */
export const usageWords: Record<Usage, { name: string; allows: string }> = {
  evaluation: { name: 'Evaluation', allows: 'look at it and judge it, and nothing else' },
  personal: { name: 'Personal use', allows: 'use it for yourself, not for an organisation' },
  internal: { name: 'Internal use', allows: 'use it inside your organisation' },
  inference: { name: 'Inference', allows: 'run it to make predictions' },
  train: { name: 'Training', allows: 'train models on it' },
  redistribute: { name: 'Redistribution', allows: 'pass it on to others' },
  exclusive: { name: 'Exclusive use', allows: 'use it as its only buyer' },
}
