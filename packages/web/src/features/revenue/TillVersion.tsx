import type { AssetDetail } from '@agorai/core'
import { useState } from 'react'
import { Field } from '../../ui/Field.js'
import { Moment } from '../../ui/Moment.js'
import { ErrorNotice, Notice } from '../../ui/Notice.js'
import { useGetVersions } from '../catalogue/useGetVersions.js'
import { SignDialog } from '../wallet/SignDialog.js'
import { useSetTillVersion } from './useSetTillVersion.js'

const current = '0'

/** Lets the owner of an asset with several versions choose the one that its till pays. */
export function TillVersion({ asset }: { asset: AssetDetail }) {
  const [asking, setAsking] = useState(false)
  const [version, setVersion] = useState(current)
  const set = useSetTillVersion()
  const versions = useGetVersions(asset)
  if (asset.versionCount < 2) return null
  return (
    <>
      <p>
        <button type="button" className="button button-small" disabled={set.isPending} onClick={() => setAsking(true)}>
          Choose the version it pays
        </button>
      </p>
      {set.isError ? <ErrorNotice error={set.error} safe="The till pays whom it paid before." /> : null}
      {set.isSuccess ? (
        <Notice
          tone="good"
          title={set.data.version === 0n ? 'It pays the current version' : `It will pay version ${set.data.version}`}
        >
          {set.data.version === 0n ? null : (
            <p>
              {'From '}
              <Moment at={set.data.effectiveAt} />
              {' on, so that everyone can sweep it before.'}
            </p>
          )}
        </Notice>
      ) : null}
      {asking ? (
        <SignDialog
          title="Choose the version that the till pays"
          confirm="Choose it"
          onDecline={() => setAsking(false)}
          onConfirm={() => {
            setAsking(false)
            set.mutate({ asset: BigInt(asset.id), version: BigInt(version) })
          }}
        >
          <Field
            label="Version"
            hint="A version that owes others less than the current one, or shares less with contributors, is passed over."
          >
            {(control) => (
              <select
                {...control}
                className="field"
                value={version}
                onChange={(event) => setVersion(event.target.value)}
              >
                <option value={current}>The current one, whichever that is</option>
                {versions.map(({ id }) => (
                  <option key={id} value={id}>{`Version ${id}`}</option>
                ))}
              </select>
            )}
          </Field>
          <p>The current version is paid at once; another one from seven days on.</p>
        </SignDialog>
      ) : null}
    </>
  )
}
