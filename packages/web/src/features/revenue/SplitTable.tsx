import type { Lineage } from '@agorai/core'
import { useMemo, useState } from 'react'
import { formatMoney, formatShare, type Token } from '../../format/money.js'
import { formatCount } from '../../format/text.js'
import { AccountName } from '../wallet/AccountName.js'
import { SplitBar } from './SplitBar.js'
import { seriesClass } from './seriesClass.js'
import { foldParts, type PriceSplit, type SplitPart, splitPrice } from './splitPrice.js'
import './revenue.css'

const shownMax = 8
const shownAllMax = 500

/** A price as a bar and as a table: who receives what, to the unit, in the order of the ledger. */
export function SplitTable({ lineage, price, token }: { lineage: Lineage; price: bigint; token: Token }) {
  const [all, setAll] = useState(false)
  const split = useMemo(() => splitPrice(lineage, price), [lineage, price])
  const { shown, hidden, hiddenAmount } = foldParts(split.parts, all ? shownAllMax : shownMax)
  return (
    <>
      <SplitBar parts={shown} rest={hiddenAmount} whole={price} />
      <div className="table-scroll">
        <table className="table table-stack split-table">
          <thead>
            <tr>
              <th scope="col">
                <span className="visually-hidden">Number in the bar</span>
              </th>
              <th scope="col">Who</th>
              <th scope="col">For</th>
              <th scope="col" className="number">
                Share
              </th>
              <th scope="col" className="number">
                Amount
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((part, index) => (
              <tr key={part.key}>
                <td>
                  <SplitKey index={index} />
                </td>
                <th scope="row">
                  <PartName part={part} />
                </th>
                <td>{reasonOf(part, lineage)}</td>
                <td className="number split-share">{formatShare(part.amount, price)}</td>
                <td className="number">{formatMoney(part.amount, token)}</td>
              </tr>
            ))}
            {hidden === 0 ? null : (
              <tr>
                <td />
                <th scope="row">{formatCount(hidden, 'more party', 'more parties')}</th>
                <td>
                  {all ? null : (
                    <button type="button" className="button button-small" onClick={() => setAll(true)}>
                      Show them
                    </button>
                  )}
                </td>
                <td className="number split-share">{formatShare(hiddenAmount, price)}</td>
                <td className="number">{formatMoney(hiddenAmount, token)}</td>
              </tr>
            )}
            <Remainder split={split} token={token} />
          </tbody>
          <tfoot>
            <tr>
              <td />
              <th scope="row">Sum</th>
              <td>The whole price</td>
              <td className="number split-share">{formatShare(price, price)}</td>
              <td className="number">{formatMoney(price, token)}</td>
            </tr>
          </tfoot>
        </table>
      </div>
    </>
  )
}

function Remainder({ split, token }: { split: PriceSplit; token: Token }) {
  if (split.dust === 0n) return null
  return (
    <tr>
      <td />
      <th scope="row">{split.incomplete ? 'Contributors or members' : 'Remainder'}</th>
      <td>
        {split.incomplete
          ? 'their list is in a manifest that this node does not have'
          : 'what whole units cannot divide; it stays in the ledger'}
      </td>
      <td className="number split-share">{formatShare(split.dust, split.price)}</td>
      <td className="number">{formatMoney(split.dust, token)}</td>
    </tr>
  )
}

function SplitKey({ index }: { index: number }) {
  return (
    <span className="split-key">
      <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
        <rect className={seriesClass(index)} width="12" height="12" rx="2" />
      </svg>
      {index + 1}
    </span>
  )
}

function PartName({ part }: { part: SplitPart }) {
  if (part.who === null) return <>Treasury</>
  return <AccountName address={part.who} {...(part.label === null ? {} : { label: part.label })} />
}

function reasonOf(part: SplitPart, lineage: Lineage): string {
  if (part.role === 'treasury') return 'Protocol fee'
  const name = part.versionName ?? `version ${part.version}`
  if (part.role === 'contributor') return `Contributor to ${name}`
  if (part.version === lineage.version) return `Owner of ${name}`
  return `Owner of ${name}, ${relationOf(part.version, lineage)}`
}

/** Why a version has a part of the price: as near as it stands to the one that is sold. */
function relationOf(version: string, lineage: Lineage): string {
  const sold = lineage.vertices.find((vertex) => vertex.version === lineage.version)
  if (sold?.supplies.some(({ supplier }) => supplier === version)) return 'whose work this sells'
  if (sold?.edges.some(({ ancestor }) => ancestor === version)) return 'which this is built from'
  if (sold?.members.some((member) => member.version === version)) return 'which this gathers'
  return 'further back in its lineage'
}
