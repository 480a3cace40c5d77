import type { ColumnProfile, TableProfile } from '@agorai/core'
import { useState } from 'react'
import { formatInteger } from '../../format/money.js'
import { formatCount } from '../../format/text.js'
import { byInterest, formatPart, formatValue } from './figures.js'
import { HistogramBars } from './HistogramBars.js'

const shownFirst = 12
const shownMore = 48

/** The columns of a table with their figures, those that hold more than one value first. */
export function ColumnTable({ table }: { table: TableProfile }) {
  const [wanted, setWanted] = useState('')
  const [shown, setShown] = useState(shownFirst)
  const named = table.columns.filter(({ name }) => name.toLowerCase().includes(wanted.toLowerCase()))
  const columns = byInterest(named)
  const constant = table.columns.filter(({ distinct }) => distinct <= 1).length
  return (
    <>
      {table.columns.length <= shownFirst ? null : (
        <div className="labelled column-search">
          <label htmlFor="column-search">Find a column</label>
          <input
            id="column-search"
            className="field"
            type="search"
            autoComplete="off"
            value={wanted}
            onChange={(event) => setWanted(event.target.value)}
          />
        </div>
      )}
      <div className="table-scroll">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Column</th>
              <th scope="col">Type</th>
              <th scope="col" className="number">
                Missing
              </th>
              <th scope="col" className="number">
                Different
              </th>
              <th scope="col" className="number">
                From
              </th>
              <th scope="col" className="number">
                To
              </th>
              <th scope="col" className="number">
                Mean
              </th>
              <th scope="col">Distribution</th>
            </tr>
          </thead>
          <tbody>
            {columns.slice(0, shown).map((column) => (
              <ColumnRow key={column.name} column={column} rows={table.rows} />
            ))}
          </tbody>
        </table>
      </div>
      {columns.length === 0 ? <p className="small muted">No column has that name.</p> : null}
      {columns.length <= shown ? null : (
        <p>
          <button type="button" className="button button-small" onClick={() => setShown(shown + shownMore)}>
            {`Show more of ${formatCount(columns.length, 'column')}`}
          </button>
        </p>
      )}
      {constant === 0 ? null : (
        <p className="small muted">{`${formatCount(constant, 'column holds', 'columns hold')} one value only; they come last.`}</p>
      )}
      {table.withheld.length === 0 ? null : (
        <p className="small muted">{`The seller gives no figures of ${table.withheld.slice(0, 12).join(', ')}${
          table.withheld.length > 12 ? ` and ${formatInteger(table.withheld.length - 12)} more` : ''
        }.`}</p>
      )}
    </>
  )
}

function ColumnRow({ column, rows }: { column: ColumnProfile; rows: number }) {
  const { name, type, nulls, distinct, spread, top } = column
  const figure = (value: number | undefined) => (value === undefined ? '' : formatValue(value, type))
  return (
    <tr>
      <th scope="row" className="mono column-name">
        {name}
        {top === undefined ? null : (
          <span className="small muted column-top">
            {top
              .slice(0, 5)
              .map(({ value, count }) => `${value} (${formatInteger(count)})`)
              .join(', ')}
          </span>
        )}
      </th>
      <td>{type === 'string' ? 'text, by length' : type}</td>
      <td className="number">{formatPart(nulls, rows)}</td>
      <td className="number">{formatInteger(distinct)}</td>
      <td className="number nowrap">{figure(spread?.min)}</td>
      <td className="number nowrap">{figure(spread?.max)}</td>
      <td className="number nowrap">{type === 'boolean' ? '' : figure(spread?.mean)}</td>
      <td>{spread === undefined ? null : <HistogramBars name={name} type={type} histogram={spread.histogram} />}</td>
    </tr>
  )
}
