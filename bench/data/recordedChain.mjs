// A chain that is only a record: blocks with events of the ledger and the market, as the contracts emit them, served by
// JSON-RPC. It answers from text that is ready, so that whoever reads it is what is measured.
//   node bench/data/recordedChain.mjs <blocks> <events a block>
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { accessMarketAbi, revenueLedgerAbi } from '@agorai/core'
import { encodeAbiParameters, encodeEventTopics, numberToHex } from 'viem'

/** Blocks after the last event: what has events is final for everybody. */
export const emptyBlocks = 300

const address = (index) => numberToHex(0xa9000000n + BigInt(index), { size: 20 })
export const contracts = { assetRegistry: address(1), revenueLedger: address(2), accessMarket: address(3) }
const hashOf = (...words) => `0x${createHash('sha256').update(words.join(' ')).digest('hex')}`
const eventsPerTransaction = 10
const bloom = `0x${'00'.repeat(256)}`

/** The events that are recorded, and the arguments of the `n`-th of all. */
export const events = {
  RevenueReceived: {
    contract: 'revenueLedger',
    abi: revenueLedgerAbi,
    args: (n) => ({
      version: BigInt(1 + (n % 997)),
      token: address(50),
      payer: address(n % 9973),
      amount: BigInt(n) * 1_000_003n,
    }),
  },
  RevenueCollected: {
    contract: 'revenueLedger',
    abi: revenueLedgerAbi,
    args: (n) => ({
      version: BigInt(1 + (n % 997)),
      token: address(50),
      owner: address(n % 997),
      amount: BigInt(n) * 900_001n,
    }),
  },
  PassGranted: {
    contract: 'accessMarket',
    abi: accessMarketAbi,
    args: (n) => ({
      offerId: (BigInt(1 + (n % 997)) << 16n) | BigInt(n % 5),
      version: BigInt(1 + (n % 997)),
      holder: address(n % 9973),
      payer: address(n % 9973),
      amount: BigInt(n) * 1_000_003n,
      nonce: n % 100,
      expiry: 2 ** 40 - 1,
      refundUntil: 1_700_000_000 + n,
    }),
  },
  PassReleased: {
    contract: 'accessMarket',
    abi: accessMarketAbi,
    args: (n) => ({
      offerId: (BigInt(1 + (n % 997)) << 16n) | 1n,
      holder: address(n % 9973),
      version: BigInt(1 + (n % 997)),
      amount: BigInt(n),
    }),
  },
}

const itemOf = ({ abi }, name) => abi.find((entry) => entry.type === 'event' && entry.name === name)

/** Text of every block's header, of its transactions, and of its logs by contract. */
function record(blocks, eventsPerBlock) {
  const shapes = Object.entries(events).map(([name, event]) => {
    const item = itemOf(event, name)
    return { ...event, name, item, data: item.inputs.filter(({ indexed }) => !indexed) }
  })
  const made = []
  let count = 0
  for (let number = 0; number <= blocks + emptyBlocks; number++) {
    const logs = { [contracts.revenueLedger]: [], [contracts.accessMarket]: [] }
    const [blockNumber, blockHash] = [numberToHex(number), hashOf('block', number)]
    const inBlock = number === 0 || number > blocks ? 0 : eventsPerBlock
    const transactions = Array.from({ length: Math.ceil(inBlock / eventsPerTransaction) }, (_, i) =>
      hashOf('transaction', number, i),
    )
    // Logs of one contract stand together, so that any choice of contracts is in order.
    for (let index = 0; index < inBlock; index++) {
      const { name, contract, item, data, args } = shapes[Math.floor((index * shapes.length) / inBlock)]
      const values = args(count++)
      logs[contracts[contract]].push(
        JSON.stringify({
          address: contracts[contract],
          topics: encodeEventTopics({ abi: [item], eventName: name, args: values }),
          data: encodeAbiParameters(
            data,
            data.map((input) => values[input.name]),
          ),
          blockNumber,
          blockHash,
          transactionHash: transactions[Math.floor(index / eventsPerTransaction)],
          transactionIndex: numberToHex(Math.floor(index / eventsPerTransaction)),
          logIndex: numberToHex(index),
          removed: false,
        }),
      )
    }
    const header = {
      number: blockNumber,
      hash: blockHash,
      parentHash: hashOf('block', number - 1),
      timestamp: numberToHex(1_700_000_000 + number),
      logsBloom: bloom,
      miner: address(0),
      gasLimit: '0x1c9c380',
      gasUsed: '0x0',
      baseFeePerGas: '0x1',
      nonce: '0x0000000000000000',
      mixHash: hashOf('mix'),
      stateRoot: hashOf('state'),
      receiptsRoot: hashOf('receipts'),
      transactionsRoot: hashOf('transactions'),
      sha3Uncles: hashOf('uncles'),
      size: '0x1',
      difficulty: '0x0',
      totalDifficulty: '0x0',
      extraData: '0x',
      uncles: [],
    }
    const whole = (hash, index) => ({
      hash,
      blockHash,
      blockNumber,
      transactionIndex: numberToHex(index),
      from: address(9),
      to: address(3),
      input: '0x',
      value: '0x0',
      nonce: '0x1',
      gas: '0x5208',
      gasPrice: '0x1',
      maxFeePerGas: '0x1',
      maxPriorityFeePerGas: '0x1',
      accessList: [],
      chainId: '0x7a69',
      type: '0x2',
      v: '0x0',
      r: hashOf('r'),
      s: hashOf('s'),
    })
    made.push({
      header: JSON.stringify({ ...header, transactions }),
      full: JSON.stringify({ ...header, transactions: transactions.map(whole) }),
      hash: blockHash,
      logs: Object.fromEntries(Object.entries(logs).map(([at, list]) => [at, list.join(',')])),
      counts: Object.fromEntries(Object.entries(logs).map(([at, list]) => [at, list.length])),
    })
  }
  return { made, count }
}

/** As public endpoints do, in the words that readers of theirs know: without it an answer outgrows what clients take. */
const logsMax = 10_000

function serve(made) {
  const head = made.length - 1
  const byHash = new Map(made.map(({ hash }, number) => [hash, number]))
  const heightOf = (tag) => (/^0x/.test(tag) ? Number(tag) : tag === 'earliest' ? 0 : head)
  const logsOf = ({ address: wanted, blockHash, fromBlock = '0x0', toBlock = 'latest' }) => {
    const [from, to] = blockHash
      ? [byHash.get(blockHash), byHash.get(blockHash)]
      : [heightOf(fromBlock), heightOf(toBlock)]
    const chosen = new Set([wanted ?? Object.keys(made[0].logs)].flat().map((one) => one.toLowerCase()))
    const found = []
    let count = 0
    for (let number = from; number <= Math.min(to, head); number++)
      for (const [at, text] of Object.entries(made[number].logs)) {
        if (text === '' || !chosen.has(at)) continue
        found.push(text)
        count += made[number].counts[at]
      }
    if (count > logsMax) throw new Error(`query returned more than ${logsMax} results`)
    return `[${found.join(',')}]`
  }
  const methods = {
    eth_chainId: () => '"0x7a69"',
    net_version: () => '"31337"',
    eth_syncing: () => 'false',
    eth_blockNumber: () => JSON.stringify(numberToHex(head)),
    eth_getBlockByNumber: ([tag, full]) => made[heightOf(tag)]?.[full ? 'full' : 'header'] ?? 'null',
    eth_getBlockByHash: ([hash, full]) => made[byHash.get(hash)]?.[full ? 'full' : 'header'] ?? 'null',
    eth_getLogs: ([filter]) => logsOf(filter),
    // The only thing that is asked of a contract is an address or a number.
    eth_call: () => JSON.stringify(numberToHex(8, { size: 32 })),
    eth_getCode: () => '"0x00"',
  }
  const refuse = (id, code, message) => `{"jsonrpc":"2.0","id":${id},"error":{"code":${code},"message":"${message}"}}`
  const answer = ({ id, method, params = [] }) => {
    if (methods[method] === undefined) return refuse(id, -32601, `${method} is not recorded`)
    try {
      return `{"jsonrpc":"2.0","id":${id},"result":${methods[method](params)}}`
    } catch (error) {
      return refuse(id, -32005, error.message)
    }
  }
  const server = createServer((request, response) => {
    const parts = []
    request.on('data', (part) => parts.push(part))
    request.on('end', () => {
      const asked = JSON.parse(Buffer.concat(parts).toString())
      const body = Array.isArray(asked) ? `[${asked.map(answer).join(',')}]` : answer(asked)
      response.writeHead(200, { 'content-type': 'application/json' }).end(body)
    })
  })
  server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })))
}

if (process.argv[1]?.endsWith('recordedChain.mjs')) serve(record(Number(process.argv[2]), Number(process.argv[3])).made)
