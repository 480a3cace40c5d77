/** Rows as the lines of a JSONL file, to be given or published. */
export function rowsSource(rows: readonly object[]) {
  const bytes = new TextEncoder().encode(rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
  return {
    fileName: 'rows.jsonl',
    mediaType: 'application/jsonl',
    bytes: bytes.length,
    async *stream() {
      yield bytes
    },
  }
}

/** Rows that say who gave them, and nothing else. */
export const rowsBy = (name: string, count: number) =>
  rowsSource(Array.from({ length: count }, (_, row) => ({ by: name, row })))
