import type { Address } from 'viem'
import { concatHex, getContractAddress } from 'viem/utils'
import type { Deployment } from '../generated/index.js'

/** Solady's clone whose code ends with its arguments (LibClone), here with the 20 bytes of the operator's address. */
const beforeImplementation = '0x6100413d81600a3d39f3363d3d373d3d3d363d73'
const afterImplementation = '0x5af43d82803e903d91602b57fd5bf3'

/**
 * Where the contract is, or will be, that an operator's payment channels pay to. It follows from the operator's address
 * alone, so nothing has to be asked.
 */
export function operatorReceiverOf(
  { operatorReceivers }: Pick<Deployment, 'operatorReceivers'>,
  operator: Address,
): Address {
  // The factory makes the code that all clones run in its constructor, as the first thing that it ever makes.
  const implementation = getContractAddress({ from: operatorReceivers, nonce: 1n })
  const bytecode = concatHex([beforeImplementation, implementation, afterImplementation, operator])
  return getContractAddress({ opcode: 'CREATE2', from: operatorReceivers, salt: `0x${'00'.repeat(32)}`, bytecode })
}
