import { type AssetDetail, hasContent } from '@agorai/core'
import { useState } from 'react'
import { useAgorai } from '../../app/AgoraiProvider.js'
import { formatBytes } from '../../format/text.js'
import { Copyable } from '../../ui/Copyable.js'
import { ErrorNotice, Waiting } from '../../ui/Notice.js'
import { usePasses } from '../market/usePasses.js'
import { isSameAccount } from '../wallet/accountName.js'
import { saveFile } from './saveFile.js'
import { type DownloadProgress, useFetchDelivery } from './useFetchDelivery.js'
import { useVerifyDelivery } from './useVerifyDelivery.js'
import './delivery.css'

/** Download and verification, in the browser, of what the signing account may open. */
export function DeliveryPanel({ asset }: { asset: AssetDetail }) {
  const { account } = useAgorai()
  const passes = usePasses(account?.address, asset.id)
  const [progress, setProgress] = useState<DownloadProgress>()
  const download = useFetchDelivery()
  const verify = useVerifyDelivery()
  const owns = account !== undefined && isSameAccount(account.address, asset.owner)
  const pass = passes.data?.find(({ state }) => state === 'running')
  const { manifest } = asset
  if (account === undefined || manifest === null || !hasContent(manifest) || asset.version.erased) return null
  if (!owns && pass === undefined) return null
  const { fileName } = manifest.content.plaintext

  // A failure is kept by the step that failed, and shown below.
  const start = () => {
    verify.reset()
    setProgress(undefined)
    const request = { version: asset.version.id, onProgress: setProgress }
    download.mutate(owns || pass === undefined ? request : { ...request, pass }, {
      onSuccess: (fetched) => verify.mutate(fetched),
    })
  }
  const busy = download.isPending || verify.isPending
  const error = download.error ?? verify.error

  return (
    <section className="panel" aria-labelledby="delivery-heading">
      <h2 id="delivery-heading">Download and verify</h2>
      <p className="small muted">
        {owns ? 'You own this asset. ' : 'You hold a pass. '}
        The content is decrypted and checked in this browser before you save it. The operator that the seller chose
        holds the key too, and can read the content.
      </p>
      {busy ? <DeliverySteps progress={progress} verifying={verify.isPending} /> : null}
      {error === null ? null : (
        <ErrorNotice error={error} safe="Nothing was saved, and your pass stays valid." onRetry={start} />
      )}
      {verify.data === undefined ? null : (
        <>
          <ul className="verified" aria-label="Verified facts">
            {verify.data.facts.map((fact) => (
              <li key={fact.name}>
                <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
                  <path fill="currentColor" d="M6.4 11.9 2.9 8.4l1.4-1.4 2.1 2.1 5.3-5.3 1.4 1.4z" />
                </svg>
                <div>
                  <p>
                    <span className="visually-hidden">Verified: </span>
                    {fact.words}
                  </p>
                  {fact.value === undefined ? null : (
                    <p className="small muted">
                      <Copyable value={fact.value} name={fact.name} />
                    </p>
                  )}
                </div>
              </li>
            ))}
          </ul>
          <button type="button" className="button button-primary" onClick={() => saveFile(verify.data.file, fileName)}>
            {`Save ${fileName} (${formatBytes(verify.data.file.size)})`}
          </button>
        </>
      )}
      {busy || verify.data !== undefined || error !== null ? null : (
        <button type="button" className="button button-primary" onClick={start}>
          Download and verify
        </button>
      )}
    </section>
  )
}

function DeliverySteps({ progress, verifying }: { progress: DownloadProgress | undefined; verifying: boolean }) {
  if (verifying) return <Waiting>Computing roots and hashes again, and comparing them with the chain…</Waiting>
  if (progress === undefined)
    return <Waiting>Waiting until the purchase is confirmed on the chain and the operator has given the key…</Waiting>
  const { bytes, bytesTotal } = progress
  return (
    <div className="delivery-progress">
      <Waiting>{`Downloading and decrypting: ${formatBytes(bytes)} of ${formatBytes(bytesTotal)}`}</Waiting>
      <progress value={bytes} max={Math.max(1, bytesTotal)} aria-label="Downloaded" />
    </div>
  )
}
