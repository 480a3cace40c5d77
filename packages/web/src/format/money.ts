/** A token as the API describes it: amounts are whole base units, `decimals` of which make one digit after the point. */
export type Token = { address: string; symbol: string; decimals: number }

const noBreakSpace = '\u00a0'

/** `1234567` as `1,234,567`. */
export function formatInteger(value: bigint | number): string {
  return value.toString().replace(/\B(?=(\d{3})+$)/g, ',')
}

/**
 * An amount of base units as an exact decimal: never rounded, at least two digits after the point where the token has them.
 *
 * @example formatAmount(10_000_000n, 6) // '10.00'
 */
export function formatAmount(units: bigint, decimals: number): string {
  const digits = (units < 0n ? -units : units).toString().padStart(decimals + 1, '0')
  const whole = digits.slice(0, digits.length - decimals)
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '')
  const shown = fraction.padEnd(Math.min(2, decimals), '0')
  return `${units < 0n ? '−' : ''}${formatInteger(BigInt(whole))}${shown === '' ? '' : `.${shown}`}`
}

/** An amount with its unit, kept on one line. */
export function formatMoney(units: bigint, token: Pick<Token, 'symbol' | 'decimals'>): string {
  return `${formatAmount(units, token.decimals)}${noBreakSpace}${token.symbol}`
}

/** A rate of 10,000 as a percentage, exact: `125` as `1.25 %`. */
export function formatBps(bps: number): string {
  const fraction = (bps % 100).toString().padStart(2, '0').replace(/0+$/, '')
  return `${Math.floor(bps / 100)}${fraction === '' ? '' : `.${fraction}`}${noBreakSpace}%`
}

/** A part of a whole as a percentage, cut (not rounded) after the second decimal, so that it never overstates. */
export function formatShare(part: bigint, whole: bigint): string {
  if (whole === 0n) return formatBps(0)
  const bps = (part * 10_000n) / whole
  return bps === 0n && part > 0n ? `<${noBreakSpace}0.01${noBreakSpace}%` : formatBps(Number(bps))
}

/** What a person typed as an amount, in base units: digits with at most one point. Undefined when it is no such amount. */
export function parseAmount(text: string, decimals: number): bigint | undefined {
  const [, whole, fraction = ''] = /^(\d{1,60})(?:\.(\d{1,60}))?$/.exec(text.trim().replaceAll(',', '')) ?? []
  if (whole === undefined || fraction.length > decimals) return undefined
  return BigInt(whole + fraction.padEnd(decimals, '0'))
}

/** What a person typed as a percentage, in whole hundredths of a percent. Undefined when it is no such number. */
export function parsePercent(text: string): number | undefined {
  const units = parseAmount(text.replace(/%\s*$/, ''), 2)
  return units === undefined || units > 10_000n ? undefined : Number(units)
}
