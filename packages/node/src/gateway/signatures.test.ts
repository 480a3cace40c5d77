import { createPublicClient, http, serializeErc8010Signature } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { expect, test } from 'vitest'
import { assertSignature } from './signatures.js'

test('a signature by a delegation of ERC-8010 is refused, without asking the chain', async () => {
  const account = privateKeyToAccount(generatePrivateKey())
  const hash = `0x${'ab'.repeat(32)}` as const
  const authorization = await account.signAuthorization({ address: account.address, chainId: 1, nonce: 0 })
  const inner = await account.sign({ hash })
  const signature = serializeErc8010Signature({
    authorization: { ...authorization, yParity: authorization.yParity ?? 0 },
    signature: inner,
  })
  const client = createPublicClient({ transport: http('http://127.0.0.1:9', { retryCount: 0 }) })
  await assertSignature(client, { account: account.address, hash, signature: inner })
  await expect(assertSignature(client, { account: account.address, hash, signature })).rejects.toMatchObject({
    code: 'signature_invalid',
  })
})
