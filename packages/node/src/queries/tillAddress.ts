import type { Address, Hex } from 'viem'
import { concatHex, getCreate2Address, numberToHex } from 'viem/utils'

/** Creation code of a till, around the address of its ledger: `contracts/src/revenue/Till.sol` says what it does. */
const creationCode = (revenueLedger: Address): Hex =>
  concatHex([
    '0x603f8060095f395ff3',
    '0x36600557005b365f5f375f5f365f73',
    revenueLedger,
    '0x5a338214602e57fa6030565bf45b3d5f5f3e603b573d5ffd5b3d5ff3',
  ])

/** An asset's payment address, as `RevenueLedger.tillOf` gives it. */
export const tillAddress = (revenueLedger: Address, asset: bigint): Address =>
  getCreate2Address({
    from: revenueLedger,
    salt: numberToHex(asset, { size: 32 }),
    bytecode: creationCode(revenueLedger),
  })
