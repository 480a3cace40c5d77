import type { AssetDetail, Version } from '@agorai/core'
import { everyPage, getVersions } from '@agorai/sdk'
import { useQuery } from '@tanstack/react-query'
import { useAgorai } from '../../app/AgoraiProvider.js'

/** What a page waits for at most. */
const versionsMax = 1_000

/** What an asset published, the newest first: what came with it, and the pages after, up to a thousand versions. */
export function useGetVersions(asset: AssetDetail): readonly Version[] {
  const { client } = useAgorai()
  const { id, versions: newest, versionsCursor } = asset
  const older = useQuery({
    queryKey: ['versions', id, versionsCursor],
    enabled: versionsCursor !== null,
    queryFn: async () => {
      const read = (cursor: string | undefined) => getVersions(client, { asset: BigInt(id), cursor, limit: 100 })
      const found: Version[] = []
      for await (const { versions } of everyPage(read, versionsCursor)) {
        found.push(...versions)
        if (found.length >= versionsMax) break
      }
      return found
    },
  })
  return versionsCursor === null ? newest : [...newest, ...(older.data ?? [])]
}
