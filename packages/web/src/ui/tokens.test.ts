import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

const stylesheet = readFileSync(new URL('./tokens.css', import.meta.url), 'utf8')

const tokens = new Map(
  [...stylesheet.matchAll(/--([a-z0-9-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);/g)].map((match) => [
    match[1] ?? '',
    { light: match[2] ?? '', dark: match[3] ?? '' },
  ]),
)

/** WCAG 2.2 relative luminance of an sRGB colour. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(colour.slice(at, at + 2), 16) / 255
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function contrast(first: string, second: string): number {
  const [low = 0, high = 0] = [luminance(first), luminance(second)].sort((a, b) => a - b)
  return (high + 0.05) / (low + 0.05)
}

function colour(name: string, theme: 'light' | 'dark'): string {
  const value = tokens.get(name)
  if (value === undefined) throw new Error(`tokens.css has no --${name}`)
  return value[theme]
}

const themes = ['light', 'dark'] as const
const backgrounds = ['page', 'surface', 'sunken']
const texts = ['ink', 'muted', 'accent', 'accent-strong', 'good', 'care', 'bad']

test('the measure is WCAG’s', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5)
  expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.478, 2)
})

describe.each(themes)('%s theme', (theme) => {
  test.each(texts.flatMap((text) => backgrounds.map((background) => [text, background])))(
    '%s on %s is readable: at least 4.5 to 1',
    (text, background) => {
      expect(contrast(colour(text, theme), colour(background, theme))).toBeGreaterThanOrEqual(4.5)
    },
  )

  test.each([
    ['on-accent', 'accent'],
    ['on-accent', 'accent-strong'],
    ['ink', 'accent-soft'],
    ['muted', 'accent-soft'],
    ['accent', 'accent-soft'],
    ...['good', 'care', 'bad'].flatMap((tone) => [
      [tone, `${tone}-soft`],
      ['ink', `${tone}-soft`],
      ['muted', `${tone}-soft`],
    ]),
  ] as [string, string][])('%s on %s is readable: at least 4.5 to 1', (text, background) => {
    expect(contrast(colour(text, theme), colour(background, theme))).toBeGreaterThanOrEqual(4.5)
  })

  test.each(['edge', 'series-1', 'series-2', 'series-3', 'series-4', 'series-5', 'series-6'])(
    '%s can be told from the surface: at least 3 to 1',
    (mark) => {
      for (const background of backgrounds) {
        expect(contrast(colour(mark, theme), colour(background, theme))).toBeGreaterThanOrEqual(3)
      }
    },
  )
})
