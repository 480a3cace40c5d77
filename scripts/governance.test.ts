// The table of privileges, contracts/test/governance/README.md, against the ABIs and the tests that it names.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  accessMarketAbi,
  assetRegistryAbi,
  batchSettlementAbi,
  deployerAbi,
  depositCollectorAbi,
  governorAbi,
  operatorReceiverAbi,
  operatorReceiversAbi,
  revenueLedgerAbi,
} from '@agorai/core'
import { expect, test } from 'vitest'

const folder = fileURLToPath(new URL('../contracts/test/', import.meta.url))
const readme = readFileSync(join(folder, 'governance/README.md'), 'utf8')
const [, privileged = '', open = ''] = readme.split(/\n## /)
const rowsOf = (section: string) =>
  section
    .split('\n')
    .filter((line) => /^\| \w+ \| `/.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()))
const nameOf = ([, contract, name]: string[]): string => `${contract}.${name?.replaceAll('`', '')}`

const abis: Record<string, readonly { type: string; name?: string; stateMutability?: string }[]> = {
  AssetRegistry: assetRegistryAbi,
  RevenueLedger: revenueLedgerAbi,
  AccessMarket: accessMarketAbi,
  TimelockController: governorAbi,
  Deployer: deployerAbi,
  BatchSettlement: batchSettlementAbi,
  DepositCollector: depositCollectorAbi,
  OperatorReceiver: operatorReceiverAbi,
  OperatorReceivers: operatorReceiversAbi,
}

test('every function that changes state has its row, and every row its function', () => {
  const changing = Object.entries(abis).flatMap(([contract, abi]) =>
    abi
      .filter(({ type, stateMutability }) => type === 'function' && !/view|pure/.test(stateMutability ?? ''))
      .map(({ name }) => `${contract}.${name}`),
  )
  const listed = [...rowsOf(privileged), ...rowsOf(open)].map(nameOf)
  expect(changing.length).toBeGreaterThan(50)
  expect(listed.toSorted()).toEqual([...new Set(changing)].toSorted())
})

test('every privileged function has a test that exists', () => {
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.t.sol'))
  const tests = sources.map((path) => readFileSync(join(folder, path), 'utf8')).join('\n')
  for (const row of rowsOf(privileged)) {
    const names = [...(row[5] ?? '').matchAll(/\b[A-Z]\w+/g)].map(([name]) => name)
    const files = [...(row[5] ?? '').matchAll(/`(\w+\.t\.sol)`/g)].map(([, file = '']) => file)
    expect(names.length + files.length, nameOf(row)).toBeGreaterThan(0)
    for (const name of names) expect(tests, nameOf(row)).toMatch(new RegExp(`function test_(RevertWhen_)?${name}\\(`))
    for (const file of files) expect(sources.join('\n'), nameOf(row)).toContain(file)
  }
})
