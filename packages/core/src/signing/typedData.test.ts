import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { gunzipSync } from 'node:zlib'
import type { Address, Hex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { concatHex, encodeAbiParameters, keccak256, recoverTypedDataAddress, stringToHex } from 'viem/utils'
import { describe, expect, test } from 'vitest'
import { devAccounts } from '../chain/devAccounts.js'
import { hashDocument, hashMessageOf, type SigningDomain, signingTypes, toTypedData } from './typedData.js'

const word = (byte: string): Hex => `0x${byte.repeat(32)}`
const addressAt = (index: number) => (devAccounts[index]?.address.toLowerCase() ?? '0x') as Address

const domain: SigningDomain = { chainId: 31_337, assetRegistry: addressAt(7) }
const messages = {
  DeliveryRequest: {
    version: 2n,
    holder: addressAt(6),
    deliveryKey: word('11'),
    operator: addressAt(0),
    nonce: word('22'),
    expiry: 1_800_000_000n,
  },
  UploadRequest: {
    account: addressAt(1),
    resource: 'content/bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy',
    bytes: 116n,
    digest: word('33'),
    operator: addressAt(0),
    nonce: word('44'),
    expiry: 1_800_000_000n,
  },
  DeliveryReceipt: { requestDigest: word('55'), manifestDigest: word('66'), grantedAt: 1_700_000_000n },
}
type Name = keyof typeof messages
const names = Object.keys(messages) as Name[]

test('all 1,025 EIP-712 vectors give their digest', () => {
  const path = createRequire(import.meta.url).resolve('@ethersproject/testcases/testcases/eip712.json.gz')
  const vectors = JSON.parse(gunzipSync(readFileSync(path)).toString()) as {
    name: string
    domain: object
    types: object
    primaryType: string
    data: object
    digest: Hex
  }[]
  expect(vectors).toHaveLength(1_025)
  const wrong = vectors.filter(
    ({ data, digest, ...document }) => hashDocument({ ...document, message: data }) !== digest,
  )
  expect(wrong.map(({ name }) => name)).toEqual([])
  console.log(`P8: ${vectors.length} EIP-712 vectors in TypeScript`)
})

describe.each(names)('%s', (name) => {
  const digest = hashMessageOf(domain, name, messages[name])

  test('is hashed as EIP-712 says', () => {
    const fields: readonly { name: string; type: string }[] = signingTypes[name]
    const typeHash = (type: string) => keccak256(stringToHex(type))
    const message: Record<string, unknown> = messages[name]
    const values = fields.map((field) =>
      field.type === 'string' ? keccak256(stringToHex(String(message[field.name]))) : message[field.name],
    )
    const encoded = encodeAbiParameters(
      ['bytes32', ...fields.map((field) => (field.type === 'string' ? 'bytes32' : field.type))].map((type) => ({
        type,
      })),
      [typeHash(`${name}(${fields.map((field) => `${field.type} ${field.name}`).join(',')})`), ...values],
    )
    const domainEncoded = encodeAbiParameters(
      [{ type: 'bytes32' }, { type: 'bytes32' }, { type: 'bytes32' }, { type: 'uint256' }, { type: 'address' }],
      [
        typeHash('EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)'),
        typeHash('Agorai'),
        typeHash('1'),
        BigInt(domain.chainId),
        domain.assetRegistry,
      ],
    )
    expect(digest).toBe(keccak256(concatHex(['0x1901', keccak256(domainEncoded), keccak256(encoded)])))
  })

  test('has another digest when any one field is another', () => {
    const digests = new Set([digest])
    const fields = Object.entries(messages[name])
    expect(fields.map(([field]) => field)).toEqual(signingTypes[name].map((field) => field.name))
    for (const [field, value] of fields) {
      const other = typeof value === 'bigint' ? value + 1n : value.replace(/.$/, (last) => (last === '9' ? '8' : '9'))
      digests.add(hashMessageOf(domain, name, { ...messages[name], [field]: other }))
    }
    expect(digests.size).toBe(fields.length + 1)
  })

  test('has another digest on another chain, another deployment, and as another message', () => {
    const digests = new Set([digest])
    digests.add(hashMessageOf({ ...domain, chainId: 1 }, name, messages[name]))
    digests.add(hashMessageOf({ ...domain, assetRegistry: addressAt(5) }, name, messages[name]))
    const document = toTypedData(domain, name, messages[name])
    digests.add(hashDocument({ ...document, domain: { ...document.domain, name: 'Other' } }))
    digests.add(hashDocument({ ...document, domain: { ...document.domain, version: '2' } }))
    digests.add(hashDocument({ ...document, primaryType: 'Other', types: { Other: signingTypes[name] } }))
    expect(digests.size).toBe(6)
  })

  test('is signed by wallets as it is hashed here', async () => {
    const account = privateKeyToAccount(word('77'))
    const document = toTypedData(domain, name, messages[name]) as Parameters<typeof account.signTypedData>[0]
    const signature = await account.signTypedData(document)
    expect(signature).toBe(await account.sign({ hash: digest }))
    expect(await recoverTypedDataAddress({ ...document, signature } as never)).toBe(account.address)
  })
})
