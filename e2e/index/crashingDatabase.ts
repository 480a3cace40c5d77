import type { Database, Queryable } from '../../packages/node/src/ports/database.js'

/** A database whose process dies at a statement of a transaction: what was not committed then is gone. */
export type CrashingDatabase = Database & {
  isDead: () => boolean
  /** Whether it died while it took blocks back. */
  diedInRollback: () => boolean
}

const takesBack = /^DELETE FROM \w+ WHERE (block_)?number >/

/**
 * @param statement Which statement is the last, counted from the first that moves the cursor. A commit counts as one, too:
 * a crash there is one after the commit, of which the process never learns.
 */
export function crashAt(database: Database, statement: number): CrashingDatabase {
  let dead = false
  let left = statement
  let counting = false
  let rollingBack = false
  const die = (): never => {
    dead = true
    throw new Error('The process has died.')
  }
  const step = (sql: string) => {
    counting ||= sql.startsWith('UPDATE progress')
    rollingBack ||= takesBack.test(sql)
    if (dead || (counting && left-- === 0)) die()
  }
  const guard = (inner: Queryable): Queryable => ({
    query: async (sql, parameters) => {
      step(sql)
      return inner.query(sql, parameters)
    },
    copyRows: async (...rows) => {
      step('COPY')
      return inner.copyRows(...rows)
    },
  })
  return {
    query: (sql, parameters) => (dead ? die() : database.query(sql, parameters)),
    copyRows: (...rows) => (dead ? die() : database.copyRows(...rows)),
    transaction: async (work) => {
      if (dead) die()
      rollingBack = false
      const result = await database.transaction((transaction) => work(guard(transaction)))
      return counting && left-- === 0 ? die() : result
    },
    close: () => database.close(),
    isDead: () => dead,
    diedInRollback: () => dead && rollingBack,
  }
}
