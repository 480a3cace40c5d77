import { applicationApprovalSchema, parseWith, type SignedApproval, toApprovalMessage, toTypedData } from '@agorai/core'
import type { Address } from 'viem'
import { type ChainClient, walletOf } from '../createChainClient.js'
import { randomWord, signMessage } from '../transactions/signMessage.js'

export type ApproveApplicationParameters = {
  /** A dataset that the client's account owns. */
  asset: bigint
  /** Account of the application that gathers rows from people. */
  application: Address
  /** What the rows will be used for, in words that contributors are shown when they consent. */
  purpose: string
  /** How long it may hand in rows. Default: 365 days. */
  validForSeconds?: number | undefined
}

const validForSecondsDefault = 365 * 86_400

/**
 * Signs that an application may hand in contributions to a dataset, for one purpose. Nothing is sent: the application
 * keeps it and shows it to contributors and to the operator.
 * Next step: `consentToContribute`. `revokeApplication` takes it back.
 *
 * @throws AgoraiError `wallet_declined`, `invalid_request`
 */
export async function approveApplication(
  client: ChainClient,
  parameters: ApproveApplicationParameters,
): Promise<SignedApproval> {
  const { asset, application, purpose, validForSeconds = validForSecondsDefault } = parameters
  const now = Math.floor(Date.now() / 1000)
  const approval = parseWith(applicationApprovalSchema, {
    asset: String(asset),
    owner: walletOf(client).account.address,
    application,
    purpose,
    grantedAt: String(now),
    nonce: randomWord(),
    expiry: String(now + validForSeconds),
  })
  const { id: chainId, addresses } = client.info.chain
  const domain = { chainId, assetRegistry: addresses.assetRegistry }
  const document = toTypedData(domain, 'ApplicationApproval', toApprovalMessage(approval))
  return { approval, signature: await signMessage(client, document) }
}
