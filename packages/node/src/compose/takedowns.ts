import { join } from 'node:path'
import { openPostgres } from '../adapters/database/postgres.js'
import { openDatabaseNotices } from '../adapters/takedowns/databaseNotices.js'
import { openFileDenyList } from '../adapters/takedowns/fileDenyList.js'
import { openFolderNotices } from '../adapters/takedowns/folderNotices.js'
import type { NodeConfig } from '../config.js'
import { type DenyList, noDenyList } from '../ports/denyList.js'
import type { Notices } from '../ports/notices.js'

/** Where notices are kept: beside the journal, which several gateways may share. */
export async function openNotices(config: NodeConfig): Promise<Notices & { close(): Promise<void> }> {
  const { databaseUrl, dataFolder } = config
  if (config.journal === 'file' || databaseUrl === undefined)
    return { ...(await openFolderNotices(join(dataFolder, 'notices'))), close: async () => {} }
  const database = await openPostgres({ url: databaseUrl, schema: 'agorai_notices', connectionsMax: 2 })
  return { ...(await openDatabaseNotices(database)), close: database.close }
}

export const openDenyList = ({ denyList }: NodeConfig, onWarning: (message: string) => void): DenyList =>
  denyList === undefined ? noDenyList : openFileDenyList(denyList, onWarning)
