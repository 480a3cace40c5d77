import type { AssetDetail, Version } from '@agorai/core'
import { formatTime, isoTime } from '../../format/text.js'
import { Copyable } from '../../ui/Copyable.js'
import { VersionDiff } from '../description/VersionDiff.js'
import { describeChange } from './describeChange.js'
import { useGetVersions } from './useGetVersions.js'

/** Every publication of the asset, the newest first, with what it changed of what stands on the chain. */
export function Versions({ asset }: { asset: AssetDetail }) {
  const versions = useGetVersions(asset)
  const first = versions.length === asset.versionCount ? undefined : versions.at(-1)
  return (
    <section className="panel" aria-labelledby="versions-heading">
      <h2 id="versions-heading">Versions</h2>
      <div className="table-scroll">
        <table className="table table-stack">
          <thead>
            <tr>
              <th scope="col">Version</th>
              <th scope="col">Published</th>
              <th scope="col">What changed</th>
              <th scope="col">Manifest</th>
            </tr>
          </thead>
          <tbody>
            {versions.map((version, index) => (
              <tr key={version.id}>
                <th scope="row">
                  {version.id}
                  {version.id === asset.version.id ? <span className="muted"> current</span> : null}
                  {version.erased ? <span className="muted"> content erased</span> : null}
                </th>
                <td>
                  <time className="nowrap" dateTime={isoTime(version.publishedAt)}>
                    {formatTime(version.publishedAt)}
                  </time>
                </td>
                <td>
                  <ul>
                    {(version === first ? [] : describeChange(versions[index + 1], version)).map((words) => (
                      <li key={words}>{words}</li>
                    ))}
                  </ul>
                  <Compared before={versions[index + 1]} version={version} />
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
      {first === undefined ? null : (
        <p className="small muted">{`The newest ${versions.length} of ${asset.versionCount}: “agorai show ${asset.id} --all” has them all.`}</p>
      )}
    </section>
  )
}

function Compared({ before, version }: { before: Version | undefined; version: Version }) {
  return before === undefined ? null : <VersionDiff from={before.id} to={version.id} />
}
