import type { MeteringUnit } from '@agorai/core'

const words: Record<MeteringUnit, { one: string; many: string }> = {
  call: { one: 'call', many: 'calls' },
  input_token: { one: 'input token', many: 'input tokens' },
  output_token: { one: 'output token', many: 'output tokens' },
  row: { one: 'row', many: 'rows' },
  millisecond: { one: 'millisecond', many: 'milliseconds' },
}

/** `1,000,000 input tokens`, `1 row`. */
export const describeUnits = (unit: MeteringUnit, count: number): string =>
  `${count.toLocaleString('en-US')} ${count === 1 ? words[unit].one : words[unit].many}`
