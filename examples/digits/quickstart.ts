import { buyOffer, createAgoraiClient, fetchDelivery, getDevAccount, searchAssets, verifyDelivery } from '@agorai/sdk'

const client = await createAgoraiClient({ node: 'http://127.0.0.1:4670', account: getDevAccount(6, 31337) })
const { assets } = await searchAssets(client, { query: 'digit classifier', kind: 'model' })
const { version } = await buyOffer(client, { offer: BigInt(assets[0]?.offers[0]?.id ?? 0), amountMax: 10_000_000n })
const delivery = await fetchDelivery(client, { version })
console.log((await verifyDelivery(client, delivery)).checks)
