import { type AssetDetail, hasContent, type NodeInfo } from '@agorai/core'
import { formatInteger } from '../../format/money.js'
import { formatTime, isoTime } from '../../format/text.js'
import { Copyable } from '../../ui/Copyable.js'

/** What a stranger needs to check this version without believing this page. */
export function Evidence({ asset, info }: { asset: AssetDetail; info: NodeInfo }) {
  const { manifest, version } = asset
  return (
    <section className="panel" aria-labelledby="evidence-heading">
      <h2 id="evidence-heading">Evidence</h2>
      <dl className="facts facts-stacked">
        <dt>Manifest</dt>
        <dd>
          <Copyable
            value={version.manifestDigest}
            name="manifest digest"
            href={`/api/v1/manifests/${version.manifestDigest}`}
          />
          <p className="small muted">sha-256 of the manifest’s exact bytes; the registry’s commitment is made of it.</p>
        </dd>
        {manifest === null || !hasContent(manifest) ? null : (
          <>
            <dt>Ciphertext</dt>
            <dd>
              <Copyable
                value={manifest.content.cid}
                name="ciphertext CID"
                href={`/api/v1/content/${manifest.content.cid}`}
              />
              <p className="small muted">the same CID that “ipfs add --cid-version=1” gives.</p>
            </dd>
            <dt>Rows</dt>
            <dd>
              <Copyable value={manifest.content.plaintext.root} name="root of the rows" />
              <p className="small muted">root of the salted tree over the plaintext; a buyer receives the salt.</p>
            </dd>
          </>
        )}
        <dt>{asset.kind === 'collection' ? 'Members' : 'Contributors'}</dt>
        <dd>
          {BigInt(version.contributorRoot) === 0n ? (
            'none are credited'
          ) : (
            <Copyable value={version.contributorRoot} name="contributor root" />
          )}
        </dd>
        <dt>Published</dt>
        <dd>
          <Copyable value={version.transaction} name="transaction" href={`/transactions/${version.transaction}`} />
          <p className="small muted">
            {`in block ${formatInteger(version.block)}, `}
            <time dateTime={isoTime(version.publishedAt)}>{formatTime(version.publishedAt)}</time>
          </p>
        </dd>
        <dt>Registry</dt>
        <dd>
          <Copyable value={info.chain.addresses.assetRegistry} name="registry address" />
        </dd>
      </dl>
    </section>
  )
}
