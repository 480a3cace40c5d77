import type { AssetDetail, NodeInfo } from '@agorai/core'
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
        {manifest === null ? null : (
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
        <dt>Contributors</dt>
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
        <dt>Till</dt>
        <dd>
          <Copyable value={asset.till} name="till address" />
          <p className="small muted">
            the asset’s payment address: an allowed token that is sent there is split like a sale.
          </p>
        </dd>
      </dl>
    </section>
  )
}

/** Every publication of the asset, the newest first. */
export function Versions({ asset }: { asset: AssetDetail }) {
  const versions = [...asset.versions].sort((a, b) => b.block - a.block)
  return (
    <section className="panel" aria-labelledby="versions-heading">
      <h2 id="versions-heading">Versions</h2>
      <div className="table-scroll">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Version</th>
              <th scope="col">Published</th>
              <th scope="col">Manifest</th>
            </tr>
          </thead>
          <tbody>
            {versions.map((version) => (
              <tr key={version.id}>
                <th scope="row">
                  {version.id}
                  {version.id === asset.version.id ? <span className="muted"> current</span> : null}
                </th>
                <td>
                  <time dateTime={isoTime(version.publishedAt)}>{formatTime(version.publishedAt)}</time>
                </td>
                <td>
                  <Copyable
                    value={version.manifestDigest}
                    name={`manifest digest of version ${version.id}`}
                    href={`/api/v1/manifests/${version.manifestDigest}`}
                  />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}
