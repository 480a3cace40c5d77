import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { parseStrictJson, parseWith } from './strictJson.js'

const refused = expect.objectContaining({ code: 'invalid_request' })
const bytes = (...values: (number | string)[]) =>
  Buffer.concat(values.map((value) => (typeof value === 'string' ? Buffer.from(value) : Buffer.of(value))))

describe('strict JSON', () => {
  test('reads every JSON value as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) => {
        fc.pre(!/__proto__|constructor|prototype|\\u0000/.test(text))
        expect(parseStrictJson(text)).toEqual(JSON.parse(text))
        expect(parseStrictJson(new TextEncoder().encode(text))).toEqual(JSON.parse(text))
      }),
      { numRuns: 2_000 },
    )
  })

  test.each([
    ['null', null],
    [' \t\r\n[ ] ', []],
    ['{"":{"":0}}', { '': { '': 0 } }],
    ['-0', -0],
    ['1E+2', 100],
    ['4e-400', 0],
    ['"\\ud83d\\ude00\\u00e9\\/"', '😀é/'],
    ['"\u2028\u2029\u007f"', '\u2028\u2029\u007f'],
    ['{"a":"{[,\\"","b":["}"]}', { a: '{[,"', b: ['}'] }],
    ['{"a":{"x":1},"b":{"x":1}}', { a: { x: 1 }, b: { x: 1 } }],
    ['[{"a":1},{"a":1}]', [{ a: 1 }, { a: 1 }]],
    ['{"a":"a","A":"a"}', { a: 'a', A: 'a' }],
    ['["a","a"]', ['a', 'a']],
    ['{"a\\\\":1,"b\\\\\\"":2}', { 'a\\': 1, 'b\\"': 2 }],
  ])('accepts %s', (text, value) => {
    expect(parseStrictJson(text)).toEqual(value)
  })

  test.each([
    ['nothing', ''],
    ['white space', ' '],
    ['two values', '1 2'],
    ['a trailing comma', '[1,]'],
    ['a trailing comma in an object', '{"a":1,}'],
    ['a comma alone', '[,]'],
    ['a missing value', '{"a":}'],
    ['a key without quotes', '{a:1}'],
    ['single quotes', "{'a':1}"],
    ['a missing colon', '{"a" 1}'],
    ['an open array', '[1'],
    ['an open string', '"a'],
    ['a string open after a backslash', '"a\\"'],
    ['a bracket too many', '[]]'],
    ['the wrong bracket', '[1}'],
    ['brackets only', ']}]}'],
    ['a leading zero', '01'],
    ['a plus', '+1'],
    ['a hexadecimal number', '0x10'],
    ['a fraction without digits', '1.'],
    ['a number without a whole part', '.5'],
    ['an exponent without digits', '1e'],
    ['NaN', 'NaN'],
    ['Infinity', '[-Infinity]'],
    ['an upper-case literal', 'True'],
    ['undefined', 'undefined'],
    ['a comment', '[1/**/]'],
    ['a raw new line in a string', '"a\nb"'],
    ['a raw tab in a string', '"a\tb"'],
    ['a raw NUL', '"a\0b"'],
    ['a NUL after the value', '1\0'],
    ['an unknown escape', '"\\x41"'],
    ['a short escape', '"\\u12"'],
    ['a form feed as white space', '\f1'],
    ['a no-break space as white space', '\u00a01'],
    ['a number that is infinite', '1e400'],
    ['a negative number that is infinite, deep inside', '{"a":[{"b":-1e999}]}'],
    ['an escaped NUL', '"\\u0000"'],
    ['an escaped NUL in a key', '{"\\u0000":1}'],
    ['an escaped lone high surrogate', '"\\ud800"'],
    ['an escaped lone low surrogate', '["\\udc00x"]'],
    ['surrogates in the wrong order', '"\\ude00\\ud83d"'],
    ['a lone surrogate in a key', '{"\\udfff":1}'],
    ['a raw lone surrogate', '"\ud800"'],
    ['a byte order mark', '\ufeff{}'],
    ['a key twice', '{"a":1,"a":1}'],
    ['a key twice with others between', '{"a":1,"b":{"a":2},"c":[{"a":3}],"a":4}'],
    ['a key twice, once escaped', '{"a":1,"\\u0061":2}'],
    ['an empty key twice', '{"":1,"":2}'],
    ['__proto__', '{"__proto__":{"admin":true}}'],
    ['__proto__, escaped', '{"a":[{"\\u005f_proto__":1}]}'],
    ['constructor', '{"constructor":{"prototype":{}}}'],
    ['prototype', '{"prototype":1}'],
  ])('refuses %s', (_, text) => {
    expect(() => parseStrictJson(text)).toThrow(refused)
    if (text.isWellFormed()) expect(() => parseStrictJson(new TextEncoder().encode(text))).toThrow(refused)
  })

  test.each([
    ['a byte order mark', bytes(0xef, 0xbb, 0xbf, '{}')],
    ['a continuation byte alone', bytes('"', 0x80, '"')],
    ['an overlong slash', bytes('"', 0xc0, 0xaf, '"')],
    ['an overlong NUL', bytes('"', 0xc0, 0x80, '"')],
    ['a surrogate in UTF-8', bytes('"', 0xed, 0xa0, 0x80, '"')],
    ['a code point above the last', bytes('"', 0xf4, 0x90, 0x80, 0x80, '"')],
    ['UTF-16', Buffer.from('{"a":1}', 'utf16le')],
    ['a cut character', bytes('"', 0xe2, 0x82)],
  ])('refuses bytes with %s', (_, body) => {
    expect(() => parseStrictJson(body)).toThrow(refused)
  })

  test('answers depth before anything is built', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
    expect(parseStrictJson(nested(32))).toEqual(JSON.parse(nested(32)))
    expect(() => parseStrictJson(nested(33))).toThrow(refused)
    expect(() => parseStrictJson(nested(5), { depthMax: 4 })).toThrow(refused)
    const hostile = ['['.repeat(100_000), nested(100_000), '{"a":'.repeat(100_000), '[{"a":'.repeat(300_000)]
    const started = performance.now()
    for (const text of hostile) expect(() => parseStrictJson(text)).toThrow(refused)
    expect(performance.now() - started).toBeLessThan(250)
  })

  test('takes time in proportion to the text', () => {
    const hostile = [
      `"${'\\'.repeat(2_000_000)}`,
      `"${'\\"'.repeat(1_000_000)}"`,
      '"'.repeat(2_000_001),
      ','.repeat(4_000_000),
    ]
    for (const text of hostile) {
      const started = performance.now()
      try {
        parseStrictJson(text)
      } catch (error) {
        expect(error).toEqual(refused)
      }
      expect(performance.now() - started).toBeLessThan(2_000)
    }
  })

  test('counts bytes, not characters', () => {
    const text = `"${'€'.repeat(10)}"`
    expect(parseStrictJson(text, { bytesMax: 32 })).toBe('€'.repeat(10))
    const tooLarge = expect.objectContaining({ code: 'payload_too_large', details: { bytesMax: 31 } })
    expect(() => parseStrictJson(text, { bytesMax: 31 })).toThrow(tooLarge)
    expect(() => parseStrictJson(new TextEncoder().encode(text), { bytesMax: 31 })).toThrow(tooLarge)
    expect(() => parseStrictJson(new Uint8Array(4 * 1024 * 1024 + 1))).toThrow(
      expect.objectContaining({ code: 'payload_too_large' }),
    )
  })

  test('an error does not repeat what was sent', () => {
    for (const text of [
      '{"secret',
      '["secret"',
      '{"a":1,"a":"secret"}',
      '"secret\\ud800"',
      'secret',
      '{"secret":1,"secret":2}',
    ])
      expect(() => parseStrictJson(text)).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining('secret') }),
      )
  })
})

describe('parseWith', () => {
  const schema = z.strictObject({ offer: z.strictObject({ prices: z.array(z.number().int()) }) })

  test('returns what the schema makes of it', () => {
    expect(parseWith(schema, { offer: { prices: [1] } })).toEqual({ offer: { prices: [1] } })
    expect(parseWith(z.string().transform(BigInt), '7')).toBe(7n)
  })

  test('names the field', () => {
    expect(() => parseWith(schema, { offer: { prices: [1, 'x'] } })).toThrow(
      expect.objectContaining({ code: 'invalid_request', field: 'offer.prices.1' }),
    )
    expect(() => parseWith(schema, 1, 'manifest_invalid')).toThrow(
      expect.objectContaining({ code: 'manifest_invalid' }),
    )
    expect(() => parseWith(schema, { offer: { prices: [] }, secret: 1 })).toThrow(
      expect.objectContaining({ shortMessage: 'The value: has a field that is not known here.' }),
    )
  })

  test('says what is missing, and what else is wrong, so that nobody is told of one thing at a time', () => {
    const stated = z.object({ name: z.string(), tags: z.array(z.string()), pages: z.object({ first: z.number() }) })
    expect(() => parseWith(stated, { pages: {} })).toThrow(
      expect.objectContaining({ field: 'name', shortMessage: 'name: is missing. Also wrong: tags, pages.first.' }),
    )
    const many = Object.fromEntries(Array.from({ length: 20 }, (_, place) => [`key${place}`, 'x']))
    expect(() => parseWith(z.record(z.string(), z.number()), many)).toThrow(/Also wrong: (key\d+, ){7}key\d+\.$/)
  })

  test('shows a key that a stranger chose short and plain', () => {
    const value = { [`<script>\u202e${'k'.repeat(10_000)}`]: 'x' }
    expect(() => parseWith(z.record(z.string(), z.number()), value)).toThrow(
      expect.objectContaining({ field: expect.stringMatching(/^[\w?$@:-]{1,60}$/) }),
    )
  })
})
