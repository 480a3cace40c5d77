import { type Hex, keccak256, toRlp } from 'viem'

/** A block's header as JSON-RPC gives it. */
export type RpcHeader = { hash: Hex; parentHash: Hex; number: Hex; logsBloom: Hex } & Record<string, unknown>

/** The fields of a header in the order of its encoding; those after `nonce` came with forks, one after the other. */
const words = ['parentHash', 'sha3Uncles', 'miner', 'stateRoot', 'transactionsRoot', 'receiptsRoot', 'logsBloom']
const numbers = ['difficulty', 'number', 'gasLimit', 'gasUsed', 'timestamp']
const rest = ['extraData', 'mixHash', 'nonce']
const later = [
  ['baseFeePerGas', 'number'],
  ['withdrawalsRoot', 'word'],
  ['blobGasUsed', 'number'],
  ['excessBlobGas', 'number'],
  ['parentBeaconBlockRoot', 'word'],
  ['requestsHash', 'word'],
] as const

/** The hash of an Ethereum header, recomputed from its fields; undefined when one of them is missing. */
export function hashHeader(header: Record<string, unknown>): Hex | undefined {
  const fields: unknown[] = [
    ...words.map((name) => header[name]),
    ...numbers.map((name) => toMinimal(header[name])),
    ...rest.map((name) => header[name]),
  ]
  for (const [name, kind] of later) {
    const value = header[name]
    if (value === undefined || value === null) break
    fields.push(kind === 'number' ? toMinimal(value) : value)
  }
  return fields.every(isBytes) ? keccak256(toRlp(fields)) : undefined
}

const isBytes = (value: unknown): value is Hex => typeof value === 'string' && /^0x([0-9a-f]{2})*$/i.test(value)

/** A quantity as RLP has it: without leading zeros, and zero as nothing. */
function toMinimal(value: unknown): Hex | undefined {
  if (typeof value !== 'string' || !/^0x[0-9a-f]+$/i.test(value)) return undefined
  const digits = value.slice(2).replace(/^0+/, '')
  return `0x${digits.length % 2 === 1 ? '0' : ''}${digits}`
}

/** Whether a log of this address may stand in a block with this bloom: no means no, yes means maybe. */
export function mayContain(logsBloom: Hex, value: Hex): boolean {
  const digest = Buffer.from(keccak256(value).slice(2), 'hex')
  const bloom = Buffer.from(logsBloom.slice(2), 'hex')
  return [0, 2, 4].every((offset) => {
    const bit = digest.readUInt16BE(offset) & 2_047
    return ((bloom[255 - (bit >> 3)] ?? 0) >> (bit & 7)) & 1
  })
}
