import { formatUnits } from 'viem'

export type Token = { symbol: string; decimals: number }

/** An exact amount with all its decimals and its unit: `8.900000 tUSD`. */
export function formatAmount(amount: bigint, { symbol, decimals }: Token): string {
  const [whole = '0', fraction = ''] = formatUnits(amount, decimals).split('.')
  return `${whole}${decimals === 0 ? '' : `.${fraction.padEnd(decimals, '0')}`} ${plain(symbol)}`
}

/** A rate of 10,000 in per cent: `12.5 %`. */
export const formatBps = (bps: number): string => `${bps / 100} %`

/** A moment by the chain's clock: `2026-11-21 17:30 UTC`. */
export const formatDate = (unix: number): string =>
  `${new Date(unix * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`

/** The ends of an address or hash, which is how people compare them. */
export const shorten = (hex: string): string => (hex.length <= 14 ? hex : `${hex.slice(0, 8)}…${hex.slice(-4)}`)

/** Columns as wide as their widest cell. A column of which every cell is a number or an amount stands to the right. */
export function formatTable(rows: readonly (readonly string[])[]): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length))
  const cellsOf = (column: number): string[] => rows.map((row) => row[column] ?? '')
  const widths = Array.from({ length: columns }, (_, column) => Math.max(...cellsOf(column).map((cell) => cell.length)))
  const numeric = widths.map((_, column) => cellsOf(column).every((cell) => /^([\d.,]+( \S+)?)?$/.test(cell)))
  const pad = (cell: string, column: number): string =>
    numeric[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)
  return rows.map((row) => row.map(pad).join('  ').trimEnd())
}

const controls = /\p{Cc}|\p{Cf}/gu

/** Text that somebody else wrote, without what could move the cursor or turn the direction of the line. */
export const plain = (text: string): string => text.replace(/[\n\t]/g, ' ').replace(controls, '')

/** The same with its lines left as they are. */
export const plainLines = (text: string): string => text.split('\n').map(plain).join('\n')
