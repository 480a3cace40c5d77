import { AgoraiError } from '@agorai/core'

/** No list of a node has more: an asset has 65,536 offers, and a page 20 of anything at least. */
const pagesMax = 10_000

/**
 * The pages of a list, one after the other, asked for as they are read.
 *
 * @param read Asks for the page after a cursor; for the first one, without.
 * @param from Where to begin: the first page when absent, none at all for null.
 * @throws AgoraiError `integrity_failed` for a list that does not end
 * @example for await (const { versions } of everyPage((cursor) => getVersions(client, { asset, cursor }))) …
 */
export async function* everyPage<page extends { nextCursor: string | null }>(
  read: (cursor: string | undefined) => Promise<page>,
  from?: string | null,
): AsyncGenerator<page, void, undefined> {
  let cursor = from
  for (let pages = 0; cursor !== null; pages++) {
    if (pages === pagesMax) throw new AgoraiError('integrity_failed', 'The node’s list does not end.')
    const page = await read(cursor)
    yield page
    cursor = page.nextCursor
  }
}
