/**
 * Keccak-256 as a WebAssembly module, put together here: lanes live in locals, so a permutation touches no memory, and
 * many small messages are hashed in one call. Sizes in bytes.
 *
 * @see FIPS 202 for the permutation; Ethereum pads with 0x01 where SHA-3 pads with 0x06.
 */
export const keccakExports = { memory: 'memory', absorb: 'absorb', hashPairs: 'hashPairs' } as const

/** What one permutation takes in of a message. */
export const blockBytes = 136
/** Where the state lies in the module's memory, behind the constants of the rounds. */
export const stateAt = 256
/** The first byte of memory that is free. */
export const freeAt = 512

const lanes = 25
const blockLanes = blockBytes / 8
const rounds = 24
const pagesFirst = 2

const i32 = 0x7f
const i64 = 0x7e
const op = {
  block: [0x02, 0x40],
  loop: [0x03, 0x40],
  end: [0x0b],
  branch: (depth: number) => [0x0c, depth],
  branchIf: (depth: number) => [0x0d, depth],
  get: (local: number) => [0x20, ...unsigned(local)],
  set: (local: number) => [0x21, ...unsigned(local)],
  tee: (local: number) => [0x22, ...unsigned(local)],
  load: (offset: number) => [0x29, 0, ...unsigned(offset)],
  loadByte: (offset: number) => [0x31, 0, ...unsigned(offset)],
  store: (offset: number) => [0x37, 0, ...unsigned(offset)],
  small: (value: number) => [0x41, ...signed(BigInt(value))],
  large: (value: bigint) => [0x42, ...signed(BigInt.asIntN(64, value))],
  isZero: [0x45],
  below: [0x49],
  addSmall: [0x6a],
  subtractSmall: [0x6b],
  and: [0x83],
  or: [0x84],
  xor: [0x85],
  shiftLeft: [0x86],
  rotateLeft: [0x89],
} as const

/** Numbers as LEB128. */
function unsigned(value: number): number[] {
  const bytes: number[] = []
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest]
    bytes.push((rest & 0x7f) | 0x80)
  }
}

function signed(value: bigint): number[] {
  const bytes: number[] = []
  for (let rest = value; ; rest >>= 7n) {
    const low = Number(rest & 0x7fn)
    const isLast = rest >> 6n === 0n || rest >> 6n === -1n
    if (isLast) return [...bytes, low]
    bytes.push(low | 0x80)
  }
}

/** The constants that are mixed in by round, from the register that FIPS 202 defines (algorithm 5). */
function roundConstants(): bigint[] {
  let register = 1
  const nextBit = (): bigint => {
    const bit = BigInt(register & 1)
    register <<= 1
    if (register & 0x100) register ^= 0x171
    return bit
  }
  return Array.from({ length: rounds }, () => {
    let constant = 0n
    for (let power = 0n; power <= 6n; power++) constant |= nextBit() << ((1n << power) - 1n)
    return constant
  })
}

/** How far each lane is turned, and where it goes (rho and pi). */
function turns(): { from: number; to: number; by: number }[] {
  const list = [{ from: 0, to: 0, by: 0 }]
  for (let [x, y, step] = [1, 0, 0]; step < 24; step++) {
    const [nextX, nextY] = [y, (2 * x + 3 * y) % 5]
    list.push({ from: x + 5 * y, to: nextX + 5 * nextY, by: (((step + 1) * (step + 2)) / 2) % 64 })
    ;[x, y] = [nextX, nextY]
  }
  return list
}

/** Where a function's lanes are among its locals: the state, what a round makes of it, columns, and one word between. */
type Locals = { state: number; turned: number; columns: number; word: number; round: number }
const localsFrom = (first: number): Locals => ({
  state: first,
  turned: first + lanes,
  columns: first + 2 * lanes,
  word: first + 2 * lanes + 5,
  round: first + 2 * lanes + 6,
})
/** As a module declares them. */
const localTypes = [2, 2 * lanes + 6, i64, 1, i32]

/** The permutation of the state's locals, a loop of its rounds; a round's constant is read at eight times its number. */
function permute({ state, turned, columns, word, round }: Locals): number[] {
  const code: number[] = [...op.small(0), ...op.set(round), ...op.loop]
  for (let x = 0; x < 5; x++) {
    code.push(...op.get(state + x))
    for (let y = 1; y < 5; y++) code.push(...op.get(state + x + 5 * y), ...op.xor)
    code.push(...op.set(columns + x))
  }
  const moves = turns()
  for (let x = 0; x < 5; x++) {
    code.push(...op.get(columns + ((x + 4) % 5)), ...op.get(columns + ((x + 1) % 5)), ...op.large(1n), ...op.rotateLeft)
    code.push(...op.xor, ...op.set(word))
    for (const { from, to, by } of moves.filter((move) => move.from % 5 === x)) {
      code.push(...op.get(state + from), ...op.get(word), ...op.xor)
      if (by > 0) code.push(...op.large(BigInt(by)), ...op.rotateLeft)
      code.push(...op.set(turned + to))
    }
  }
  for (let y = 0; y < lanes; y += 5)
    for (let x = 0; x < 5; x++) {
      code.push(...op.get(turned + y + ((x + 1) % 5)), ...op.large(-1n), ...op.xor)
      code.push(...op.get(turned + y + ((x + 2) % 5)), ...op.and, ...op.get(turned + y + x), ...op.xor)
      if (x + y === 0) code.push(...op.get(round), ...op.load(0), ...op.xor)
      code.push(...op.set(state + y + x))
    }
  code.push(...op.get(round), ...op.small(8), ...op.addSmall, ...op.tee(round))
  code.push(...op.small(8 * rounds), ...op.below, ...op.branchIf(0), ...op.end)
  return code
}

/** A loop that is run `count` times, which a parameter holds and which may be none. */
const times = (count: number, body: readonly number[]): number[] => [
  ...[...op.block, ...op.get(count), ...op.isZero, ...op.branchIf(0), ...op.loop, ...body],
  ...[...op.get(count), ...op.small(1), ...op.subtractSmall, ...op.tee(count), ...op.branchIf(0), ...op.end, ...op.end],
]

const advance = (pointer: number, by: number): number[] => [
  ...[...op.get(pointer), ...op.small(by), ...op.addSmall, ...op.set(pointer)],
]

/** absorb(from, blocks): whole blocks into the state that lies in memory. */
function absorb(): number[] {
  const [from, blocks] = [0, 1]
  const locals = localsFrom(2)
  const every = Array.from({ length: lanes }, (_, lane) => lane)
  const zero = op.small(0)
  const take = every
    .slice(0, blockLanes)
    .flatMap((lane) => [
      ...[...op.get(locals.state + lane), ...op.get(from), ...op.load(8 * lane), ...op.xor],
      ...op.set(locals.state + lane),
    ])
  return [
    ...every.flatMap((lane) => [...zero, ...op.load(stateAt + 8 * lane), ...op.set(locals.state + lane)]),
    ...times(blocks, [...take, ...permute(locals), ...advance(from, blockBytes)]),
    ...every.flatMap((lane) => [...zero, ...op.get(locals.state + lane), ...op.store(stateAt + 8 * lane)]),
  ]
}

/** hashPairs(from, to, pairs): keccak256(0x01 ‖ 64 bytes) of each pair of 32 bytes, one after the other. */
function hashPairs(): number[] {
  const [from, to, pairs] = [0, 1, 2]
  const locals = localsFrom(3)
  const code: number[] = [...op.get(from), ...op.load(0), ...op.large(8n), ...op.shiftLeft, ...op.large(1n), ...op.or]
  code.push(...op.set(locals.state))
  // One byte stands before the pair, so each lane begins a byte early.
  for (let lane = 1; lane < 8; lane++)
    code.push(...op.get(from), ...op.load(8 * lane - 1), ...op.set(locals.state + lane))
  code.push(...op.get(from), ...op.loadByte(63), ...op.large(0x100n), ...op.or, ...op.set(locals.state + 8))
  for (let lane = 9; lane < lanes; lane++)
    code.push(...op.large(lane === blockLanes - 1 ? 1n << 63n : 0n), ...op.set(locals.state + lane))
  code.push(...permute(locals))
  for (let lane = 0; lane < 4; lane++) code.push(...op.get(to), ...op.get(locals.state + lane), ...op.store(8 * lane))
  return times(pairs, [...code, ...advance(from, 64), ...advance(to, 32)])
}

const list = (items: readonly (readonly number[])[]): number[] => [...unsigned(items.length), ...items.flat()]
const sized = (bytes: readonly number[]): number[] => [...unsigned(bytes.length), ...bytes]
const section = (id: number, items: readonly (readonly number[])[]): number[] => [id, ...sized(list(items))]
const text = (name: string): number[] => sized([...new TextEncoder().encode(name)])
const functionType = (parameters: number): number[] => [0x60, ...list(Array(parameters).fill([i32])), 0]
const functionBody = (code: readonly number[]): number[] => sized([...localTypes, ...code, ...op.end])
const littleEndian = (word: bigint): number[] =>
  Array.from({ length: 8 }, (_, byte) => Number((word >> BigInt(8 * byte)) & 0xffn))

/** The module: 1 to 65,536 pages of memory of its own, and the two functions above. */
export function assembleKeccak(): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [functionType(2), functionType(3)]),
    ...section(3, [[0], [1]]),
    ...section(5, [[0, ...unsigned(pagesFirst)]]),
    ...section(7, [
      [...text(keccakExports.memory), 2, 0],
      [...text(keccakExports.absorb), 0, 0],
      [...text(keccakExports.hashPairs), 0, 1],
    ]),
    ...section(10, [functionBody(absorb()), functionBody(hashPairs())]),
    ...section(11, [[0, ...op.small(0), ...op.end, ...sized(roundConstants().flatMap(littleEndian))]]),
  ])
}
