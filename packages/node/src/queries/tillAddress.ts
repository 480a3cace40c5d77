import type { Address, Hex } from 'viem'
import { getContractAddress, getCreate2Address, numberToHex } from 'viem/utils'

/** Creation code of Solady's minimal proxy (`LibClone.clone`), around the address of what it delegates to. */
const proxyCode = (implementation: Address): Hex =>
  `0x602c3d8160093d39f33d3d3d3d363d3d37363d73${implementation.slice(2)}5af43d3d93803e602a57fd5bf3`

/** An asset's payment address, as `RevenueLedger.tillOf` gives it: a clone by CREATE2 of the ledger's first creation. */
export function tillAddress(revenueLedger: Address, asset: bigint): Address {
  const implementation = getContractAddress({ from: revenueLedger, nonce: 1n })
  return getCreate2Address({
    from: revenueLedger,
    salt: numberToHex(asset, { size: 32 }),
    bytecode: proxyCode(implementation),
  })
}
