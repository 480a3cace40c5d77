import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { assetRegistryAbi, type SignedApproval } from '@agorai/core'
import {
  type AgoraiClient,
  approveApplication,
  assembleContributions,
  consentToContribute,
  createAgoraiClient,
  getContributions,
  giveContribution,
  listContributions,
  proveRow,
  publishAsset,
  revokeApplication,
  waitForReceipt,
  withdrawContributions,
} from '@agorai/sdk'
import { type Abi, type Address, getAddress, type Hex, isAddressEqual, type LocalAccount } from 'viem'
import { generatePrivateKey, privateKeyToAccount, toAccount } from 'viem/accounts'
import { foundry } from 'viem/chains'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compileJson } from '../scripts/solc.mjs'
import { type Marketplace, startMarketplace } from './marketplace.js'
import { rowsBy } from './rowsSource.js'

/** Owner, application and contributor as wallets that are contracts: each lets one key sign for it, by ERC-1271. */

const purpose = 'Training'
let market: Marketplace
let wallets: { abi: Abi; bytecode: Hex }
let asset: bigint

/** The wallet that the contracts' own tests use. */
function compileWallet(): typeof wallets {
  const path = fileURLToPath(new URL('../contracts/test/utils/Accounts.sol', import.meta.url))
  const { contracts } = compileJson({
    language: 'Solidity',
    sources: { 'Accounts.sol': { content: readFileSync(path, 'utf8') } },
    settings: { outputSelection: { '*': { SmartAccount: ['abi', 'evm.bytecode.object'] } } },
  })
  const { abi, evm } = contracts['Accounts.sol'].SmartAccount
  return { abi, bytecode: `0x${evm.bytecode.object}` }
}

async function deployWallet(key: LocalAccount): Promise<Address> {
  const { wallet, publicClient } = market.curie
  if (wallet === undefined) throw new Error('The client has no wallet.')
  const { account } = wallet
  const hash = await wallet.deployContract({ ...wallets, args: [key.address], account, chain: foundry })
  return getAddress((await waitForReceipt(publicClient, hash)).contractAddress ?? '0x')
}

/** Acts in the name of a wallet, with a key that may or may not be its own. */
const actAs = (address: Address, key: LocalAccount): Promise<AgoraiClient> =>
  createAgoraiClient({
    node: market.node.url,
    account: toAccount({ ...key, address } as Parameters<typeof toAccount>[0] & object) as LocalAccount,
  })

const newKey = () => privateKeyToAccount(generatePrivateKey())

async function newWallet() {
  const key = newKey()
  const address = await deployWallet(key)
  return { address, client: await actAs(address, key) }
}

const publishDataset = (name: string) =>
  publishAsset(market.ada, {
    ...market.statement,
    kind: 'dataset',
    name,
    content: rowsBy('Ada', 2),
    rowFormat: 'jsonl',
    offers: [],
  })

async function give(contributor: AgoraiClient, application: AgoraiClient, approval: SignedApproval, name: string) {
  const rows = rowsBy(name, 4)
  const consent = await consentToContribute(contributor, { approval, rows, label: name })
  return giveContribution(application, { approval, consent, rows })
}

beforeAll(async () => {
  wallets = compileWallet()
  market = await startMarketplace()
  asset = (await publishDataset('Lines')).asset
}, 120_000)
afterAll(() => market?.stop())

test('rows are given, assembled, proven and withdrawn by contracts, and only with the keys that they name', async () => {
  const { ada, alpha, addressOf } = market
  const [contributor, application] = [await newWallet(), await newWallet()]
  const approval = await approveApplication(ada, { asset, application: application.address, purpose })
  const thief = await actAs(contributor.address, newKey())
  await expect(give(thief, application.client, approval, 'Thief')).rejects.toMatchObject({ code: 'signature_invalid' })
  const posing = await actAs(application.address, newKey())
  await expect(give(contributor.client, posing, approval, 'Ann')).rejects.toMatchObject({ code: 'signature_invalid' })
  await give(contributor.client, application.client, approval, 'Ann')
  await give(alpha, application.client, approval, 'Alpha')
  expect(await getContributions(ada, { asset })).toMatchObject({ accepted: 2, contributors: 2, rows: 8 })

  const first = await assembleContributions(ada, { asset, contributorBps: 5_000 })
  await market.settle()
  expect(first.contributors.map(({ account }) => account)).toEqual([contributor.address, addressOf(alpha)])
  const row = { by: 'Ann', row: 3 }
  expect(await proveRow(contributor.client, { version: first.version, row })).toMatchObject({ index: 5 })

  // The wallet lets another key sign from now on, and so denies what the first one signed.
  const next = newKey()
  const code = await market.chain.getCode({ address: await deployWallet(next) })
  await market.chain.setCode({ address: contributor.address, bytecode: code as Hex })
  const { contributions } = await listContributions(ada, { asset })
  expect(contributions.map(({ state, rows }) => [state, rows === undefined])).toEqual([
    ['unsigned', true],
    ['accepted', false],
  ])
  const second = await assembleContributions(ada, { asset })
  expect(second.contributors.map(({ account }) => account)).toEqual([addressOf(alpha)])
  expect(second.leftOut).toMatchObject([{ contributor: contributor.address, state: 'unsigned' }])

  await expect(withdrawContributions(contributor.client, { asset })).rejects.toMatchObject({
    code: 'signature_invalid',
  })
  const receipt = await withdrawContributions(await actAs(contributor.address, next), { asset })
  expect(receipt).toMatchObject({ versions: [String(first.version)], erased: [{ partition: 1 }] })
  const after = await listContributions(ada, { asset })
  expect(after.contributions.map(({ state }) => state)).toEqual(['withdrawn', 'accepted'])
}, 180_000)

test('the owner of a dataset may be a contract: it approves, is told, and revokes', async () => {
  const { ada, beta, boole, addressOf } = market
  const owner = await newWallet()
  const { asset: owned } = await publishDataset('Lines of a contract')
  const { wallet, info } = ada
  if (wallet === undefined) throw new Error('The client has no wallet.')
  const hash = await wallet.writeContract({
    address: info.chain.addresses.assetRegistry,
    abi: assetRegistryAbi,
    functionName: 'transferFrom',
    args: [addressOf(ada), owner.address, owned],
    account: wallet.account,
    chain: foundry,
  })
  await waitForReceipt(ada.publicClient, hash)
  await market.settle()

  const application = addressOf(boole)
  const forged = await approveApplication(await actAs(owner.address, newKey()), { asset: owned, application, purpose })
  await expect(give(beta, boole, forged, 'Beta')).rejects.toMatchObject({ code: 'signature_invalid' })
  const approval = await approveApplication(owner.client, { asset: owned, application, purpose })
  await give(beta, boole, approval, 'Beta')
  const { contributions } = await listContributions(owner.client, { asset: owned })
  expect(contributions.map(({ consent }) => isAddressEqual(consent.consent.contributor, addressOf(beta)))).toEqual([
    true,
  ])
  expect((await revokeApplication(owner.client, { asset: owned, application })).kept).toHaveLength(1)
  await expect(give(beta, boole, approval, 'Later')).rejects.toMatchObject({ code: 'approval_revoked' })
}, 180_000)
