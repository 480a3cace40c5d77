/** Of whatever format the rows are. */
export type ReadRowsOptions = {
  /** Told of each record of a table or folder, in order, before its row is yielded. CSV and TSV values are strings. */
  onRecord?: (columns: readonly string[], values: readonly unknown[]) => void
}
