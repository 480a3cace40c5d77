/**
 * A process that indexes a chain into a folder until it is killed, or kills itself right after a statement of a
 * transaction: `indexChild.ts <folder> <rpcUrl> <deployment as JSON> [statement]`. Says `synced <block>` when it is at
 * the head.
 */
import type { Deployment } from '@agorai/core'
import { createPublicClient, http } from 'viem'
import { openPglite } from '../../packages/node/src/adapters/database/pglite.js'
import { createIndexer } from '../../packages/node/src/indexer/createIndexer.js'
import type { Database } from '../../packages/node/src/ports/database.js'

const [folder = '', rpcUrl = '', deployment = '{}', statement] = process.argv.slice(2)
const addresses = JSON.parse(deployment) as Deployment

const die = () => process.kill(process.pid, 'SIGKILL')

/** Counts the statements of the transactions that move the cursor; the commit counts as one. */
function killingDatabase(database: Database, last: number): Database {
  let left = last
  return {
    ...database,
    transaction: async (work) => {
      let moves = false
      const result = await database.transaction((transaction) =>
        work({
          query: async (sql, parameters) => {
            const rows = await transaction.query(sql, parameters)
            moves ||= sql.startsWith('UPDATE progress')
            if (moves && left-- === 0) die()
            return rows as never
          },
          copyRows: async (...rows) => {
            await transaction.copyRows(...rows)
            if (moves && left-- === 0) die()
          },
        }),
      )
      if (moves && left-- === 0) die()
      return result
    },
  }
}

const opened = await openPglite({ folder, schema: 'agorai' })
const database = statement === undefined ? opened : killingDatabase(opened, Number(statement))
const client = createPublicClient({ transport: http(rpcUrl), cacheTime: 0 })
const indexer = await createIndexer({
  database,
  client,
  addresses,
  manifests: { get: async () => undefined },
  blocksMax: 7,
  pollMs: 5,
})
console.log('ready')
indexer.start()
setInterval(() => {
  const { state, indexedBlock } = indexer.health()
  console.log(state === 'following' ? `synced ${indexedBlock}` : state)
}, 20)
