// The money path: which sources are broken, which deployed contracts hold their code, and which tests are asked first.

const ledger = { name: 'RevenueLedger', path: 'contracts/src/revenue/RevenueLedger.sol' }
const market = { name: 'AccessMarket', path: 'contracts/src/market/AccessMarket.sol' }
const registry = { name: 'AssetRegistry', path: 'contracts/src/assets/AssetRegistry.sol' }

/** All that the tests deploy. */
export const deployedContracts = [
  ledger,
  market,
  registry,
  { name: 'TestUSD', path: 'contracts/src/tokens/TestUSD.sol' },
  { name: 'Deployer', path: 'contracts/src/deployment/Deployer.sol' },
  { name: 'TimelockController', path: '@openzeppelin/contracts/governance/TimelockController.sol' },
]

const match = (glob) => ['--match-path', glob]

/** All that say what the contracts do; not what they cost, where they are, and what fails on purpose. */
export const allTests = ['--no-match-path', 'contracts/test/{gas,canary,signing,tokens,deployment}/**']

const sourcesOf = (folder, names) => names.map((name) => `contracts/src/${folder}/${name}.sol`)

export const targets = [
  {
    files: [...sourcesOf('revenue', ['RevenueLedger', 'LedgerBook', 'Till']), ...sourcesOf('libraries', ['SumTree'])],
    deployed: [ledger],
    tests: match('contracts/test/revenue/**'),
  },
  {
    files: [
      ...sourcesOf('market', ['AccessMarket', 'OfferBook', 'Offer', 'PassWord']),
      ...sourcesOf('libraries', ['Pricing', 'RevenueStream']),
    ],
    deployed: [market],
    tests: match('contracts/test/market/**'),
  },
  {
    files: sourcesOf('assets', ['AssetRegistry', 'Lineage', 'VersionStore', 'VersionWord', 'EdgeSet']),
    deployed: [registry],
    tests: match('contracts/test/assets/**'),
  },
  {
    files: sourcesOf('libraries', ['Commitment']),
    deployed: [registry, ledger],
    tests: match('contracts/test/{assets,revenue}/**'),
  },
  {
    files: sourcesOf('libraries', ['Signatures']),
    deployed: [registry, market],
    tests: match('contracts/test/{assets,market}/**'),
  },
]
