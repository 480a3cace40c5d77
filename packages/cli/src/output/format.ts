import { formatUnits } from 'viem'

export type Token = { symbol: string; decimals: number }

/** An exact amount with all its decimals and its unit: `8.900000 tUSD`. */
export function formatAmount(amount: bigint, { symbol, decimals }: Token): string {
  const [whole = '0', fraction = ''] = formatUnits(amount, decimals).split('.')
  return `${whole}${decimals === 0 ? '' : `.${fraction.padEnd(decimals, '0')}`} ${symbol}`
}

/** A rate of 10,000 in per cent: `12.5 %`. */
export const formatBps = (bps: number): string => `${bps / 100} %`

/** The ends of an address or hash, which is how people compare them. */
export const shorten = (hex: string): string => (hex.length <= 14 ? hex : `${hex.slice(0, 8)}…${hex.slice(-4)}`)

/** Columns as wide as their widest cell, the last as wide as it is. Cells that are numbers or amounts stand to the right. */
export function formatTable(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>((all, row) => row.map((cell, i) => Math.max(all[i] ?? 0, cell.length)), [])
  return rows.map((row) =>
    row
      .map((cell, i) => (/^[\d.,]+( \S+)?$/.test(cell) ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}

const controls = /\p{Cc}|\p{Cf}/gu

/** Text that somebody else wrote, without what could move the cursor or turn the direction of the line. */
export const plain = (text: string): string => text.replace(/[\n\t]/g, ' ').replace(controls, '')
