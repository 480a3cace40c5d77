import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { gunzipSync } from 'node:zlib'
import type { Address, Hex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import {
  concatHex,
  encodeAbiParameters,
  keccak256,
  parseAbiParameters,
  recoverTypedDataAddress,
  stringToHex,
} from 'viem/utils'
import { describe, expect, test } from 'vitest'
import { devAccounts } from '../chain/devAccounts.js'
import {
  hashDocument,
  hashMessageOf,
  type MarketDomain,
  type OfferTermsArgument,
  type PublicationArgument,
  publicationTermsHash,
  type SigningDomain,
  signingTypes,
  toTypedData,
} from './typedData.js'

const word = (byte: string): Hex => `0x${byte.repeat(32)}`
const addressAt = (index: number) => (devAccounts[index]?.address.toLowerCase() ?? '0x') as Address

const chainId = 31_337
const contract = addressAt(7)
/** A purchase is read by the market, all else by, or in the name of, the registry. */
const domainOf = (name: string, at: { chainId: number; contract: Address }): SigningDomain | MarketDomain =>
  name === 'Purchase'
    ? { chainId: at.chainId, accessMarket: at.contract }
    : { chainId: at.chainId, assetRegistry: at.contract }
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
  ChunkReceipt: {
    requestDigest: word('55'),
    manifestDigest: word('66'),
    index: 7n,
    chunkHash: word('77'),
    sentAt: 1_700_000_000n,
  },
  ErasureCertificate: {
    commitment: word('55'),
    manifestDigest: word('66'),
    partition: -1n,
    erasedAt: 1_700_000_000n,
    operator: addressAt(0),
  },
  Consent: {
    version: 2n,
    publisher: addressAt(2),
    manifestDigest: word('11'),
    nonce: word('22'),
    expiry: 1_800_000_000n,
  },
  Publish: {
    publisher: addressAt(2),
    kind: 4,
    manifestDigest: word('11'),
    terms: word('22'),
    nonce: 3n,
    expiry: 1_800_000_000n,
  },
  Purchase: {
    offerId: 131_072n,
    version: 2n,
    payer: addressAt(1),
    holder: addressAt(2),
    quantity: 30,
    amountMax: 10n ** 18n,
    nonce: 4,
    expiry: 1_800_000_000n,
  },
  ApplicationApproval: {
    asset: 1n,
    owner: addressAt(1),
    application: addressAt(2),
    purpose: 'Training of models that read handwriting',
    grantedAt: 1_700_000_000n,
    nonce: word('11'),
    expiry: 1_800_000_000n,
  },
  ApprovalRevocation: {
    asset: 1n,
    owner: addressAt(1),
    application: addressAt(2),
    nonce: word('11'),
    expiry: 1_800_000_000n,
  },
  ConsentRecord: {
    asset: 1n,
    contributor: addressAt(3),
    application: addressAt(2),
    purpose: 'Training of models that read handwriting',
    label: 'Ann',
    rowsRoot: word('11'),
    grantedAt: 1_700_000_000n,
    nonce: word('22'),
    expiry: 1_800_000_000n,
  },
  Withdrawal: { asset: 1n, contributor: addressAt(3), nonce: word('11'), expiry: 1_800_000_000n },
  ContributionsRequest: {
    asset: 1n,
    owner: addressAt(1),
    deliveryKey: word('11'),
    operator: addressAt(0),
    nonce: word('22'),
    expiry: 1_800_000_000n,
  },
  RowRequest: {
    version: 3n,
    account: addressAt(3),
    rowDigest: word('11'),
    operator: addressAt(0),
    nonce: word('22'),
    expiry: 1_800_000_000n,
  },
  FeedSegment: {
    version: 4n,
    sequence: 2n,
    previous: word('11'),
    content: word('22'),
    bytes: 100n,
    rows: 3n,
    root: word('33'),
    publishedAt: 1_700_000_000n,
  },
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
  const domain = domainOf(name, { chainId, contract })
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
        BigInt(chainId),
        contract,
      ],
    )
    expect(digest).toBe(keccak256(concatHex(['0x1901', keccak256(domainEncoded), keccak256(encoded)])))
  })

  test('has another digest when any one field is another', () => {
    const digests = new Set([digest])
    const fields = Object.entries(messages[name])
    expect(fields.map(([field]) => field)).toEqual(signingTypes[name].map((field) => field.name))
    for (const [field, value] of fields) {
      const other =
        typeof value === 'string'
          ? value.replace(/.$/, (last) => (last === '9' ? '8' : '9'))
          : typeof value === 'bigint'
            ? value + 1n
            : value + 1
      digests.add(hashMessageOf(domain, name, { ...messages[name], [field]: other }))
    }
    expect(digests.size).toBe(fields.length + 1)
  })

  test('has another digest on another chain, another deployment, and as another message', () => {
    const digests = new Set([digest])
    digests.add(hashMessageOf(domainOf(name, { chainId: 1, contract }), name, messages[name]))
    digests.add(hashMessageOf(domainOf(name, { chainId, contract: addressAt(5) }), name, messages[name]))
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

describe('the terms of a signed publication', () => {
  const publication: PublicationArgument = {
    manifestDigest: word('11'),
    parents: [1n, 2n],
    suppliers: [],
    terms: { royaltyBps: 500, serveBps: 0, flags: 13 },
    contributors: { root: word('00'), bps: 0 },
    feeBpsMax: 100,
    consents: [{ version: 1n, nonce: word('22'), expiry: 5n, signature: '0x1234' }],
  }
  const offer: OfferTermsArgument = {
    token: addressAt(3),
    price: 1_000_000n,
    usage: 1,
    flags: 1,
    refundHours: 0,
    gate: word('00'),
    brackets: [{ fromDay: 30, bps: 9_000 }],
  }

  test('are hashed as the registry encodes them', () => {
    const parameters = parseAbiParameters([
      'Publication publication, Offer[] offers',
      'struct Publication { bytes32 manifestDigest; uint256[] parents; uint256[] suppliers; Terms terms; Contributors contributors; uint16 feeBpsMax; Consent[] consents; }',
      'struct Terms { uint16 royaltyBps; uint16 serveBps; uint8 flags; }',
      'struct Contributors { bytes32 root; uint16 bps; }',
      'struct Consent { uint256 version; bytes32 nonce; uint256 expiry; bytes signature; }',
      'struct Offer { address token; uint256 price; uint8 usage; uint8 flags; uint16 refundHours; bytes32 gate; Bracket[] brackets; }',
      'struct Bracket { uint16 fromDay; uint16 bps; }',
    ])
    expect(publicationTermsHash(publication, [offer])).toBe(
      keccak256(encodeAbiParameters(parameters, [publication, [offer]])),
    )
  })

  test('differ whenever a part does', () => {
    const others: [PublicationArgument, OfferTermsArgument[]][] = [
      [publication, []],
      [publication, [offer, offer]],
      [publication, [{ ...offer, price: 1_000_001n }]],
      [publication, [{ ...offer, brackets: [] }]],
      [{ ...publication, parents: [1n] }, [offer]],
      [{ ...publication, suppliers: [2n] }, [offer]],
      [{ ...publication, terms: { ...publication.terms, flags: 5 } }, [offer]],
      [{ ...publication, feeBpsMax: 500 }, [offer]],
      [{ ...publication, consents: [] }, [offer]],
    ]
    const hashes = new Set(others.map(([one, offers]) => publicationTermsHash(one, offers)))
    hashes.add(publicationTermsHash(publication, [offer]))
    expect(hashes.size).toBe(others.length + 1)
  })
})
