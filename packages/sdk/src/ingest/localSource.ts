import type { ContentSource } from '../publishing/measureContent.js'
import type { ContentFormat } from './detectFormat.js'

/** A content on this machine, or one that can be read as if it were, and what it is. */
export type LocalSource = ContentSource & {
  format: ContentFormat
  /** The file itself, where there is one: programs that read files need no copy of it. */
  path?: string
  /** What was left out of a folder, and why. */
  leftOut?: readonly { path: string; reason: string }[]
  /** Removes the temporary copy that it is read from, where there is one. */
  close?(): Promise<void>
}
