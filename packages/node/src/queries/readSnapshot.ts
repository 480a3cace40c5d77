import type { Database, Queryable } from '../ports/database.js'

/** Runs several queries on one state of the index: a rollback in between would give an answer that was never true. */
export function readSnapshot<Result>(
  database: Database,
  work: (transaction: Queryable) => Promise<Result>,
): Promise<Result> {
  return database.transaction(async (transaction) => {
    await transaction.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY')
    return work(transaction)
  })
}
