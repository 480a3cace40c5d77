import type { AssetDetail, WithdrawalReceipt } from '@agorai/core'
import { useState } from 'react'
import { useAgorai } from '../../app/AgoraiProvider.js'
import { Link } from '../../app/router.js'
import { formatCount } from '../../format/text.js'
import { ErrorNotice, Notice } from '../../ui/Notice.js'
import { isSameAccount } from '../wallet/accountName.js'
import { SignDialog } from '../wallet/SignDialog.js'
import { useGetContributions } from './useGetContributions.js'
import { useWithdrawContributions } from './useWithdrawContributions.js'

/** Rows that people give to a dataset: how many, how to, and how to take them back. */
export function ContributionsPanel({ asset }: { asset: AssetDetail }) {
  const { account } = useAgorai()
  const counts = useGetContributions(asset.id)
  const withdraw = useWithdrawContributions()
  const [asking, setAsking] = useState(false)
  const { manifest } = asset
  if (manifest?.content?.plaintext.rowFormat !== 'jsonl' || asset.kind !== 'dataset') return null
  const gave = manifest.content.partitions?.some(({ contributor }) => {
    const leaf = manifest.contributors.leaves[contributor ?? -1]
    return leaf !== undefined && account !== undefined && isSameAccount(leaf.account, account.address)
  })
  return (
    <section className="panel" aria-labelledby="contributions-heading">
      <h2 id="contributions-heading">Given by people</h2>
      <dl className="facts">
        <dt>In this version</dt>
        <dd>
          {manifest.provenance.consents === undefined
            ? 'rows of its publisher alone'
            : `${formatCount(manifest.provenance.consents.length, 'contribution')}, each with a consent that its contributor signed`}
        </dd>
        <dt>At this node</dt>
        <dd>{counts.data === undefined ? 'not known' : describeCounts(counts.data)}</dd>
      </dl>
      <p className="small muted">
        Rows come in through an application that the owner approved, for a stated purpose, and with the contributor’s
        signed consent: “agorai contributions --help” says how. Each contributor’s rows are sealed under a key of their
        own, and credited by their number.
      </p>
      {gave && !withdraw.isSuccess ? (
        <p className="pass-actions">
          <button
            type="button"
            className="button button-small button-danger"
            disabled={withdraw.isPending}
            onClick={() => setAsking(true)}
          >
            {withdraw.isPending ? 'Taking back…' : 'Take my rows back'}
          </button>
        </p>
      ) : null}
      {withdraw.isError ? <ErrorNotice error={withdraw.error} safe="Your rows are where they were." /> : null}
      {withdraw.data === undefined ? null : <Withdrawn receipt={withdraw.data} />}
      {asking ? (
        <SignDialog
          title="Take my rows back"
          confirm="Take them back"
          irreversible="I know that the keys of my rows are destroyed."
          onDecline={() => setAsking(false)}
          onConfirm={() => {
            setAsking(false)
            withdraw.mutate({ asset: BigInt(asset.id) })
          }}
        >
          <p>
            The operator of this node destroys the keys of all rows that you gave to this dataset, in every version, and
            they stay out of later ones. Your share of what these versions earn stays yours. Copies that buyers hold are
            out of reach.
          </p>
        </SignDialog>
      ) : null}
    </section>
  )
}

const describeCounts = (counts: { accepted: number; rows: number; contributors: number; withdrawals: number }) =>
  counts.accepted === 0 && counts.withdrawals === 0
    ? 'no contributions yet'
    : `${formatCount(counts.rows, 'row')} of ${formatCount(counts.contributors, 'contributor')} for the next version, ${formatCount(counts.withdrawals, 'withdrawal')}`

function Withdrawn({ receipt }: { receipt: WithdrawalReceipt }) {
  return (
    <Notice tone="good" title={`Taken back: ${formatCount(receipt.contributions.length, 'contribution')}`}>
      <p>
        {receipt.erased.length === 0
          ? 'They were in no version yet.'
          : `Keys were destroyed in version ${receipt.versions.join(', ')}.`}
      </p>
      {receipt.descendants.length === 0 ? null : (
        <>
          <p>Built from those versions before:</p>
          <ul>
            {receipt.descendants.map(({ version, asset, name }) => (
              <li key={version}>
                <Link href={`/assets/${asset}`}>{name ?? `Version ${version}`}</Link>
              </li>
            ))}
          </ul>
        </>
      )}
    </Notice>
  )
}
