import { posix } from 'node:path'
import { findMatches, isCode, isProduct, isRule, isTest, type Rule, withoutComments } from './files.js'

const linesMax = 500

const shortFiles: Rule = {
  name: `no file has more than ${linesMax} lines`,
  find: (files) =>
    files
      .filter(({ path }) => isCode(path) || path.endsWith('.sol') || path.endsWith('.css'))
      .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
      .filter(({ lines }) => lines > linesMax)
      .map(({ path, lines }) => `${path} has ${lines} lines`),
  bad: { 'a long file': [{ path: 'packages/core/src/a.ts', text: '\n'.repeat(linesMax + 1) }] },
}

/** Files that may read the environment, beside tests, scripts and measurements. */
const environmentReaders = ['packages/node/src/config.ts', 'packages/cli/src/environment.ts']

const environment: Rule = {
  name: 'the environment is read in one file of node and one of cli',
  find: (files) =>
    findMatches(
      files
        .filter(({ path }) => isCode(path) && !isTest(path) && !/^scripts\//.test(path))
        .filter(({ path }) => !environmentReaders.includes(path))
        .map(({ path, text }) => ({ path, text: withoutComments(text) })),
      /process\.env|import\.meta\.env/g,
      () => `reads the environment; only ${environmentReaders.join(' and ')} may`,
    ),
  bad: { 'a read in a handler': [{ path: 'packages/node/src/gateway/a.ts', text: 'const url = process.env.URL' }] },
}

const noAny: Rule = {
  name: 'no `any`, and nothing that silences the type checker',
  find: (files) => {
    const typed = files.filter(({ path }) => /\.tsx?$/.test(path) && !isRule(path))
    const bare = typed.map(({ path, text }) => ({ path, text: withoutComments(text) }))
    return [
      ...findMatches(bare, /(?:[:<|&,(]\s*|\bas\s+|\btype\s+\w+\s*=\s*)any(?=[\s>[\],;)|&{}=]|$)/g, () => 'any'),
      ...findMatches(typed, /@ts-(?:ignore|expect-error|nocheck)/g, (match) => match[0]),
    ]
  },
  bad: {
    'a parameter': [{ path: 'packages/core/src/a.ts', text: 'export function f(a: any) {}' }],
    'a cast': [{ path: 'packages/core/src/a.ts', text: 'const a = b as any' }],
    'a type argument': [{ path: 'packages/core/src/a.ts', text: 'const a = new Map<string, any>()' }],
    'a directive': [{ path: 'packages/core/src/a.ts', text: '// @ts-ignore\nconst a: string = 1' }],
  },
}

const todos: Rule = {
  name: 'a TODO names its issue',
  find: (files) =>
    findMatches(
      files.filter(({ path }) => (isCode(path) || path.endsWith('.sol')) && !isRule(path)),
      /\b(TODO|FIXME|XXX|HACK)\b(?!\(#\d+\))/g,
      (match) => `${match[1]} without an issue's number, as in ${match[1]}(#12)`,
    ),
  bad: { 'a promise to nobody': [{ path: 'packages/core/src/a.ts', text: '// TODO: later' }] },
}

const typedErrors: Rule = {
  name: 'the product throws AgoraiError, never a bare Error',
  find: (files) =>
    findMatches(
      files
        .filter(({ path }) => isProduct(path) || /^contracts\/src\//.test(path))
        .map(({ path, text }) => ({ path, text: withoutComments(text) })),
      /\bnew Error\(|\bthrow\s+['"`]|\brevert\(\s*"|\brequire\([^;]*,\s*"/g,
      (match) => `${match[0]}: use a code of core/src/errors/codes.ts, or a named error of the contract`,
    ),
  bad: {
    'a bare error': [{ path: 'packages/sdk/src/a.ts', text: `throw new Error('no')` }],
    'a thrown string': [{ path: 'packages/sdk/src/a.ts', text: `throw 'no'` }],
    'a revert with a string': [{ path: 'contracts/src/A.sol', text: 'revert("no");' }],
  },
}

const runAll: Rule = {
  name: 'no test is left out or runs alone',
  find: (files) =>
    findMatches(
      files.filter(({ path }) => /\.test\.tsx?$/.test(path) && !isRule(path)),
      /\b(?:test|describe|it)\.(only|skip|todo|fails)\b/g,
      (match) => `.${match[1]}; a missing tool is a reason for skipIf`,
    ),
  bad: { 'a test alone': [{ path: 'packages/core/src/a.test.ts', text: `test.only('a', () => {})` }] },
}

const camel = /^[a-z][a-zA-Z0-9]*$/
const pascal = /^[A-Z][a-zA-Z0-9]*$/
const kebab = /^[a-z0-9]+(-[a-z0-9]+)*$/

const names: Rule = {
  name: 'folders are kebab-case; files are named for what they export, contracts for their contract',
  find: (files) =>
    files
      .filter(({ path }) => isCode(path) || path.endsWith('.sol'))
      .flatMap(({ path, text }) => {
        const folders = posix
          .dirname(path)
          .split('/')
          .filter((folder) => folder !== '.' && folder !== '.ci')
        const badFolder = folders.find((folder) => !kebab.test(folder))
        if (badFolder !== undefined) return [`${path}: the folder ${badFolder} is not kebab-case`]
        const stem = posix.basename(path).replace(/(\.(t|test|config|d|stories|invariant))*\.[a-z]+$/, '')
        if (path.startsWith('contracts/src/'))
          return new RegExp(`\\b(contract|interface|library|struct|type)\\s+${stem}\\b`).test(text)
            ? []
            : [`${path}: it holds no ${stem}`]
        if (path.startsWith('contracts/') || isTest(path)) return []
        if (camel.test(stem) || (kebab.test(stem) && path.endsWith('.d.ts'))) return []
        const exportsStem = new RegExp(`\\bexport\\b[^\\n]*\\b${stem}\\b`).test(text)
        return pascal.test(stem) && exportsStem
          ? []
          : [`${path}: not camelCase, and no class or component of that name`]
      }),
  bad: {
    'a folder in camelCase': [{ path: 'packages/web/src/assetPage/a.ts', text: '' }],
    'a file in snake_case': [{ path: 'packages/sdk/src/buy_offer.ts', text: '' }],
    'a capital without its class': [{ path: 'packages/sdk/src/BuyOffer.ts', text: 'export const a = 1' }],
    'another contract': [{ path: 'contracts/src/revenue/Ledger.sol', text: 'contract RevenueLedger {}' }],
  },
}

const ofVouchers = /\/payments\/|\/worker\/|\/ports\/(facilitator|settlement)\.ts$/

const vocabulary: Rule = {
  name: 'revenue is collected; `claim` is only what is done with a voucher',
  find: (files) =>
    findMatches(
      files
        // Channels and their vouchers are x402's, and so are the words for them.
        .filter(({ path }) => (isProduct(path) || /^contracts\/src\//.test(path)) && !ofVouchers.test(path))
        .map(({ path, text }) => ({ path, text: withoutComments(text) })),
      /\b(?:export\s+(?:async\s+)?(?:function|const|type|class)|function|event|error)\s+(\w*[cC]laim\w*)/g,
      (match) => `${match[1]}: say collect`,
    ),
  bad: {
    'a claim': [{ path: 'contracts/src/revenue/A.sol', text: 'contract A { function claimRevenue() external {} }' }],
  },
}

const machinePaths: Rule = {
  name: "no path of somebody's machine",
  find: (files) =>
    findMatches(
      files.filter(({ path }) => !isRule(path)),
      /(?<![\w.:/-])\/(?:home|Users|root|work)\/[\w.-]+/g,
      (match) => match[0],
    ),
  bad: { 'a home': [{ path: 'README.md', text: 'Look into /home/ada/agorai.' }] },
}

export const styleRules = [shortFiles, environment, noAny, todos, typedErrors, runAll, names, vocabulary, machinePaths]
