/** What may be given as `$1`, `$2`, … Large numbers go as bigint, documents as JSON text cast in the SQL (`$1::jsonb`). */
export type SqlParameter = string | number | bigint | boolean | null | readonly string[]

export type Queryable = {
  /**
   * Runs one statement and gives its rows. Both engines give the same values: `int4` as number, `int8` and
   * `numeric(78,0)` as bigint, `jsonb` parsed, `text` as string, arrays of text as string[].
   */
  query<Row extends object = Record<string, unknown>>(sql: string, parameters?: readonly SqlParameter[]): Promise<Row[]>
  /**
   * Adds rows by COPY, all or nothing. No rows are no statement.
   *
   * @param rows In COPY's text format: a tab between the columns, and after each row its line's end.
   */
  copyRows(table: string, columns: readonly string[], rows: Uint8Array): Promise<void>
}

/** A PostgreSQL database, embedded or served. Unqualified names mean the tables of one schema. */
export type Database = Queryable & {
  /**
   * Runs `work` in one transaction: committed when it resolves, rolled back when it throws. Inside, only the given
   * `transaction` may be queried: the embedded engine has one connection.
   */
  transaction<Result>(work: (transaction: Queryable) => Promise<Result>): Promise<Result>
  close(): Promise<void>
}
