import { AgoraiError } from '@agorai/core'
import { StandardMerkleTree } from '@openzeppelin/merkle-tree'
import type { Address, Hex } from 'viem'
import { isAddress, isAddressEqual } from 'viem/utils'

export type Gate = {
  /** What an offer stores of the list. */
  root: Hex
  /**
   * Proof that an account is on the list.
   *
   * @throws AgoraiError `not_admitted`
   */
  proofOf(account: Address): Hex[]
}

/**
 * The gate of an offer that only the accounts of a list may buy: OpenZeppelin's standard Merkle tree of addresses. The
 * order of the list does not matter. Whoever publishes such an offer publishes the list too: buyers prove with it.
 *
 * @throws AgoraiError `invalid_request` for an empty list or what is no address
 */
export function createGate(accounts: readonly Address[]): Gate {
  const stray = accounts.findIndex((account) => !isAddress(account, { strict: false }))
  if (stray !== -1 || accounts.length === 0)
    throw new AgoraiError('invalid_request', 'A gate is a list of at least one address.', {
      field: stray === -1 ? 'gate' : `gate.${stray}`,
    })
  const tree = StandardMerkleTree.of(
    accounts.map((account) => [account]),
    ['address'],
  )
  return {
    root: tree.root as Hex,
    proofOf(account) {
      const index = accounts.findIndex((each) => isAddressEqual(each, account))
      if (index !== -1) return tree.getProof(index) as Hex[]
      throw new AgoraiError('not_admitted', `${account} is not on the list of this offer.`, { field: 'gate' })
    },
  }
}
