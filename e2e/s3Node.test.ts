import { createHash, randomBytes } from 'node:crypto'
import { collectBytes, fetchDelivery, publishAsset, verifyDelivery } from '@agorai/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startS3 } from '../packages/node/src/adapters/storage/testStores.js'
import { type Marketplace, startMarketplace } from './marketplace.js'

/** A whole node whose content is in a bucket of a real server of the S3 protocol. */
let s3: Awaited<ReturnType<typeof startS3>>
let market: Marketplace
beforeAll(async () => {
  s3 = await startS3()
  const { endpoint, region, credentials } = s3.settings
  // Where every program that uses S3 finds them.
  process.env.AWS_ACCESS_KEY_ID = credentials.accessKeyId
  process.env.AWS_SECRET_ACCESS_KEY = credentials.secretAccessKey
  market = await startMarketplace({
    contentBytesMax: 64 * 1024 * 1024,
    s3: { bucket: s3.bucket, prefix: 'operator/one', endpoint, region },
  })
}, 120_000)
afterAll(async () => {
  await market.stop()
  await s3.close()
}, 60_000)

test('publish, deliver and verify, with everything in the bucket', async () => {
  const content = randomBytes(20_000_001)
  const { version, manifest } = await publishAsset(market.ada, {
    content: {
      fileName: 'bytes.bin',
      mediaType: 'application/octet-stream',
      bytes: content.length,
      async *stream() {
        for (let at = 0; at < content.length; at += 1 << 20) yield content.subarray(at, at + (1 << 20))
      },
    },
    rowFormat: 'binary',
    kind: 'dataset',
    name: 'Bytes in a bucket',
    description: 'Twenty megabytes.',
    tags: [],
    licence: { spdx: 'CC0-1.0', source: 'This test', attribution: 'Nobody' },
    provenance: { description: 'Made for a test.' },
    terms: { royaltyBps: 0 },
    contributors: { bps: 0, leaves: [] },
    metrics: [],
    offers: [],
  })
  const delivery = await fetchDelivery(market.ada, { version })
  expect(content.equals(await collectBytes(delivery.plaintext()))).toBe(true)
  const { checks } = await verifyDelivery(market.ada, delivery)
  expect(checks.map(({ name }) => name)).toContain('content.cid')
  const digest = createHash('sha256').update(delivery.manifestBytes).digest('hex')
  expect((await s3.names()).sort()).toEqual(
    [
      `operator/one/chunks/${manifest.content?.chunkRoot.slice(2)}`,
      `operator/one/content/${manifest.content?.cid}`,
      `operator/one/manifests/${digest}.json`,
    ].sort(),
  )
}, 120_000)
