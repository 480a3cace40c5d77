import type { Address } from 'viem'
import { AgoraiError } from '../errors/AgoraiError.js'

/** The seed phrase that every development chain knows. Its keys are public: worthless anywhere but on a local chain. */
export const devMnemonic = 'test test test test test test test test test test test junk'

/** Development accounts at `m/44'/60'/0'/0/<index>` of {@link devMnemonic}, with the part that each plays. */
export const devAccounts: readonly { index: number; label: string; address: Address }[] = [
  { index: 0, label: 'Treasury', address: '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266' },
  { index: 1, label: 'Ada, dataset owner', address: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8' },
  { index: 2, label: 'Boole, model owner', address: '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC' },
  { index: 3, label: 'Contributor Alpha', address: '0x90F79bf6EB2c4f870365E785982E1f101E93b906' },
  { index: 4, label: 'Contributor Beta', address: '0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65' },
  { index: 5, label: 'Contributor Gamma', address: '0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc' },
  { index: 6, label: 'Byron, buyer', address: '0x976EA74026E726554dB657fA54763abd0C3a0aa9' },
  { index: 7, label: 'Curie, relayer', address: '0x14dC79964da2C08b23698B3D3cc7Ca32193d9955' },
]

const localChainId = 31_337

/** Whether a chain is for development, where development keys and tokens without value are accepted. */
export const isLocalChain = (chainId: number): boolean => chainId === localChainId

/** @throws AgoraiError `chain_not_local` on any other chain. */
export function assertLocalChain(chainId: number): void {
  if (isLocalChain(chainId)) return
  throw new AgoraiError('chain_not_local', `This is chain ${chainId}; the local chain is ${localChainId}.`, {
    details: { chainId },
  })
}
