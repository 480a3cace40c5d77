export * from './accounts/getDevAccount.js'
export * from './actions/buyOffer.js'
export * from './actions/collectRevenue.js'
export * from './actions/deployContracts.js'
export * from './actions/fetchDelivery.js'
export * from './actions/getAsset.js'
export * from './actions/getLineage.js'
export * from './actions/getRevenue.js'
export * from './actions/listOffer.js'
export * from './actions/publishAsset.js'
export * from './actions/searchAssets.js'
export * from './actions/verifyDelivery.js'
export * from './content/contentCid.js'
export * from './content/createMeter.js'
export * from './content/readRows.js'
export * from './content/readStream.js'
export {
  type AgoraiClient,
  type CreateAgoraiClientParameters,
  createAgoraiClient,
  type Wallet,
} from './createAgoraiClient.js'
export * from './crypto/hpke.js'
export type { Evaluation, EvaluationRecord } from './delivery/evaluateModel.js'
export { type Check, type DeliveredContent, verifyContent } from './delivery/verifyContent.js'
export type { ContentSource } from './publishing/measureContent.js'
export * from './transactions/waitForReceipt.js'
