// Hashes, trees and shares: the arithmetic under contents and payouts, each beside what others use for it.
import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import { SimpleMerkleTree } from '@openzeppelin/merkle-tree'
import { loadKeccak } from '../../packages/core/dist/content/keccak.js'
import { createMerkleTree } from '../../packages/core/dist/content/merkle.js'
import { contributorsEntitled } from '../../packages/core/dist/revenue/ledger.js'

const { MerkleTree } = createRequire(import.meta.url)('merkletreejs')

const mebibyte = 1 << 20
const leavesMax = 1_000_000
/** Peers build a smaller tree, and their time is that of the whole by the leaf: it grows with the leaves at least. */
const peerLeaves = 50_000
const rounds = 3

/** Seconds of this process's CPU: the least of some rounds, since what else the machine does only ever adds. */
function cpuSeconds(work, times = rounds) {
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < times; round++) {
    const before = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(before)
    least = Math.min(least, (user + system) / 1e6)
  }
  return least
}

export async function measureHashing() {
  const block = Buffer.alloc(64 * mebibyte, 7)
  const shaSeconds = cpuSeconds(() => createHash('sha256').update(block).digest())

  const leaves = Array.from({ length: leavesMax }, (_, index) => createHash('sha256').update(`${index}`).digest())
  const keccak = await loadKeccak()
  const own = cpuSeconds(() => {
    const tree = createMerkleTree(keccak)
    for (const leaf of leaves) tree.add(leaf)
    tree.root()
    for (let index = 0; index < leavesMax; index += 1_000) tree.proof(index)
  })
  const few = leaves.slice(0, peerLeaves)
  const scale = leavesMax / peerLeaves
  const openZeppelin =
    scale * cpuSeconds(() => SimpleMerkleTree.of(few.map((leaf) => `0x${leaf.toString('hex')}`)).root, 1)
  const merkletreejs = scale * cpuSeconds(() => new MerkleTree(few, (data) => Buffer.from(keccak(data))).getRoot(), 1)

  const contributors = leaves.map((_, index) => ({ account: '0x00', weight: BigInt(1 + (index % 1_000)) }))
  const vertex = { version: 1n, feeBps: 100, contributorBps: 6_000, edges: [], supplies: [], members: [], contributors }
  const account = { sales: 10n ** 15n, royalties: 0n, pulledSales: 0n, ownerCollected: 0n, liens: [] }
  const shares = contributorsEntitled(account, vertex)
  const shareSeconds = cpuSeconds(() => contributorsEntitled(account, vertex))
  const plain = new Map(contributors.map(({ weight }, index) => [index, weight]))
  const total = contributors.reduce((sum, { weight }) => sum + weight, 0n)
  const plainSeconds = cpuSeconds(
    () => new Map([...plain].map(([key, weight]) => [key, (10n ** 15n * weight) / total])),
  )
  if (!isExact(shares, account, vertex, total)) throw new Error('a share is not exact')

  return [
    { id: 'sha-256', value: 64 / shaSeconds, unit: 'MiB per CPU-second' },
    ...[
      ['@openzeppelin/merkle-tree', openZeppelin],
      ['merkletreejs', merkletreejs],
    ].map(([peer, peerValue]) => ({
      id: `merkle tree of 1,000,000 leaves, proofs ready, beside ${peer}`,
      value: own,
      unit: 'CPU-seconds',
      peer,
      peerValue,
      goal: 1.2,
      goalIs: 'most',
    })),
    {
      id: 'shares of 1,000,000 contributors, exact, into flat buffers',
      value: 1_000 * shareSeconds,
      unit: 'CPU-milliseconds',
      peer: 'a map of BigInt shares',
      peerValue: 1_000 * plainSeconds,
      goal: 100,
      goalIs: 'most',
    },
  ]
}

/** Every share is the floor of its own part, and intervals follow one another. */
function isExact(shares, { sales }, { contributorBps, feeBps, contributors }, total) {
  const residue = (sales * BigInt(10_000 - feeBps)) / 10_000n
  const pool = (residue * BigInt(contributorBps)) / 10_000n
  let start = 0n
  return contributors.every(({ weight }, index) => {
    const amount = shares.amountOf(index)
    const fits =
      shares.startOf(index) === start && amount * total <= pool * weight && (amount + 1n) * total > pool * weight
    start += weight
    return fits
  })
}
