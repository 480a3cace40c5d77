import type { AssetDetail } from '@agorai/core'
import { useState } from 'react'
import { ErrorNotice } from '../../ui/Notice.js'
import { SignDialog } from '../wallet/SignDialog.js'
import { useEraseVersion } from './useEraseVersion.js'
import { useRetireAsset } from './useRetireAsset.js'

/** What the owner of an asset ends, and cannot begin again. */
export function OwnerPanel({ asset }: { asset: AssetDetail }) {
  const [asking, setAsking] = useState<'retire' | 'erase'>()
  const retire = useRetireAsset()
  const erase = useEraseVersion()
  const busy = retire.isPending || erase.isPending
  const done = () => setAsking(undefined)
  if (asset.retired && asset.version.erased) return null
  return (
    <section className="panel" aria-labelledby="owner-heading">
      <h2 id="owner-heading">Ending it</h2>
      <p className="small muted">You own this asset. What you end here ends for ever.</p>
      <p className="pass-actions">
        {asset.retired ? null : (
          <button
            type="button"
            className="button button-small button-danger"
            disabled={busy}
            onClick={() => setAsking('retire')}
          >
            {retire.isPending ? 'Retiring…' : 'Retire the asset'}
          </button>
        )}
        {asset.version.erased ? null : (
          <button
            type="button"
            className="button button-small button-danger"
            disabled={busy}
            onClick={() => setAsking('erase')}
          >
            {erase.isPending ? 'Erasing…' : `Erase version ${asset.version.id}`}
          </button>
        )}
      </p>
      {retire.isError ? <ErrorNotice error={retire.error} safe="The asset is as it was." /> : null}
      {erase.isError ? <ErrorNotice error={erase.error} safe="The version is as it was." /> : null}
      {asking === 'retire' ? (
        <SignDialog
          title={`Retire ${asset.name ?? `asset ${asset.id}`}`}
          confirm="Retire it for ever"
          irreversible="I know that this cannot be undone."
          onDecline={done}
          onConfirm={() => {
            done()
            retire.mutate({ asset: BigInt(asset.id) })
          }}
        >
          <p>
            Nobody can buy a pass of it or build from it any more. Passes run on, and what it earned may be collected.
          </p>
        </SignDialog>
      ) : null}
      {asking === 'erase' ? (
        <SignDialog
          title={`Erase version ${asset.version.id}`}
          confirm="Erase it for ever"
          irreversible="I know that this cannot be undone, and that holders of passes lose this version."
          onDecline={done}
          onConfirm={() => {
            done()
            erase.mutate({ version: BigInt(asset.version.id) })
          }}
        >
          <p>
            It states on the chain that the content of this version is erased: it is no longer delivered, sold or built
            from. A tombstone stays. Copies that buyers have already downloaded are not reached by this.
          </p>
        </SignDialog>
      ) : null}
    </section>
  )
}
