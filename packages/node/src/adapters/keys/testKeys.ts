import { randomBytes } from 'node:crypto'
import type { PartitionSecrets } from '@agorai/core'
import { bytesToHex, type Hex } from 'viem'
import type { Erasure, KeyFacts } from '../../ports/keyStore.js'

export const randomHex = (): Hex => bytesToHex(randomBytes(32))

export const freshSecrets = (): PartitionSecrets => ({
  contentKey: new Uint8Array(randomBytes(32)),
  saltSeed: new Uint8Array(randomBytes(32)),
})

export const freshFacts = (): KeyFacts => ({
  commitment: randomHex(),
  manifestDigest: randomHex(),
  cid: 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy',
  bytes: 100,
  account: '0x976EA74026E726554dB657fA54763abd0C3a0aa9',
})

export const erasureOf = (partition: number | null): Erasure => ({
  partition,
  erasedAt: 1_700_000_000,
  signature: '0x01',
})
