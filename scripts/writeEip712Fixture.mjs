// Turns the 1,025 public EIP-712 vectors into a form that Solidity can walk: one line a vector, holding the expected
// digest, then the domain and the message as trees. Nothing is hashed here; that is what the Solidity test is for.
//
// A tree is: 00 ‖ word, for a value of 32 bytes; 01 ‖ length (4 bytes) ‖ bytes, for bytes and strings;
// 02 ‖ count (2) ‖ trees, for an array; 03 ‖ length (2) ‖ encoded type ‖ count (1) ‖ trees, for a struct.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'

const domainFields = [
  { name: 'name', type: 'string' },
  { name: 'version', type: 'string' },
  { name: 'chainId', type: 'uint256' },
  { name: 'verifyingContract', type: 'address' },
  { name: 'salt', type: 'bytes32' },
]

const number = (value, bytes) => {
  const out = Buffer.alloc(bytes)
  out.writeUIntBE(value, 0, bytes)
  return out
}
const fromHex = (hex) => Buffer.from(hex.slice(2), 'hex')
const toWord = (value) => Buffer.from(BigInt.asUintN(256, BigInt(value)).toString(16).padStart(64, '0'), 'hex')
const baseOf = (type) => type.replace(/\[.*$/, '')

/** The struct's own definition, then those that it refers to, by name. */
function encodeType(name, types) {
  const found = new Set()
  const visit = (type) => {
    const base = baseOf(type)
    if (!types[base] || found.has(base)) return
    found.add(base)
    for (const field of types[base]) visit(field.type)
  }
  visit(name)
  const others = [...found].filter((other) => other !== name).sort()
  return [name, ...others]
    .map((type) => `${type}(${types[type].map((field) => `${field.type} ${field.name}`).join(',')})`)
    .join('')
}

function toTree(type, value, types) {
  const array = /^(.*)\[\d*\]$/.exec(type)
  if (array) {
    return Buffer.concat([Buffer.of(2), number(value.length, 2), ...value.map((item) => toTree(array[1], item, types))])
  }
  if (types[type]) {
    const encoded = Buffer.from(encodeType(type, types))
    const fields = types[type].map((field) => toTree(field.type, value[field.name], types))
    return Buffer.concat([Buffer.of(3), number(encoded.length, 2), encoded, number(fields.length, 1), ...fields])
  }
  if (type === 'string' || type === 'bytes') {
    const bytes = type === 'string' ? Buffer.from(value) : fromHex(value)
    return Buffer.concat([Buffer.of(1), number(bytes.length, 4), bytes])
  }
  if (/^bytes\d+$/.test(type)) return Buffer.concat([Buffer.of(0), fromHex(value), Buffer.alloc(32)]).subarray(0, 33)
  return Buffer.concat([Buffer.of(0), type === 'bool' ? toWord(value ? 1 : 0) : toWord(value)])
}

/** Writes the fixture and returns the number of vectors. */
export function writeEip712Fixture(file) {
  const require = createRequire(import.meta.url)
  const folder = dirname(require.resolve('@ethersproject/testcases/package.json'))
  const vectors = JSON.parse(gunzipSync(readFileSync(join(folder, 'testcases/eip712.json.gz'))).toString())
  const lines = vectors.map(({ domain, primaryType, types, data, digest }) => {
    const fields = domainFields.filter(({ name }) => name in domain)
    const domainTree = toTree('EIP712Domain', domain, { EIP712Domain: fields })
    return `0x${Buffer.concat([fromHex(digest), domainTree, toTree(primaryType, data, types)]).toString('hex')}`
  })
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${lines.join('\n')}\n`)
  return lines.length
}
