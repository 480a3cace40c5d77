import { expect, test } from 'vitest'
import { manifestCid, manifestDigest } from '../assets/digest.js'
import { digestOfCid } from './cid.js'

test('finds the digest of a raw block and of a UnixFS root', () => {
  const bytes = new TextEncoder().encode('agora')
  expect(digestOfCid(manifestCid(bytes))).toBe(manifestDigest(bytes))
  // The empty UnixFS file and folder, as every IPFS node knows them.
  expect(digestOfCid('bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku')).toBe(
    '0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  )
  expect(digestOfCid('bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354')).toBe(
    '0x59948439065f29619ef41280cbb932be52c56d99c5966b65e0111239f098bbef',
  )
})

test('refuses what is no CIDv1 with a sha-256', () => {
  for (const cid of ['', 'baf', 'QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn', `baf${'a'.repeat(56)}`])
    expect(() => digestOfCid(cid)).toThrow(expect.objectContaining({ code: 'invalid_request' }))
})
