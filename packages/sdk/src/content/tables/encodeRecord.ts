import { AgoraiError, isAgoraiError } from '@agorai/core'

/** The values of a record, column by column; what cannot be read is told with its row, from 1, and its column. */
export function readRecord(row: number, columns: readonly string[], read: (column: number) => unknown): unknown[] {
  const values = new Array<unknown>(columns.length)
  let column = 0
  try {
    for (; column < columns.length; column++) values[column] = read(column)
  } catch (cause) {
    const name = columns[column]
    throw inRow(row, `, column ${name}`, { column: name }, cause, 'a value is damaged.')
  }
  return values
}

/** The bytes of a record's row. */
export function encodeRecord(
  row: number,
  encode: (values: readonly unknown[]) => Uint8Array,
  record: readonly unknown[],
): Uint8Array {
  try {
    return encode(record)
  } catch (cause) {
    throw inRow(row, '', {}, cause, 'it cannot be written as JSON.')
  }
}

function inRow(row: number, place: string, details: object, cause: unknown, otherwise: string): AgoraiError {
  const message = isAgoraiError(cause) ? cause.shortMessage : otherwise
  return new AgoraiError('rows_invalid', `Row ${row + 1}${place}: ${message}`, {
    details: { row: row + 1, ...details },
    cause,
  })
}
