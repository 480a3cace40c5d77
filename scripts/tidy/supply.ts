import { posix } from 'node:path'
import { bytesToHex } from 'viem'
import { mnemonicToAccount } from 'viem/accounts'
import { devMnemonic } from '../../packages/core/src/chain/devAccounts.js'
import { findMatches, isRule, type Rule, type SourceFile } from './files.js'

type PackageJson = Partial<Record<'dependencies' | 'devDependencies' | 'optionalDependencies', Record<string, string>>>

const dependenciesOf = (files: readonly SourceFile[]) =>
  files
    .filter(({ path }) => posix.basename(path) === 'package.json')
    .flatMap(({ path, text }) => {
      const { dependencies, devDependencies, optionalDependencies } = JSON.parse(text) as PackageJson
      return Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies }).map(
        ([name, version]) => ({
          path,
          name,
          version,
        }),
      )
    })

const pinned: Rule = {
  name: 'every dependency is one exact version',
  find: (files) =>
    dependenciesOf(files)
      .filter(({ version }) => !/^\d+\.\d+\.\d+(-[\w.-]+)?$/.test(version))
      .map(({ path, name, version }) => `${path}: ${name} is ${version}`),
  bad: { 'a range': [{ path: 'package.json', text: '{ "dependencies": { "zod": "^4.0.0" } }' }] },
}

/** Names in backquotes in the first cell of each row of the table under `## Dependencies`. */
const explainedIn = (architecture: string) => {
  const section = architecture.split(/^## Dependencies$/m)[1]?.split(/^## /m)[0] ?? ''
  return [...section.matchAll(/^\| ([^|]+) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
  )
}

const explained: Rule = {
  name: 'every dependency has its reason in ARCHITECTURE.md, and no other has one',
  find: (files) => {
    const architecture = files.find(({ path }) => path === 'ARCHITECTURE.md')?.text ?? ''
    const reasons = explainedIn(architecture)
    const used = new Set(
      dependenciesOf(files)
        .map(({ name }) => name)
        .filter((name) => !name.startsWith('@agorai/')),
    )
    return [
      ...[...used].filter((name) => !reasons.includes(name)).map((name) => `${name} has no reason in ARCHITECTURE.md`),
      ...reasons.filter((name) => !used.has(name)).map((name) => `${name} is in ARCHITECTURE.md and not used`),
    ]
  },
  bad: {
    'a dependency without a reason': [
      { path: 'package.json', text: '{ "dependencies": { "zod": "4.0.0" } }' },
      { path: 'ARCHITECTURE.md', text: '# A\n\n## Dependencies\n\n| d | w |\n|---|---|\n' },
    ],
    'a reason without a dependency': [
      { path: 'package.json', text: '{}' },
      { path: 'ARCHITECTURE.md', text: '# A\n\n## Dependencies\n\n| `left-pad` | core |\n' },
    ],
  },
}

type Lockfile = {
  lockfileVersion: number
  packages: Record<string, { resolved?: string; integrity?: string; link?: boolean }>
}

const lockfile: Rule = {
  name: 'lockfiles hold a hash of every package and no address: whichever registry serves it, the bytes are the same',
  find: (files) => {
    const lockfiles = files.filter(({ path }) => posix.basename(path) === 'package-lock.json')
    if (!lockfiles.some(({ path }) => path === 'package-lock.json')) return ['package-lock.json is missing']
    return lockfiles.flatMap(({ path: file, text }) => {
      const { lockfileVersion, packages } = JSON.parse(text) as Lockfile
      return [
        ...(lockfileVersion === 3 ? [] : [`${file} has version ${lockfileVersion}`]),
        ...Object.entries(packages)
          .filter(([path, { link }]) => path.includes('node_modules/') && !link)
          .flatMap(([path, { integrity, resolved }]) => [
            ...(integrity?.startsWith('sha512-') ? [] : [`${file}: ${path} has no sha512`]),
            ...(resolved === undefined ? [] : [`${file}: ${path} comes from ${resolved}`]),
          ]),
      ]
    })
  },
  bad: {
    'no lockfile': [],
    'no hash': [
      { path: 'package-lock.json', text: '{ "lockfileVersion": 3, "packages": { "node_modules/zod": {} } }' },
    ],
    'no hash in another one': [
      { path: 'package-lock.json', text: '{ "lockfileVersion": 3, "packages": {} }' },
      { path: 'bench/a/package-lock.json', text: '{ "lockfileVersion": 3, "packages": { "node_modules/a": {} } }' },
    ],
    'an address': [
      {
        path: 'package-lock.json',
        text: '{ "lockfileVersion": 3, "packages": { "node_modules/a": { "integrity": "sha512-a", "resolved": "http://localhost/a" } } }',
      },
    ],
  },
}

const npmSettings = ['ignore-scripts=true', 'save-exact=true']

const installScripts: Rule = {
  name: 'install scripts are off',
  find: (files) => {
    const settings = files.filter(({ path }) => posix.basename(path) === '.npmrc')
    if (!settings.some(({ path }) => path === '.npmrc')) return ['.npmrc is missing']
    return settings.flatMap(({ path, text }) => {
      const lines = text.split('\n')
      return npmSettings
        .filter((setting) => !lines.includes(setting))
        .map((setting) => `${path} has no line ${setting}`)
    })
  },
  bad: {
    'scripts that run': [{ path: '.npmrc', text: 'ignore-scripts=false\nsave-exact=true\n' }],
    'scripts that run elsewhere': [
      { path: '.npmrc', text: 'ignore-scripts=true\nsave-exact=true\n' },
      { path: 'bench/a/.npmrc', text: 'save-exact=true\n' },
    ],
  },
}

const developmentKeys = Array.from({ length: 10 }, (_, addressIndex) => {
  const { privateKey } = mnemonicToAccount(devMnemonic, { addressIndex }).getHdKey()
  return bytesToHex(privateKey ?? new Uint8Array()).slice(2)
})

const developmentSecrets: Rule = {
  name: 'the development mnemonic stands in one file, its private keys in none',
  find: (files) =>
    files.flatMap(({ path, text }) => {
      const key = developmentKeys.some((secret) => text.toLowerCase().includes(secret))
      const mnemonic = text.includes(devMnemonic) && path !== 'packages/core/src/chain/devAccounts.ts'
      return [
        ...(key ? [`${path} holds a private key of the development mnemonic`] : []),
        ...(mnemonic ? [`${path} repeats the development mnemonic; import it from core`] : []),
      ]
    }),
  bad: {
    'the mnemonic again': [{ path: 'packages/sdk/src/a.ts', text: `const words = '${devMnemonic}'` }],
    'a private key': [{ path: 'e2e/a.test.ts', text: `const key = '0x${developmentKeys[3]}'` }],
  },
}

const secrets: Rule = {
  name: 'no secret is committed',
  find: (files) =>
    findMatches(
      files.filter(({ path }) => !isRule(path) && path !== 'package-lock.json'),
      /-----BEGIN [A-Z ]*PRIVATE KEY-----|\b(?:ghp|gho|ghs|npm|sk)_[A-Za-z0-9]{30,}|\bAKIA[A-Z0-9]{16}\b|(?:private|secret|signing|operator)_?key\w*['"]?\s*[:=]\s*['"`]?(?:0x)?[0-9a-f]{64}\b/gi,
      () => 'looks like a secret',
    ),
  bad: {
    'a PEM key': [{ path: 'a.md', text: '-----BEGIN EC PRIVATE KEY-----' }],
    'a raw key': [{ path: 'e2e/a.test.ts', text: `const privateKey = '0x${'ab'.repeat(32)}'` }],
    'a token': [{ path: 'a.md', text: `ghp_${'a'.repeat(36)}` }],
  },
}

const licences: Rule = {
  name: 'every contract states its licence',
  find: (files) =>
    files
      .filter(({ path, text }) => path.endsWith('.sol') && !text.startsWith('// SPDX-License-Identifier: Apache-2.0\n'))
      .map(({ path }) => path),
  bad: { 'no licence': [{ path: 'contracts/src/A.sol', text: 'contract A {}' }] },
}

export const supplyRules = [pinned, explained, lockfile, installScripts, developmentSecrets, secrets, licences]
