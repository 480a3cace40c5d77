import type { TensorType } from '../../../ports/inference.js'
import { fromHalf, toHalf } from './floats.js'

/** How an element of a tensor stands in JSON and in bytes. */
export type Element = {
  bytes: number
  /** Whether a value of JSON is one. */
  accepts(value: unknown): boolean
  write(view: DataView, at: number, value: number | boolean): void
  /** As it stands in JSON. */
  read(view: DataView, at: number): string
}

const whole =
  (min: number, max: number) =>
  (value: unknown): boolean =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max
const isNumber = (value: unknown): boolean => typeof value === 'number'
/** JSON has no infinities; they are null, as JSON.stringify writes them. */
const float = (value: number): string => (Number.isFinite(value) ? String(value) : 'null')

const { MIN_SAFE_INTEGER: least, MAX_SAFE_INTEGER: most } = Number

/** Whole numbers of 64 bits beyond 2^53 come as bytes only: JSON parsers round them. They are told exactly. */
export const elements: Record<Exclude<TensorType, 'BYTES'>, Element> = {
  BOOL: {
    bytes: 1,
    accepts: (value) => typeof value === 'boolean' || value === 0 || value === 1,
    write: (view, at, value) => view.setUint8(at, value ? 1 : 0),
    read: (view, at) => String(view.getUint8(at) !== 0),
  },
  UINT8: {
    bytes: 1,
    accepts: whole(0, 255),
    write: (view, at, value) => view.setUint8(at, Number(value)),
    read: (view, at) => String(view.getUint8(at)),
  },
  INT8: {
    bytes: 1,
    accepts: whole(-128, 127),
    write: (view, at, value) => view.setInt8(at, Number(value)),
    read: (view, at) => String(view.getInt8(at)),
  },
  UINT16: {
    bytes: 2,
    accepts: whole(0, 65_535),
    write: (view, at, value) => view.setUint16(at, Number(value), true),
    read: (view, at) => String(view.getUint16(at, true)),
  },
  INT16: {
    bytes: 2,
    accepts: whole(-32_768, 32_767),
    write: (view, at, value) => view.setInt16(at, Number(value), true),
    read: (view, at) => String(view.getInt16(at, true)),
  },
  UINT32: {
    bytes: 4,
    accepts: whole(0, 2 ** 32 - 1),
    write: (view, at, value) => view.setUint32(at, Number(value), true),
    read: (view, at) => String(view.getUint32(at, true)),
  },
  INT32: {
    bytes: 4,
    accepts: whole(-(2 ** 31), 2 ** 31 - 1),
    write: (view, at, value) => view.setInt32(at, Number(value), true),
    read: (view, at) => String(view.getInt32(at, true)),
  },
  UINT64: {
    bytes: 8,
    accepts: whole(0, most),
    write: (view, at, value) => view.setBigUint64(at, BigInt(value), true),
    read: (view, at) => String(view.getBigUint64(at, true)),
  },
  INT64: {
    bytes: 8,
    accepts: whole(least, most),
    write: (view, at, value) => view.setBigInt64(at, BigInt(value), true),
    read: (view, at) => String(view.getBigInt64(at, true)),
  },
  FP16: {
    bytes: 2,
    accepts: isNumber,
    write: (view, at, value) => view.setUint16(at, toHalf(Number(value)), true),
    read: (view, at) => float(fromHalf(view.getUint16(at, true))),
  },
  FP32: {
    bytes: 4,
    accepts: isNumber,
    write: (view, at, value) => view.setFloat32(at, Number(value), true),
    read: (view, at) => float(view.getFloat32(at, true)),
  },
  FP64: {
    bytes: 8,
    accepts: isNumber,
    write: (view, at, value) => view.setFloat64(at, Number(value), true),
    read: (view, at) => float(view.getFloat64(at, true)),
  },
}
