import { formatBps, formatMoney, type Token } from '../../format/money.js'
import { useLiens } from './useLiens.js'

/** Rulings that take a share of what the owner of a version earns. Nothing where there are none. */
export function Liens({ version, token }: { version: string; token: Token }) {
  const liens = useLiens({ version, token: token.address })
  if (liens.data === undefined || liens.data.length === 0) return null
  return (
    <div className="table-scroll">
      <table className="table table-stack">
        <caption>Liens: shares of what the owner earns that rulings gave to other versions</caption>
        <thead>
          <tr>
            <th scope="col">Creditor</th>
            <th scope="col" className="number">
              Share
            </th>
            <th scope="col" className="number">
              Moved
            </th>
            <th scope="col" className="number">
              At most
            </th>
          </tr>
        </thead>
        <tbody>
          {liens.data.map((lien, index) => (
            // Liens have no name but their place: they stand in the order in which they take.
            // biome-ignore lint/suspicious/noArrayIndexKey: see above.
            <tr key={index}>
              <th scope="row">{`Version ${lien.creditor}`}</th>
              <td className="number" data-label="Share">
                {formatBps(lien.bps)}
              </td>
              <td className="number" data-label="Moved">
                {formatMoney(lien.moved, token)}
              </td>
              <td className="number" data-label="At most">
                {formatMoney(lien.cap, token)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
