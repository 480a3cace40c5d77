import type { AssetDetail } from '@agorai/core'
import { Notice } from '../../ui/Notice.js'
import { nameWarning } from './nameWarning.js'

/** What a reader should know before anything else: that an asset ended, or that its name may mislead. */
export function AssetNotices({ asset }: { asset: AssetDetail }) {
  const looksAlike = nameWarning(asset.name ?? '')
  return (
    <>
      {looksAlike === undefined ? null : (
        <Notice tone="care" title={looksAlike}>
          <p>It may look like the name of something else. Go by the owner’s address.</p>
        </Notice>
      )}
      {asset.retired ? (
        <Notice tone="care" title="Its owner retired this asset">
          <p>Nothing more is sold or built from it. Passes run on, and what it earned may be collected as before.</p>
        </Notice>
      ) : null}
      {asset.soldExclusively ? (
        <Notice tone="info" title="This asset was sold exclusively">
          <p>No other pass is ever sold. Passes that were granted before run on.</p>
        </Notice>
      ) : null}
      {asset.version.erased ? (
        <Notice tone="care" title="The content of the current version is erased">
          <p>It is no longer delivered, sold or built from. What it was sold for is still paid out.</p>
        </Notice>
      ) : null}
      {asset.freeOnly ? (
        <Notice tone="info" title="Free only">
          <p>
            It was built from something whose terms let nobody sell what is built from it, so it is only given away.
          </p>
        </Notice>
      ) : null}
      {asset.manifest === null ? (
        <Notice tone="care" title="This node does not have the manifest of this version">
          <p>
            What is on the chain is shown; the name, description and contributors are missing until somebody uploads the
            manifest whose digest stands under Evidence.
          </p>
        </Notice>
      ) : null}
    </>
  )
}
