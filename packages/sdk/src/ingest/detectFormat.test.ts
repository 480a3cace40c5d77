import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { detectFormat } from './detectFormat.js'

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0))
const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))

/** `pickle.dumps({'weights': [1.5, 2, None], 'run': print})` of every protocol, and what others make of it. */
const pickles = {
  'protocol 0': bytes(`(dp0\nVweights\np1\n(lp2\nF1.5\naI2\naNasVrun\np3\nc__builtin__\nprint\np4\ns.`),
  'protocol 1': hex(
    '7d71002858070000007765696768747371015d710228473ff80000000000004b024e6558030000007275 6e7103635f5f6275696c74696e5f5f0a7072696e740a7104752e',
  ),
  'protocol 2': hex(
    '80027d71002858070000007765696768747371015d710228473ff80000000000004b024e6558030000007275 6e7103635f5f6275696c74696e5f5f0a7072696e740a7104752e',
  ),
  'protocol 3': hex(
    '80037d71002858070000007765696768747371015d710228473ff80000000000004b024e65580300000072756e7103636275696c74696e730a7072696e740a7104752e',
  ),
  'protocol 4': hex(
    '8004953a000000000000007d94288c077765696768747394 5d9428473ff80000000000004b024e658c0372756e948c086275696c74696e73948c057072696e749493 94752e',
  ),
  'protocol 5': hex(
    '8005953a000000000000007d94288c077765696768747394 5d9428473ff80000000000004b024e658c0372756e948c086275696c74696e73948c057072696e749493 94752e',
  ),
  'an exploit of protocol 0': bytes(`cos\nsystem\n(S'rm -rf /'\ntR.`),
  'the old form of torch.save': hex('80028a0a6cfc9c46f9206aa850192e8002 4de9032e'),
}

describe('what runs code when it is loaded is refused', () => {
  test.each(Object.entries(pickles))('a pickle of %s, whatever its name', (_, head) => {
    expect(() => detectFormat('weights.bin', head)).toThrow(
      expect.objectContaining({ code: 'unsafe_format', shortMessage: expect.stringContaining('safetensors') }),
    )
  })

  test.each(Object.entries(pickles))('a pickle of %s that is longer than its head', (_, head) => {
    if (head.length < 40) return
    expect(() => detectFormat('weights.bin', head.subarray(0, head.length - 3))).toThrow(
      expect.objectContaining({ code: 'unsafe_format' }),
    )
  })

  test.each(
    'a.pkl a.PICKLE a.pt a.pth a.ckpt a.joblib a.keras a.h5 a.hdf5 a.exe a.dll a.so a.jar a.bat sub/a.pt'.split(' '),
  )('%s by its name', (name) => {
    expect(() => detectFormat(name, bytes('anything'))).toThrow(expect.objectContaining({ code: 'unsafe_format' }))
  })

  test.each([
    ['a PyTorch archive', bytes(`PK\x03\x04${'\0'.repeat(26)}archive/data.pkl`)],
    ['HDF5', bytes('\x89HDF\r\n\x1a\n')],
    ['a NumPy array of objects', bytes(`\x93NUMPY\x01\0v\0{'descr': '|O', 'fortran_order': False, 'shape': (3,), }`)],
    [
      'a NumPy record with objects',
      bytes(`\x93NUMPY\x01\0v\0{'descr': [('a', '<i4'), ('b', 'O')], 'fortran_order': False}`),
    ],
    ['ELF', bytes('\x7fELF\x02\x01\x01')],
    ['PE', bytes(`MZ\x90\0\x03${'\0'.repeat(55)}\x40\0\0\0PE\0\0`)],
    ['Mach-O', bytes('\xcf\xfa\xed\xfe\x07\0\0\x01')],
    ['Mach-O for many machines, and Java', bytes('\xca\xfe\xba\xbe\0\0\0\x02')],
  ])('%s by its bytes', (_, head) => {
    expect(() => detectFormat('weights.bin', head)).toThrow(expect.objectContaining({ code: 'unsafe_format' }))
  })

  test('text and numbers are not taken for pickles', () => {
    for (const text of [
      'city\nBerlin\nNairobi\n',
      'c\nd\n.',
      'a,b\n1,2\n',
      '.',
      'N.',
      'I1\n.',
      '(lp0\n.',
      'so it goes\n',
      '# title\n',
    ])
      expect(detectFormat('a.txt', bytes(text)).family).toBe('text')
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (text) => {
        detectFormat('a.txt', new TextEncoder().encode(text))
      }),
      { numRuns: 2_000 },
    )
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 64, maxLength: 256 }), (head) => {
        if (head[0] === 0x4d || head[0] === 0x80 || (head[0] ?? 0) > 0xc0) return
        detectFormat('a.bin', head)
      }),
      { numRuns: 2_000 },
    )
  })
})

test.each([
  ['a.csv', 'a,b\n', 'csv', 'table', 'text/csv'],
  ['parameters.csv', 'PAR1,ID3\n1,2\n', 'csv', 'table', 'text/csv'],
  ['A.TSV', 'a\tb\n', 'tsv', 'table', 'text/tab-separated-values'],
  ['a.ndjson', '{}\n', 'jsonl', 'table', 'application/jsonl'],
  ['a.bin', 'PAR1....', 'parquet', 'table', 'application/vnd.apache.parquet'],
  ['a.feather', 'ARROW1\0\0', 'arrow', 'table', 'application/vnd.apache.arrow.file'],
  ['a.arrows', '\xff\xff\xff\xff\x10\0\0\0........', 'arrow', 'table', 'application/vnd.apache.arrow.stream'],
  ['a.gguf', 'GGUF\x03\0\0\0', 'binary', 'gguf', 'application/octet-stream'],
  ['a.bin', '\x40\0\0\0\0\0\0\0{"a', 'binary', 'safetensors', 'application/octet-stream'],
  ['a.onnx', '\x08\x08', 'binary', 'onnx', 'application/octet-stream'],
  ['a', '\x89PNG\r\n\x1a\n', 'binary', 'image', 'image/png'],
  ['a', '\xff\xd8\xff\xe0', 'binary', 'image', 'image/jpeg'],
  ['a', 'RIFF....WEBP', 'binary', 'image', 'image/webp'],
  ['a', 'RIFF....WAVE', 'binary', 'audio', 'audio/wav'],
  ['a.mp3', '\xff\xfb\x90\x64', 'binary', 'audio', 'audio/mpeg'],
  ['a', 'fLaC', 'binary', 'audio', 'audio/flac'],
  ['a.zip', 'PK\x03\x04', 'binary', 'archive', 'application/zip'],
  ['a.gz', '\x1f\x8b\x08', 'binary', 'archive', 'application/gzip'],
  ['a.md', '# A', 'binary', 'text', 'text/markdown'],
  ['train', '#!/bin/sh\n', 'binary', 'text', 'text/x-script'],
  ['a', 'some text', 'binary', 'text', 'text/plain'],
  ['a', '\0\x01\x02', 'binary', 'binary', 'application/octet-stream'],
  [
    'a.npy',
    "\x93NUMPY\x01\0v\0{'descr': '<f4', 'fortran_order': False}",
    'binary',
    'binary',
    'application/octet-stream',
  ],
])('%s that begins with %j is %s rows', (name, head, rowFormat, family, mediaType) => {
  expect(detectFormat(name, bytes(head))).toEqual({ rowFormat, family, mediaType })
})

test('an empty file is a table if its name says so, else nothing but bytes', () => {
  expect(detectFormat('a.csv', new Uint8Array()).rowFormat).toBe('csv')
  expect(detectFormat('a', new Uint8Array())).toMatchObject({ rowFormat: 'binary', family: 'binary' })
})
