import { posix } from 'node:path'
import { errorCodes } from '../../packages/core/src/errors/codes.js'
import { isTest, type Rule } from './files.js'

const errorsDocumented: Rule = {
  name: 'docs/errors.md and the table of error codes have the same codes',
  find: (files) => {
    const text = files.find(({ path }) => path === 'docs/errors.md')?.text ?? ''
    const documented = [...text.matchAll(/^#+ `?([a-z0-9_]+)`?$/gm)].map(([, code = '']) => code)
    const codes = Object.keys(errorCodes)
    return [
      ...codes.filter((code) => !documented.includes(code)).map((code) => `${code} is not in docs/errors.md`),
      ...documented.filter((code) => !codes.includes(code)).map((code) => `${code} is in docs/errors.md only`),
    ]
  },
  bad: {
    'no page': [],
    'a code that is never thrown': [
      {
        path: 'docs/errors.md',
        text: [...Object.keys(errorCodes), 'made_up'].map((code) => `### \`${code}\`\n`).join('\n'),
      },
    ],
  },
}

/** Each verb of the SDK with the file of its command, and whether the page has a hook for it. */
const verbs: Record<string, { command: string; hook: boolean }> = {
  searchAssets: { command: 'search', hook: true },
  getAsset: { command: 'show', hook: true },
  getVersions: { command: 'show', hook: true },
  getOffers: { command: 'show', hook: true },
  getLineage: { command: 'lineage', hook: true },
  prepareAsset: { command: 'publish', hook: false },
  publishAsset: { command: 'publish', hook: false },
  signConsent: { command: 'consent', hook: false },
  revokeConsent: { command: 'consent', hook: false },
  approveApplication: { command: 'contributions', hook: false },
  revokeApplication: { command: 'contributions', hook: false },
  consentToContribute: { command: 'contributions', hook: false },
  giveContribution: { command: 'contributions', hook: false },
  getContributions: { command: 'contributions', hook: true },
  listContributions: { command: 'contributions', hook: false },
  assembleContributions: { command: 'contributions', hook: false },
  withdrawContributions: { command: 'withdraw', hook: true },
  proveRow: { command: 'proveRow', hook: false },
  verifyRowProof: { command: 'verifyRow', hook: false },
  appendSegment: { command: 'feed', hook: false },
  followFeed: { command: 'feed', hook: false },
  getFeed: { command: 'feed', hook: true },
  listOffer: { command: 'offer', hook: true },
  getOffer: { command: 'offer', hook: true },
  closeOffer: { command: 'offer', hook: true },
  listBundle: { command: 'bundle', hook: true },
  buyBundle: { command: 'bundle', hook: true },
  closeBundle: { command: 'bundle', hook: true },
  buyOffer: { command: 'buy', hook: true },
  getPass: { command: 'pass', hook: false },
  refundPass: { command: 'refund', hook: true },
  transferPass: { command: 'transfer', hook: true },
  fetchDelivery: { command: 'download', hook: true },
  verifyDelivery: { command: 'verify', hook: true },
  proveWrongChunk: { command: 'proveWrongChunk', hook: false },
  collectRevenue: { command: 'collect', hook: true },
  accrueRevenue: { command: 'accrue', hook: true },
  releasePasses: { command: 'release', hook: true },
  sweepTill: { command: 'sweep', hook: true },
  rescueTill: { command: 'rescue', hook: true },
  setTillVersion: { command: 'tillVersion', hook: true },
  releaseEdge: { command: 'releaseEdge', hook: false },
  retireAsset: { command: 'retire', hook: true },
  eraseVersion: { command: 'erase', hook: true },
  getGovernance: { command: 'governance', hook: false },
  exitAccount: { command: 'exit', hook: false },
  fundAccount: { command: 'fund', hook: false },
  serveAsset: { command: 'serve', hook: false },
  stopServing: { command: 'serve', hook: false },
  getQuote: { command: 'call', hook: true },
  callModel: { command: 'call', hook: true },
  streamModel: { command: 'call', hook: false },
  openSession: { command: 'session', hook: true },
  getSession: { command: 'session', hook: true },
  topUpSession: { command: 'session', hook: true },
  closeSession: { command: 'session', hook: true },
  getChannel: { command: 'channel', hook: false },
  refundChannel: { command: 'channel', hook: false },
  withdrawChannel: { command: 'channel', hook: false },
  signMandate: { command: 'mandate', hook: false },
  fundMandate: { command: 'mandate', hook: false },
}

const sdkActions = 'packages/sdk/src/actions'
const cliCommands = 'packages/cli/src/commands'

const verbsInEveryRoom: Rule = {
  name: 'one verb, one file, the same name in sdk, cli and web',
  find: (files) => {
    const textOf = new Map(files.map(({ path, text }) => [path, text]))
    const hooks = files.filter(({ path }) => path.startsWith('packages/web/src/features/') && !isTest(path))
    return Object.entries(verbs).flatMap(([verb, { command, hook }]) => {
      const action = textOf.get(`${sdkActions}/${verb}.ts`)
      const cli = textOf.get(`${cliCommands}/${command}.ts`)
      const hookName = `use${verb.charAt(0).toUpperCase()}${verb.slice(1)}`
      const hookText = hooks.find(({ path }) => posix.basename(path) === `${hookName}.ts`)?.text
      return [
        ...(action && new RegExp(`export (async )?function\\*? ${verb}\\b`).test(action)
          ? []
          : [`${sdkActions}/${verb}.ts does not export ${verb}`]),
        ...(cli && new RegExp(`\\b${verb}\\(`).test(cli) ? [] : [`${cliCommands}/${command}.ts does not call ${verb}`]),
        ...(!hook || hookText?.includes(`export function ${hookName}(`)
          ? []
          : [`no feature of the page has ${hookName}.ts`]),
      ]
    })
  },
  bad: { 'no such files': [] },
}

const actionsNamed: Rule = {
  name: 'a file of sdk/actions exports the function of its name',
  find: (files) =>
    files
      .filter(({ path }) => posix.dirname(path) === sdkActions && path.endsWith('.ts') && !isTest(path))
      .filter(
        ({ path, text }) => !new RegExp(`export (async )?function\\*? ${posix.basename(path, '.ts')}\\b`).test(text),
      )
      .map(({ path }) => `${path} exports no function of its name`),
  bad: { 'another name': [{ path: `${sdkActions}/getThing.ts`, text: 'export function thing() {}' }] },
}

export const surfaceRules = [errorsDocumented, verbsInEveryRoom, actionsNamed]
