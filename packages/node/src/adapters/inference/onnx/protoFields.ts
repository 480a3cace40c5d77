import { AgoraiError } from '@agorai/core'

/** One field of a protobuf message: its number, and its bytes, or the number that it is. */
export type ProtoField = { field: number; value: Uint8Array | number }

/**
 * The fields of a protobuf message, one after the other. What is long is handed over as a view: nothing is copied, and
 * weights are stepped over.
 *
 * @throws AgoraiError `model_unsupported` for bytes that are no such message.
 */
export function* protoFields(message: Uint8Array): Generator<ProtoField> {
  let at = 0
  const readNumber = (): number => {
    let value = 0
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = message[at++]
      if (byte === undefined) throw notOnnx()
      // Above 53 bits only the size of a number is lost, and no length is that large.
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
    throw notOnnx()
  }
  const take = (length: number): Uint8Array => {
    if (length > message.length - at) throw notOnnx()
    at += length
    return message.subarray(at - length, at)
  }
  while (at < message.length) {
    const tag = readNumber()
    const field = Math.floor(tag / 8)
    const wire = tag % 8
    if (wire === 0) yield { field, value: readNumber() }
    else if (wire === 1) yield { field, value: take(8) }
    else if (wire === 2) yield { field, value: take(readNumber()) }
    else if (wire === 5) yield { field, value: take(4) }
    else throw notOnnx()
  }
}

const notOnnx = (): AgoraiError => new AgoraiError('model_unsupported', 'The content of the model is no ONNX file.')
