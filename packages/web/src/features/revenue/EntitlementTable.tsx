import type { Entitlement } from '@agorai/core'
import { formatMoney, type Token } from '../../format/money.js'
import { AccountName } from '../wallet/AccountName.js'

/** What each party has earned, took out, and may take out now. Anyone may send it to them. */
export function EntitlementTable({
  entitlements,
  token,
  busy = false,
  onCollect,
}: {
  entitlements: readonly Entitlement[]
  token: Token
  busy?: boolean
  /** Without it the rows are of one account: they name no one and have no button. */
  onCollect?: (entitlement: Entitlement) => void
}) {
  return (
    <div className="table-scroll">
      <table className="table table-stack">
        <thead>
          <tr>
            {onCollect === undefined ? null : <th scope="col">Who</th>}
            <th scope="col">For</th>
            <th scope="col" className="number">
              Earned
            </th>
            <th scope="col" className="number">
              Collected
            </th>
            <th scope="col" className="number">
              May be collected
            </th>
            {onCollect === undefined ? null : (
              <th scope="col">
                <span className="visually-hidden">Collect</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {entitlements.map((entitlement) => {
            const collectable = BigInt(entitlement.collectable)
            return (
              <tr key={entitlementKey(entitlement)}>
                {onCollect === undefined ? (
                  <th scope="row">{reasonOf(entitlement)}</th>
                ) : (
                  <>
                    <th scope="row">
                      <AccountName
                        address={entitlement.account}
                        {...(entitlement.label === null ? {} : { label: entitlement.label })}
                      />
                    </th>
                    <td>{reasonOf(entitlement)}</td>
                  </>
                )}
                <td className="number" data-label="Earned">
                  {formatMoney(BigInt(entitlement.entitled), token)}
                </td>
                <td className="number" data-label="Collected">
                  {formatMoney(BigInt(entitlement.collected), token)}
                </td>
                <td className="number" data-label="May be collected">
                  {formatMoney(collectable, token)}
                </td>
                {onCollect === undefined ? null : (
                  <td className="number entitlement-action">
                    {collectable === 0n ? null : (
                      <button
                        type="button"
                        className="button button-small"
                        disabled={busy}
                        onClick={() => onCollect(entitlement)}
                        aria-label={`Collect ${formatMoney(collectable, token)} as ${reasonOf(entitlement)}`}
                      >
                        Collect
                      </button>
                    )}
                  </td>
                )}
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}

/** One row of the ledger's answer: a party of a version, told apart by its place in the contributor tree. */
function entitlementKey({ account, role, start, version }: Entitlement): string {
  return `${version}:${role}:${start ?? ''}:${account}`
}

export function reasonOf({ name, role, version }: Entitlement): string {
  if (role === 'treasury') return 'Protocol fee of all sales here'
  return `${role === 'owner' ? 'Owner of' : 'Contributor to'} ${name ?? `version ${version}`}`
}
