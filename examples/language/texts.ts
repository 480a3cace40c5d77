import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

const read = (name: string): string[] =>
  gunzipSync(readFileSync(new URL(`data/${name}.txt.gz`, import.meta.url)))
    .toString('utf8')
    .split(/\n{2,}/)
    .filter((paragraph) => paragraph.trim() !== '')

/** Every so many paragraphs one is kept from the training, to be measured on. */
const heldOutEvery = 50

/** What the model learns from and what it is measured on: paragraphs of speeches, then of the novel. */
export function readTexts(): { training: string[]; heldOut: string[] } {
  const paragraphs = ['speeches', 'novel'].flatMap(read)
  const isHeldOut = (index: number) => index % heldOutEvery === heldOutEvery - 1
  return {
    training: paragraphs.filter((_, index) => !isHeldOut(index)),
    heldOut: paragraphs.filter((_, index) => isHeldOut(index)),
  }
}
