import { decodeEventLog, encodePacked, keccak256, maxUint256, parseSignature, stringToHex, zeroAddress } from 'viem'
import { buyer, bytesOf, deployer, hashOf, publisher, relayer, strangerOf } from '../chain.mjs'
import { readArtifact } from '../code.mjs'

const unit = 10n ** 18n
const folder = '@oceanprotocol/contracts/artifacts/contracts'
const artifactOf = (path) => readArtifact(`${folder}/${path}.sol/${path.split('/').at(-1)}.json`)

/** Ocean v4: publishing a priced data NFT, and buying access to it with datatokens minted on sale, by both templates. */
export async function measureOcean(chain, { PlainToken }) {
  const token = await chain.deploy(PlainToken)
  const collector = await chain.deploy(artifactOf('communityFee/OPFCommunityFeeCollector'), [
    deployer.address,
    deployer.address,
  ])
  const router = await chain.deploy(artifactOf('pools/FactoryRouter'), [
    deployer.address,
    token.address,
    strangerOf('pool'),
    collector.address,
    [],
  ])
  const exchange = await chain.deploy(artifactOf('pools/fixedRate/FixedRateExchange'), [router.address])
  const nftTemplate = await chain.deploy(artifactOf('templates/ERC721Template'))
  const plainTemplate = await chain.deploy(artifactOf('templates/ERC20Template'))
  const enterpriseTemplate = await chain.deploy(artifactOf('templates/ERC20TemplateEnterprise'))
  const factory = await chain.deploy(artifactOf('ERC721Factory'), [
    nftTemplate.address,
    plainTemplate.address,
    router.address,
  ])
  await factory.write('addTokenTemplate', [enterpriseTemplate.address])
  await router.write('addFactory', [factory.address])
  await router.write('addFixedRateContract', [exchange.address])
  await token.write('mint', [buyer.address, 10_000n * unit])

  const eventsOf = ({ logs }) => {
    const found = {}
    for (const { data, topics } of logs)
      for (const { abi } of [factory, exchange]) {
        try {
          const { eventName, args } = decodeEventLog({ abi, data, topics })
          found[eventName] ??= args
        } catch {
          // Another contract's.
        }
      }
    return found
  }
  const publish = (number, templateIndex) =>
    factory.tx(
      'createNftWithErc20WithFixedRate',
      [
        {
          name: `Data NFT ${number}`,
          symbol: `DNFT-${number}`,
          templateIndex: 1n,
          tokenURI: 'https://oceanprotocol.com/nft/',
          transferable: true,
          owner: publisher.address,
        },
        {
          templateIndex,
          strings: [`Datatoken ${number}`, `DT-${number}`],
          addresses: [publisher.address, zeroAddress, zeroAddress, zeroAddress],
          uints: [100_000n * unit, 0n],
          bytess: [],
        },
        {
          fixedPriceAddress: exchange.address,
          addresses: [token.address, publisher.address, strangerOf('market'), zeroAddress],
          uints: [18n, 18n, 3n * unit, 0n, 1n],
        },
      ],
      publisher,
    )
  const first = await chain.measure(publish(1, 1n))
  const again = await chain.measure(publish(2, 1n))
  const enterprise = eventsOf(await chain.send(publish(3, 2n)))
  const { NFTCreated, TokenCreated, ExchangeCreated } = eventsOf(first)
  const setMetadata = (address, document) =>
    chain
      .at(address, nftTemplate.abi)
      .tx(
        'setMetaData',
        [0, 'https://v4.provider.oceanprotocol.com', '0x123', '0x02', bytesOf(1024, document), hashOf(document), []],
        publisher,
      )
  const describe = await chain.measure(setMetadata(NFTCreated.newTokenAddress, 'metadata'))
  await chain.send(setMetadata(enterprise.NFTCreated.newTokenAddress, 'metadata of an enterprise'))

  const noMarketFee = {
    consumeMarketFeeAddress: zeroAddress,
    consumeMarketFeeToken: zeroAddress,
    consumeMarketFeeAmount: 0n,
  }
  const providerFee = async () => {
    const fee = {
      providerFeeAddress: relayer.address,
      providerFeeToken: token.address,
      providerFeeAmount: 0n,
      validUntil: 1_900_000_000n,
      providerData: stringToHex('{"environment":"none","timestamp":0}'),
    }
    const raw = keccak256(
      encodePacked(
        ['bytes', 'address', 'address', 'uint256', 'uint256'],
        [fee.providerData, fee.providerFeeAddress, fee.providerFeeToken, fee.providerFeeAmount, fee.validUntil],
      ),
    )
    const { r, s, yParity } = parseSignature(await relayer.signMessage({ message: { raw } }))
    return { ...fee, v: 27 + yParity, r, s }
  }
  const sum = (parts) => ({ gas: parts.reduce((total, { gas }) => total + gas, 0) })

  const datatoken = chain.at(TokenCreated.newTokenAddress, plainTemplate.abi)
  const approve = (spender) => chain.measure(token.tx('approve', [spender, maxUint256], buyer))
  const buyDatatoken = () =>
    chain.measure(exchange.tx('buyDT', [ExchangeCreated.exchangeId, unit, 10n * unit, zeroAddress, 0n], buyer))
  const startOrder = async () =>
    chain.measure(datatoken.tx('startOrder', [strangerOf('consumer'), 1n, await providerFee(), noMarketFee], buyer))
  const plainFirst = sum([await approve(exchange.address), await buyDatatoken(), await startOrder()])
  const plainAgain = sum([await buyDatatoken(), await startOrder()])

  const together = chain.at(enterprise.TokenCreated.newTokenAddress, enterpriseTemplate.abi)
  const buyAndOrder = async () =>
    chain.measure(
      together.tx(
        'buyFromFreAndOrder',
        [
          {
            consumer: strangerOf('consumer'),
            serviceIndex: 1n,
            _providerFee: await providerFee(),
            _consumeMarketFee: noMarketFee,
          },
          {
            exchangeContract: exchange.address,
            exchangeId: enterprise.ExchangeCreated.exchangeId,
            maxBaseTokenAmount: 10n * unit,
            swapMarketFee: 0n,
            marketFeeAddress: zeroAddress,
          },
        ],
        buyer,
      ),
    )
  const enterpriseFirst = sum([await approve(together.address), await buyAndOrder()])
  const enterpriseAgain = await buyAndOrder()
  return {
    'publish, first': sum([first, describe]),
    'publish, again': sum([again, describe]),
    'buy, first': plainFirst,
    'buy, again': plainAgain,
    'buy by template 2, first': enterpriseFirst,
    'buy by template 2, again': enterpriseAgain,
  }
}
