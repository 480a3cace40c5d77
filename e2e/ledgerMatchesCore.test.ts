import {
  accountOf,
  assetRegistryAbi,
  contributorEntitled,
  devAccounts,
  localFeeBps,
  ownerEntitled,
  pullable,
  revenueLedgerAbi,
  testUsdAbi,
  treasuryVersion,
  vertexOf,
} from '@agorai/core'
import type { Abi, Address } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  accountAt,
  createGraph,
  type Graph,
  historyArbitrary,
  leavesIn,
  type Roles,
  type Step,
  take,
} from './graphModel.js'
import { type Check, checkAll, compareHistories, count, runsOf } from './histories.js'
import {
  type Call,
  eventsOf,
  functionOf,
  type Outcome,
  refusalOf,
  type SimulatedChain,
  startSimulatedChain,
} from './simulatedChain.js'

/**
 * The contracts and core's pure functions take the same random histories of publications, sales, pulls, collections,
 * credits, liens, transfers and fees: every event, every refusal and every total must be equal.
 */
const graphs = runsOf(300)

const registryEvents = new Set(['VersionPublished', 'EdgesDrawn'])
const ledgerEvents = new Set([
  ...['RevenueReceived', 'RevenuePulled', 'SupplyPulled', 'MemberCredited', 'RevenueCollected'],
  ...['ContributionCollected', 'LienSet', 'LienMoved'],
])
const abi = [...assetRegistryAbi, ...revenueLedgerAbi] as Abi

let chain: SimulatedChain
let roles: Roles
let functions: Map<string, ReturnType<typeof functionOf>>

beforeAll(async () => {
  chain = await startSimulatedChain()
  const { assetRegistry, revenueLedger, governor, testUsd: token } = chain.addresses
  if (token === undefined) throw new Error('There is no token on the local chain.')
  roles = { token, governor, arbiter: accountAt(8), payer: accountAt(6), treasury: devAccounts[0]?.address as Address }
  functions = new Map([
    ...namesOf(assetRegistryAbi).map((name) => [name, functionOf(assetRegistryAbi, name, assetRegistry)] as const),
    ...namesOf(revenueLedgerAbi).map((name) => [name, functionOf(revenueLedgerAbi, name, revenueLedger)] as const),
  ])
}, 120_000)

afterAll(() => chain.kill())

const namesOf = (of: Abi): string[] => [...new Set(of.flatMap((item) => (item.type === 'function' ? [item.name] : [])))]

function fn(name: string): ReturnType<typeof functionOf> {
  const found = functions.get(name)
  if (found === undefined) throw new Error(`No contract has ${name}.`)
  return found
}

/** What each history starts with: money that may be spent, and an arbiter. */
function preparation(): Call[] {
  const { token, payer, governor, arbiter } = roles
  return [
    functionOf(testUsdAbi, 'mint', token).call(payer, payer, 2n ** 200n),
    functionOf(testUsdAbi, 'approve', token).call(payer, chain.addresses.revenueLedger, 2n ** 256n - 1n),
    fn('setArbiter').call(governor, arbiter),
  ]
}

type Reading = { call: Call; decode: (outcome: Outcome) => unknown; expected: unknown; what: string }

/** All that can be read of a graph, with what core says it is. */
function readingsOf(graph: Graph): Reading[] {
  const { token, payer } = roles
  const read = (name: string, args: readonly unknown[], expected: unknown): Reading => {
    const { call, result } = fn(name)
    return { call: call(payer, ...args), decode: result, expected, what: `${name}(${args.slice(0, 1)})` }
  }
  const ofVersions = [treasuryVersion, ...graph.versions.keys()].flatMap((id) => {
    const [account, vertex] = [accountOf(graph.accounts, id), vertexOf(graph.vertices, id)]
    const { sales, royalties, ownerCollected, pulledSales, liens } = account
    const collectable = ownerEntitled(account, vertex) - ownerCollected
    const owed =
      id === treasuryVersion ? [] : [read('pullableOf', [id, token], pullable(graph.accounts, graph.vertices, id))]
    return [
      read('accountOf', [id, token], [sales, royalties, ownerCollected, pulledSales]),
      read('collectableOf', [id, token], collectable),
      read(
        'liensOf',
        [id, token],
        liens.map((lien) => ({ ...lien, creditor: Number(lien.creditor) })),
      ),
      ...owed,
    ]
  })
  const ofLeaves = leavesIn(graph).flatMap(({ version, index, contribution, part }) => {
    const account = accountOf(graph.accounts, version)
    const collected = account.contributionsCollected.get(contribution.start) ?? 0n
    const entitled = contributorEntitled(account, vertexOf(graph.vertices, version), index)
    return [
      read('contributionCollectedOf', [version, contribution.start, token], collected),
      read('contributionCollectableOf', [part, token], entitled - collected),
    ]
  })
  const ofRegistry = [...graph.versions.values()].flatMap(({ version, freeOnly, asset }) => [
    read('isFreeOnly', [version], freeOnly),
    read('ownerOf', [asset], graph.owners.get(asset)),
  ])
  const { call, result } = functionOf(testUsdAbi, 'balanceOf', token)
  const balance = {
    call: call(payer, chain.addresses.revenueLedger),
    decode: result,
    expected: graph.paidIn - graph.paidOut,
    what: 'what the ledger holds',
  }
  return [...ofVersions, ...ofLeaves, ...ofRegistry, balance]
}

const refusals = new Map<string, number>()
const done = { calls: 0, refused: 0, versions: 0, edges: 0, supplies: 0, liensMoved: 0, membersCredited: 0 }

/** Takes one history in core and on the chain, reading everything in its middle and at its end. */
async function compare(steps: readonly Step[]): Promise<void> {
  const graph = createGraph(localFeeBps)
  const calls = preparation()
  const checks: Check[] = calls.map(() => (outcome) => expect(outcome.status).toBe('0x1'))
  const readAll = () => {
    for (const { call, decode, expected, what } of readingsOf(graph)) {
      calls.push(call)
      checks.push((outcome) => expect([what, decode(outcome)]).toEqual([what, expected]))
    }
  }
  for (const [place, step] of steps.entries()) {
    if (place === steps.length >> 1) readAll()
    const expectation = take(graph, step, roles)
    if (expectation === undefined) continue
    const { from, contract, name, args, refusal, events } = expectation
    calls.push(fn(name).call(from, ...args))
    done.calls++
    if (refusal !== undefined) {
      done.refused++
      count(refusals, refusal)
    }
    checks.push((outcome) => {
      const told = eventsOf(outcome, abi, contract === 'assetRegistry' ? registryEvents : ledgerEvents)
      expect([name, refusalOf(outcome, abi), told]).toEqual([name, refusal, events])
      done.liensMoved += told.filter((event) => event.startsWith('LienMoved')).length
      done.membersCredited += told.filter((event) => event.startsWith('MemberCredited')).length
    })
  }
  readAll()
  expect(checks).toHaveLength(calls.length)
  checkAll(await chain.simulate([{ calls }]), checks)
  done.versions += graph.versions.size
  for (const { edges, supplies } of graph.vertices.values()) {
    done.edges += edges.length
    done.supplies += supplies.length
  }
}

test(`the contracts and core agree on ${graphs} random graphs, call by call and in total`, async () => {
  await compareHistories({ what: 'ledger and core', runs: graphs, arbitrary: historyArbitrary, compare })
  console.log(`P1: ${graphs} graphs on which ledger and core agree: ${JSON.stringify(done)}`)
  console.log(`refused alike: ${JSON.stringify(Object.fromEntries(refusals))}`)
  expect(Math.min(...Object.values(done))).toBeGreaterThan(graphs / 10)
  expect(refusals.size).toBeGreaterThan(8)
}, 3_600_000)
