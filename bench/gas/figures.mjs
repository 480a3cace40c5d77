// Every line of the gas goals that concerns assets, revenue and market: what Agorai costs, what the best peer costs, and
// the goal. A goal is the most that the figure may be.

const story = 'Story protocol-core'
const splits = '0xSplits'

/**
 * @param agorai what each operation costs, by name
 * @param peers the same of each peer, by the peer's name
 * @param published figures of peers whose contracts no package has, by the peer's name
 */
export function createFigures(agorai, peers, published) {
  const cost = (name, of = agorai) => {
    if (of[name] === undefined) throw new Error(`${name} was not measured`)
    return of[name].gas
  }
  const of = (peer, name) => ({ peer, peerValue: cost(name, peers[peer]) })
  const said = (peer, name) => {
    const value = published[peer].figures[name]
    if (value === undefined) throw new Error(`${peer} has no published figure for ${name}`)
    return { peer, peerValue: value, source: published[peer].source }
  }
  const figure = (id, goal, peer = {}, cost = agorai[id]) => {
    const { gas: value } = cost
    const ratio = peer.peerValue === undefined ? undefined : Math.round((100 * peer.peerValue) / value) / 100
    return { id, value, unit: 'gas', ...peer, ratio, goal, met: value <= goal, cost }
  }
  const newcomer = { gas: ['create an organization', 'register a service'].reduce(addOf(peers.SingularityNET), 0) }
  peers.SingularityNET['create and register'] = newcomer

  return [
    figure('publish, first', 105_000, of('SingularityNET', 'create and register')),
    figure('publish, again', 87_000, of('SingularityNET', 'register another service')),
    figure('publish and offer, first', 135_000, of('Ocean', 'publish, first')),
    figure('publish and offer, again', 117_000, of('Ocean', 'publish, again')),
    figure('publish a derivative, first', 132_000, said(story, 'register a derivative')),
    figure('publish a derivative, again', 114_000, said(story, 'register a derivative')),
    figure('buy, first', 90_000, of('Ocean', 'buy by template 2, first')),
    figure('buy, again', 72_000, of('Ocean', 'buy, again')),
    figure("buy, the asset's first sale", 108_000, of('Ocean', 'buy by template 2, first')),
    figure('buy with a permit, first', 123_000),
    figure('buy with a permit, again', 88_000),
    figure('buy with EIP-3009, first', 121_000),
    figure('buy with EIP-3009, again', 103_000),
    figure('buy a timed pass', 120_000, of('Superfluid', 'open a stream to a new receiver')),
    figure('accrue one day', 45_000),
    figure('pay, first', 75_000, said(story, 'pay, first')),
    figure('pay, again', 50_000, said(story, 'pay, again')),
    figure(
      'pull five ancestors, first',
      205_000,
      said(story, 'pay and every one of five ancestors holds its share, first'),
    ),
    figure(
      'pull five ancestors, again',
      97_000,
      said(story, 'pay and every one of five ancestors holds its share, again'),
    ),
    figure(
      'pull ten descendants, each beyond the first',
      16_000,
      said(story, "bring one ancestor's share to it"),
      differenceOf(agorai['pull ten descendants'], agorai['pull one descendant'], 9),
    ),
    figure('owner collects, first', 73_000, of('OpenZeppelin PaymentSplitter', 'payee takes out, first')),
    figure('owner collects, again', 56_000, said(splits, 'withdraw, again')),
    figure(
      'contributor of 1,024 collects, again',
      60_000,
      of('Uniswap MerkleDistributor', 'take a share, again'),
      agorai['contributor collects, again'],
    ),
    figure('sweep a till, first', 92_000),
    figure('sweep a till, again', 50_000),
    figure('sweep ten tills, each', 21_000, {}, differenceOf(agorai['sweep ten tills'], none, 10)),
    figure('claim a hundred channels, each', 17_500, {}, differenceOf(agorai['claim a hundred channels'], none, 100)),
    figure(
      'distribute to ten versions, each beyond the first',
      9_000,
      {},
      differenceOf(agorai['distribute to ten versions'], agorai['distribute to one version'], 9),
    ),
    ...['first', 'again'].map((when) => {
      const [till, account] = ['a till', 'an account'].map((payee) => peers.USDC[`pay ${payee}, ${when}`])
      // Two addresses have not the same number of zero bytes, which is nobody's doing.
      const gas = till.gas - till.calldataGas + account.calldataGas
      const peer = { peer: 'USDC to an account', peerValue: account.gas }
      return figure(`x402 exact into a till, ${when}`, account.gas, peer, { ...till, gas })
    }),
  ]
}

const none = { gas: 0, floor: 0, slotsNew: 0, slotsUpdated: 0 }

/** What each of `count` more costs, in all that a cost is made of. */
const differenceOf = (more, less, count) =>
  Object.fromEntries(Object.keys(none).map((part) => [part, Math.round((more[part] - less[part]) / count)]))

const addOf = (costs) => (sum, name) => sum + costs[name].gas
