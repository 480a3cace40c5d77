import { buyer, reader, seller, strangerOf } from '../chain.mjs'
import { readArtifact, readJson } from '../code.mjs'

const folder = '@superfluid-finance/ethereum-contracts'
const contracts = `${folder}/build/hardhat/contracts`
const steps = `${contracts}/utils/SuperfluidFrameworkDeploymentSteps.t.sol`

/** The signature of ERC-1820's one deployment, which nobody holds a key for. */
const erc1820Sender = '0xa990077c3205cbDf861e17Fa532eeB069cE9fF96'
const erc1820Transaction = (code) =>
  `0xf90a388085174876e800830c35008080b909e5${code}1ba0${'1820'.repeat(16)}a0${'1820'.repeat(16)}`

/** In the order in which each can be linked with those before it. */
const libraries = [
  ['SlotsBitmapLibrary', `${contracts}/libs/SlotsBitmapLibrary.sol`],
  ['SuperfluidPoolDeployerLibrary', `${contracts}/agreements/gdav1/SuperfluidPoolDeployerLibrary.sol`],
  ...[
    'SuperfluidGovDeployerLibrary',
    'SuperfluidHostDeployerLibrary',
    'SuperfluidCFAv1DeployerLibrary',
    'SuperfluidIDAv1DeployerLibrary',
    'SuperfluidGDAv1DeployerLibrary',
    'SuperTokenDeployerLibrary',
    'SuperfluidPeripheryDeployerLibrary',
    'SuperfluidPoolLogicDeployerLibrary',
    'SuperfluidPoolNFTLogicDeployerLibrary',
    'ProxyDeployerLibrary',
    'CFAv1ForwarderDeployerLibrary',
    'GDAv1ForwarderDeployerLibrary',
    'SuperTokenFactoryDeployerLibrary',
    'TokenDeployerLibrary',
  ].map((name) => [name, steps]),
]

/** Superfluid, deployed by its own framework deployer: opening a stream of a pure SuperToken, and stopping it. */
export async function measureSuperfluid(chain) {
  const { bin } = readJson(`${folder}/dev-scripts/artifacts/ERC1820Registry.json`)
  await chain.request('anvil_setBalance', [erc1820Sender, '0x11c37937e080000'])
  await chain.request('eth_sendRawTransaction', [erc1820Transaction(bin)])
  const linked = {}
  for (const [name, path] of libraries)
    linked[name] = (await chain.deploy(readArtifact(`${path}/${name}.json`, linked))).address
  const framework = await chain.deploy(
    readArtifact(`${contracts}/utils/SuperfluidFrameworkDeployer.t.sol/SuperfluidFrameworkDeployer.json`, linked),
  )
  const count = Number(await framework.read('getNumSteps'))
  for (let step = 0; step < count; step++) await framework.write('executeStep', [step])
  const { cfaV1Forwarder } = await framework.read('getFramework')
  const arguments_ = ['Super', 'SUP', 10n ** 30n]
  const address = await framework.read('deployPureSuperToken', arguments_)
  await framework.write('deployPureSuperToken', arguments_)
  const token = chain.at(address, readJson(`${contracts}/superfluid/SuperToken.sol/SuperToken.json`).abi)
  for (const account of [buyer, reader]) await token.write('transfer', [account.address, 10n ** 24n])
  const forwarder = chain.at(cfaV1Forwarder, readJson(`${contracts}/utils/CFAv1Forwarder.sol/CFAv1Forwarder.json`).abi)
  const open = (from, to) => forwarder.tx('createFlow', [address, from.address, to, 10n ** 12n, '0x'], from)
  await chain.send(open(buyer, seller.address))
  return {
    'open a stream to a new receiver': await chain.measure(open(buyer, strangerOf('receiver'))),
    'open a stream to an old receiver': await chain.measure(open(reader, seller.address)),
  }
}
