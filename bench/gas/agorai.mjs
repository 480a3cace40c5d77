// What Agorai's users pay, on the contracts that production deploys, deployed as production deploys them.
import { accessMarketAbi, assetRegistryAbi, createContributorTree, revenueLedgerAbi } from '@agorai/core'
import { deployContracts } from '@agorai/sdk'
import { decodeEventLog, maxUint256, parseSignature, zeroAddress, zeroHash } from 'viem'
import { buyer, deployer, friend, hashOf, publisher, reader, relayer, seller, strangerOf } from './chain.mjs'
import { measurePayments } from './payments.mjs'

const chainId = 31_337
const model = 2
const flags = { derivatives: 1, commercial: 8 }
const price = 10_000_000n
const daySeconds = 86_400
const perpetual = { usage: 2, flags: 0, refundHours: 0, gate: zeroHash, brackets: [] }
const movable = { ...perpetual, flags: 2 }
const timed = { ...perpetual, flags: 1 }
const farFuture = 1_900_000_000n

/** @returns what each operation costs, by name */
export async function measureAgorai(chain, tokens) {
  const plain = await chain.deploy(tokens.PlainToken)
  const signed = await chain.deploy(tokens.SignedToken)
  const deployment = await deployContracts({
    rpcUrl: chain.rpcUrl,
    account: deployer,
    treasury: strangerOf('treasury'),
    proposer: deployer.address,
    tokens: [plain.address, signed.address],
  })
  const { assetRegistry, revenueLedger, accessMarket } = deployment
  const registry = chain.at(assetRegistry, assetRegistryAbi)
  const ledger = chain.at(revenueLedger, revenueLedgerAbi)
  const market = chain.at(accessMarket, accessMarketAbi)
  // Everybody has held the tokens, where a figure does not say otherwise.
  for (const token of [plain, signed]) {
    for (const { address } of [seller, buyer, reader]) await token.write('mint', [address, 10n ** 15n])
    for (const address of [revenueLedger, accessMarket]) await token.write('mint', [address, 1n])
    for (const account of [buyer, reader]) await token.write('approve', [revenueLedger, maxUint256], account)
  }

  const costs = {}
  const measure = async (name, call) => {
    costs[name] = await chain.measure(call)
    return costs[name]
  }

  const stated = (parents = [], { royaltyBps = 100, root = zeroHash, contributorBps = 0 } = {}) => ({
    manifestDigest: hashOf('a manifest'),
    parents,
    suppliers: [],
    terms: { royaltyBps, serveBps: 0, flags: flags.derivatives + flags.commercial },
    contributors: { root, bps: contributorBps },
    feeBpsMax: 100,
    consents: [],
  })
  const publish = async (publication, owner = seller) => {
    await registry.write('publish', [model, publication], owner)
    return registry.read('versionCount')
  }
  const termsOf = (token, terms) => ({ token: token.address, price, ...terms })
  let offers = 0
  const list = async (asset, token, terms) => {
    await market.write('listOffer', [asset, offers, termsOf(token, terms)], seller)
    return (asset << 16n) | BigInt(offers++)
  }
  const purchaseOf = async (offerId, account, quantity = 1) => ({
    offerId,
    version: offerId >> 16n,
    holder: zeroAddress,
    quantity,
    amountMax: price * BigInt(quantity),
    nonce: (await market.read('passOf', [offerId, account.address])).purchases,
    proof: [],
  })
  const buy = async (offerId, account, quantity) =>
    market.tx('buy', [await purchaseOf(offerId, account, quantity)], account)
  const giveAway = (offerId, account) => market.write('transferPass', [offerId, strangerOf('a friend')], account)
  const pay = (version, account = reader) => ledger.tx('pay', [version, plain.address, price], account)

  const asset = await publish(stated())

  // Publishing
  await measure('publish, first', registry.tx('publish', [model, stated()], publisher))
  await measure('publish, again', registry.tx('publish', [model, stated()], publisher))
  const listed = [model, stated(), [termsOf(plain, perpetual)]]
  await measure('publish and offer, first', registry.tx('publishAndList', listed, relayer))
  await measure('publish and offer, again', registry.tx('publishAndList', listed, relayer))
  await measure('publish a derivative, first', registry.tx('publish', [model, stated([asset])], friend))
  await measure('publish a derivative, again', registry.tx('publish', [model, stated([asset])], friend))

  // Buying
  const offer = await list(asset, plain, movable)
  await measure("buy, the asset's first sale", await buy(offer, reader))
  await measure('buy, first', await buy(offer, buyer))
  await giveAway(offer, buyer)
  await measure('buy, again', await buy(offer, buyer))

  await chain.send(ledger.tx('pay', [asset, signed.address, 1n], reader))
  const signedOffer = await list(asset, signed, movable)
  await signed.write('approve', [revenueLedger, 0n], buyer)
  await measure('buy with a permit, first', await buyWithPermit())
  await giveAway(signedOffer, buyer)
  await measure('buy with a permit, again', await buyWithPermit())
  const authorizedOffer = await list(asset, signed, movable)
  await measure('buy with EIP-3009, first', await buyWithAuthorization())
  await giveAway(authorizedOffer, buyer)
  await measure('buy with EIP-3009, again', await buyWithAuthorization())

  // Timed passes
  const timedOffer = await list(asset, plain, timed)
  await chain.send(await buy(timedOffer, reader, 60))
  await measure('buy a timed pass', await buy(timedOffer, buyer, 30))
  await chain.elapse(daySeconds)
  await chain.send(market.tx('accrue', [asset, plain.address, 1n], relayer))
  await chain.elapse(daySeconds)
  await measure('accrue one day', market.tx('accrue', [asset, plain.address, 1n], relayer))

  // Paying and pulling
  const ancestors = []
  for (let count = 0; count < 5; count++) ancestors.push(await publish(stated()))
  const child = await publish(stated(ancestors))
  const pullChild = ledger.tx('pullMany', [plain.address, [child]], relayer)
  await measure('pay, first', pay(child))
  await measure('pull five ancestors, first', pullChild)
  await measure('pay, again', pay(child))
  await measure('pull five ancestors, again', pullChild)

  const popular = await publish(stated())
  const descendants = []
  for (let count = 0; count < 10; count++) descendants.push(await publish(stated([popular])))
  const pullThese = (versions) => ledger.tx('pullMany', [plain.address, versions], relayer)
  const payThese = async () => {
    for (const version of descendants) await chain.send(pay(version))
  }
  await payThese()
  await chain.send(pullThese(descendants))
  await payThese()
  await measure('pull ten descendants', pullThese(descendants))
  await payThese()
  await measure('pull one descendant', pullThese(descendants.slice(0, 1)))

  // Collecting
  const owned = await publish(stated(), publisher)
  const collect = ledger.tx('collectMany', [plain.address, [owned]], relayer)
  await chain.send(pay(owned))
  await measure('owner collects, first', collect)
  await chain.send(pay(owned))
  await measure('owner collects, again', collect)

  const leaves = Array.from({ length: 1024 }, (_, place) => ({
    account: strangerOf(`contributor ${place}`),
    weight: BigInt(place + 1),
  }))
  const { root, contributions } = createContributorTree(leaves)
  const shared = await publish(stated([], { root, contributorBps: 6_000 }), publisher)
  const { start: _, ...part } = contributions[682]
  const contribution = {
    version: shared,
    publisher: publisher.address,
    manifestDigest: stated().manifestDigest,
    contributorRoot: root,
    ...part,
  }
  const collectPart = ledger.tx('collectContributions', [plain.address, [contribution]], relayer)
  await chain.send(pay(shared))
  await measure('contributor collects, first', collectPart)
  await chain.send(pay(shared))
  await measure('contributor collects, again', collectPart)

  // Tills
  const tillOf = (id) => ledger.read('tillOf', [id])
  const sweep = (assets) => ledger.tx('sweepMany', [plain.address, assets], relayer)
  const fill = async (assets) => {
    for (const id of assets) await plain.write('mint', [await tillOf(id), price])
  }
  await fill([asset])
  await measure('sweep a till, first', sweep([asset]))
  await fill([asset])
  await measure('sweep a till, again', sweep([asset]))
  await fill(descendants)
  await chain.send(sweep(descendants))
  await fill(descendants)
  await measure('sweep ten tills', sweep(descendants))

  // Channels
  const sold = []
  for (let count = 0; count < 10; count++) sold.push(await publish(stated()))
  await measurePayments(chain, { chainId, deployment, token: signed, signReceive, versions: sold, measure })

  return { costs, till: await tillOf(publishedAsset(costs['publish, first'])) }

  async function buyWithPermit() {
    const [nonce, purchase] = [await signed.read('nonces', [buyer.address]), await purchaseOf(signedOffer, buyer)]
    const message = { owner: buyer.address, spender: revenueLedger, value: price, nonce, deadline: farFuture }
    const signature = await buyer.signTypedData({
      domain: { name: 'Signed', version: '1', chainId, verifyingContract: signed.address },
      types: { Permit: fieldsOf('address owner, address spender, uint256 value, uint256 nonce, uint256 deadline') },
      primaryType: 'Permit',
      message,
    })
    const { r, s, yParity } = parseSignature(signature)
    const permit = { amount: price, deadline: farFuture, v: 27 + yParity, r, s }
    return market.tx('buyWithPermit', [purchase, permit], buyer)
  }

  async function buyWithAuthorization() {
    const purchase = await purchaseOf(authorizedOffer, buyer)
    const nonce = await market.read('authorizationNonceOf', [purchase, buyer.address])
    const { signature, validBefore } = await signReceive(buyer, revenueLedger, price, nonce)
    const authorization = { from: buyer.address, amount: price, validAfter: 0n, validBefore, signature }
    return market.tx('buyWithAuthorization', [purchase, authorization], relayer)
  }

  async function signReceive(payer, to, value, nonce) {
    const validBefore = farFuture
    const signature = await payer.signTypedData({
      domain: { name: 'Signed', version: '1', chainId, verifyingContract: signed.address },
      types: {
        ReceiveWithAuthorization: fieldsOf(
          'address from, address to, uint256 value, uint256 validAfter, uint256 validBefore, bytes32 nonce',
        ),
      },
      primaryType: 'ReceiveWithAuthorization',
      message: { from: payer.address, to, value, validAfter: 0n, validBefore, nonce },
    })
    return { signature, validBefore }
  }
}

const fieldsOf = (text) =>
  text.split(', ').map((field) => {
    const [type, name] = field.split(' ')
    return { type, name }
  })

const publishedAsset = ({ logs }) => {
  for (const { data, topics } of logs) {
    const event = decodeEventLog({ abi: assetRegistryAbi, data, topics, strict: false })
    if (event.eventName === 'VersionPublished') return event.args.asset
  }
  throw new Error('nothing was published')
}
