import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type InferenceTensor, type TensorType, tensorTypes } from '../../../ports/inference.js'
import { elements } from './elements.js'
import { fromHalf, toHalf } from './floats.js'
import { readInference } from './readInference.js'
import { writeTensors } from './writeTensors.js'

const headers = new Headers({ 'content-type': 'application/json' })

/** Tensors of any type; numbers that are none, and those beyond 2^53, come as bytes only. */
const tensorOf = (isBinary: boolean) =>
  fc
    .record({
      datatype: fc.constantFrom(...tensorTypes),
      shape: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }),
    })
    .chain(({ datatype, shape }) => {
      const count = shape.reduce((product, side) => product * side, 1)
      return dataOf(datatype, count, isBinary).map((data): InferenceTensor => ({ name: 'x', datatype, shape, data }))
    })

function dataOf(datatype: TensorType, count: number, isBinary: boolean): fc.Arbitrary<InferenceTensor['data']> {
  const exactly = { minLength: count, maxLength: count }
  if (datatype === 'BYTES') return fc.array(fc.string({ unit: 'grapheme' }), exactly)
  const { bytes, write } = elements[datatype]
  if (isBinary && datatype !== 'BOOL') return fc.uint8Array({ minLength: count * bytes, maxLength: count * bytes })
  return fc.array(numberOf(datatype), exactly).map((values) => {
    const data = new Uint8Array(count * bytes)
    const view = new DataView(data.buffer)
    for (const [at, value] of values.entries()) write(view, at * bytes, value)
    return data
  })
}

/** A zero below zero is a zero in JSON. */
function numberOf(datatype: TensorType): fc.Arbitrary<number> {
  const finite = { noNaN: true, noDefaultInfinity: true }
  if (datatype === 'BOOL') return fc.integer({ min: 0, max: 1 })
  if (datatype === 'FP64') return fc.double(finite).map((value) => value + 0)
  if (datatype === 'FP32') return fc.float(finite).map((value) => value + 0)
  return fc.integer({ min: datatype.startsWith('UINT') ? 0 : -128, max: 127 })
}

const toBytes = ({ data }: InferenceTensor) => (data instanceof Uint8Array ? Array.from(data) : data)

test.each([false, true])('what is written is read as the same tensor (as bytes: %s)', (isBinary) => {
  fc.assert(
    fc.property(tensorOf(isBinary), (tensor) => {
      const { headers: own, body } = writeTensors({}, [tensor], () => isBinary)
      const stated = own as Record<string, string>
      const length = Number(stated['inference-header-content-length'] ?? body.length)
      // An answer's outputs have the form of a request's inputs.
      const json = Buffer.from(body.subarray(0, length)).toString().replace('{,"outputs"', '{"inputs"')
      const request = new Headers({ 'content-type': stated['content-type'] ?? '' })
      if (isBinary) request.set('inference-header-content-length', String(Buffer.byteLength(json)))
      const { tensors } = readInference(request, Buffer.concat([Buffer.from(json), body.subarray(length)]))
      expect(tensors).toMatchObject([{ name: 'x', datatype: tensor.datatype, shape: tensor.shape }])
      expect(tensors.map(toBytes)).toEqual([toBytes(tensor)])
    }),
  )
})

test('numbers of 64 bits are told to the last digit', () => {
  const data = new Uint8Array(BigInt64Array.of(2n ** 63n - 1n, -(2n ** 63n)).buffer)
  const { body } = writeTensors({}, [{ name: 'x', datatype: 'INT64', shape: [2], data }], () => false)
  expect(Buffer.from(body).toString()).toContain('"data":[9223372036854775807,-9223372036854775808]')
})

test('half-precision floats are those of the standard', () => {
  const changed = Array.from({ length: 2 ** 16 }, (_, bits) => bits).filter((bits) => {
    const value = fromHalf(bits)
    return toHalf(value) !== (Number.isNaN(value) ? 0x7e00 : bits)
  })
  expect(changed).toEqual([])
  const known: [number, number][] = [
    [1, 0x3c00],
    [-2, 0xc000],
    [65_504, 0x7bff],
    [65_519.99, 0x7bff],
    [65_520, 0x7c00],
    [1 / 3, 0x3555],
    [2 ** -24, 1],
    [2 ** -25, 0],
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
  ]
  for (const [value, bits] of known) expect(toHalf(value), `${value}`).toBe(bits)
})

test('what does not fit together is refused by its name', () => {
  const input = { name: 'x', datatype: 'BYTES', shape: [2] }
  const bad: [object, Uint8Array][] = [
    [{ ...input, data: ['a'] }, Buffer.alloc(0)],
    [{ ...input, data: ['a', 1] }, Buffer.alloc(0)],
    [{ ...input, shape: [2 ** 20, 2 ** 20], data: [] }, Buffer.alloc(0)],
    [{ ...input, parameters: { binary_data_size: 8 } }, Buffer.from([1, 0, 0, 0, 0x61, 0, 0, 0])],
    [{ ...input, parameters: { binary_data_size: 8 } }, Buffer.from([255, 255, 255, 255, 0, 0, 0, 0])],
    [{ ...input, shape: [1], parameters: { binary_data_size: 5 } }, Buffer.from([1, 0, 0, 0, 0xff])],
    [{ ...input, shape: [1], parameters: { binary_data_size: 6 } }, Buffer.from([1, 0, 0, 0, 0x61, 0x61])],
    [{ ...input, shape: [1], parameters: { binary_data_size: 5 } }, Buffer.from([1, 0, 0, 0, 0x61, 0x61])],
    [{ ...input, shape: [1], parameters: { binary_data_size: 9 } }, Buffer.from([1, 0, 0, 0, 0x61])],
  ]
  for (const [tensor, bytes] of bad) {
    const json = Buffer.from(JSON.stringify({ inputs: [tensor] }))
    const request = new Headers(headers)
    if (bytes.length > 0) request.set('inference-header-content-length', String(json.length))
    expect(() => readInference(request, Buffer.concat([json, bytes]))).toThrow(
      expect.objectContaining({ code: 'invalid_request' }),
    )
  }
})
