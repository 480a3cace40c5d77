import { isAgoraiError } from '@agorai/core'
import { type Address, type Hex, type PublicClient, parseAbi } from 'viem'
import { askChain } from '../askChain.js'

/** How long the contract of a wallet may think. */
const walletTimeoutMs = 3_000
const walletAbi = parseAbi(['function isValidSignature(bytes32 hash, bytes signature) view returns (bytes4)'])
const magicValue = '0x1626ba7e'

/**
 * What a payer that is a contract says of a signature (ERC-1271); undefined for an account without code, whose key signs.
 * An account with code is asked even if its key signed, as the settlement contract will ask it.
 *
 * @throws AgoraiError `chain_unavailable`
 */
export async function askWallet(
  client: PublicClient,
  account: Address,
  hash: Hex,
  signature: Hex,
): Promise<boolean | undefined> {
  const code = await askChain(() => client.getCode({ address: account }))
  if (code === undefined) return undefined
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), walletTimeoutMs)
  })
  const question = {
    address: account,
    abi: walletAbi,
    functionName: 'isValidSignature',
    args: [hash, signature],
  } as const
  try {
    return (await Promise.race([askChain(() => client.readContract(question)), late])) === magicValue
  } catch (error) {
    // A wallet that reverts, or answers something else, did not sign.
    if (isAgoraiError(error, 'chain_unavailable')) throw error
    return false
  } finally {
    clearTimeout(timer)
  }
}
