import { createOperatorSender } from '../adapters/chain/operatorSender.js'
import type { Chain } from '../ports/chain.js'
import type { OperatorKeys } from '../ports/keys.js'
import type { OperatorSender } from '../ports/operatorSender.js'

/** The one way by which a process sends from the operator's account: two would take one another's nonces. */
export const openSender = ({ publicClient, id, local }: Chain, { account }: OperatorKeys): OperatorSender =>
  createOperatorSender({ publicClient, account, chainId: id, local })
