import type { Command } from 'commander'
import type { Output } from './output/output.js'

/** A command as the list of commands shows it. Its file, and with it what it works with, is loaded when it is called. */
type CommandRow = {
  description: string
  /** What is safe when it has failed. */
  safe?: string
  load: () => Promise<(output: Output) => Command>
}

const unchanged = 'Nothing was changed.'
const repeatable = 'What was not moved stays where it was, and the same command goes on from there.'

/** Every command, in the order of the help. */
export const commands: Readonly<Record<string, CommandRow>> = {
  search: {
    description: 'List what is published, or look for words',
    safe: unchanged,
    load: async () => (await import('./commands/search.js')).searchCommand,
  },
  show: {
    description: 'Show an asset: terms, content, offers, contributors',
    safe: unchanged,
    load: async () => (await import('./commands/show.js')).showCommand,
  },
  lineage: {
    description: 'Show what an asset is built from and where one sale goes',
    safe: unchanged,
    load: async () => (await import('./commands/lineage.js')).lineageCommand,
  },
  events: {
    description: 'Show what the contracts did, in order',
    safe: unchanged,
    load: async () => (await import('./commands/events.js')).eventsCommand,
  },
  diff: {
    description: 'Tell what a version changed: columns, values, rows, terms, contributors',
    safe: unchanged,
    load: async () => (await import('./commands/diff.js')).diffCommand,
  },
  inspect: {
    description: 'Describe a file or folder as `agorai publish --profile` would; nothing leaves this machine',
    safe: unchanged,
    load: async () => (await import('./commands/inspect.js')).inspectCommand,
  },
  publish: {
    description: 'Publish an asset, or a later version of one, with its first offers',
    safe: 'Nothing is public before the chain has the version: look with `agorai search` before you publish again.',
    load: async () => (await import('./commands/publish.js')).publishCommand,
  },
  consent: {
    description: 'Let one publisher build from your version, or sell its work',
    load: async () => (await import('./commands/consent.js')).consentCommand,
  },
  contributions: {
    description: 'Rows that people give to a dataset, with their consent',
    load: async () => (await import('./commands/contributions.js')).contributionsCommand,
  },
  withdraw: {
    description: 'Take back everything that you gave to a dataset',
    load: async () => (await import('./commands/withdraw.js')).withdrawCommand,
  },
  offer: {
    description: 'List, show and close offers of an asset',
    load: async () => (await import('./commands/offer.js')).offerCommand,
  },
  bundle: {
    description: 'List, buy and close bundles of offers',
    load: async () => (await import('./commands/bundle.js')).bundleCommand,
  },
  fund: {
    description: 'Get test money without value, on the local chain only',
    load: async () => (await import('./commands/fund.js')).fundCommand,
  },
  buy: {
    description: 'Buy a pass for an asset, renew it or give it',
    safe: 'The same command is safe to repeat: a pass that is paid for is found and not paid twice.',
    load: async () => (await import('./commands/buy.js')).buyCommand,
  },
  pass: {
    description: 'Show a pass, from the chain',
    safe: unchanged,
    load: async () => (await import('./commands/pass.js')).passCommand,
  },
  refund: {
    description: 'Give your pass back, no questions',
    load: async () => (await import('./commands/refund.js')).refundCommand,
  },
  transfer: {
    description: 'Pass your pass on, with what may be refunded of it',
    load: async () => (await import('./commands/transfer.js')).transferCommand,
  },
  download: {
    description: 'Download and decrypt an asset that you hold a pass for',
    safe: 'No folder was written. Your pass stays, and the same command goes on and costs nothing.',
    load: async () => (await import('./commands/download.js')).downloadCommand,
  },
  verify: {
    description: 'Recompute everything that was stated about a download',
    safe: unchanged,
    load: async () => (await import('./commands/verify.js')).verifyCommand,
  },
  serve: {
    description: 'Have the node answer calls of a service that you own',
    load: async () => (await import('./commands/serve.js')).serveCommand,
  },
  call: {
    description: 'Call a service and pay for it',
    safe: 'A call is charged once at most, and nothing when the service refused it.',
    load: async () => (await import('./commands/call.js')).callCommand,
  },
  session: {
    description: 'Sessions: one payment for many calls, with any OpenAI client',
    safe: 'A session takes no more than its ceiling; `agorai session show` says how yours stand.',
    load: async () => (await import('./commands/session.js')).sessionCommand,
  },
  channel: {
    description: 'Channels: what is deposited with an operator, and how it comes back',
    safe: repeatable,
    load: async () => (await import('./commands/channel.js')).channelCommand,
  },
  policy: {
    description: 'Show or set what your account may spend on calls; it is checked before anything is signed',
    safe: unchanged,
    load: async () => (await import('./commands/policy.js')).policyCommand,
  },
  mandate: {
    description: 'Let an agent spend some of your money, within limits that the operator checks, too',
    load: async () => (await import('./commands/mandate.js')).mandateCommand,
  },
  feed: {
    description: 'Feeds: rows that are appended as they come, sold by timed pass',
    safe: 'What was appended stays, and a reader goes on from its last place.',
    load: async () => (await import('./commands/feed.js')).feedCommand,
  },
  'prove-row': {
    description: 'Get the proof that a row is in a version, without showing any other',
    safe: unchanged,
    load: async () => (await import('./commands/proveRow.js')).proveRowCommand,
  },
  'prove-wrong-chunk': {
    description: 'Have the contract check that an operator signed for another chunk than was published',
    safe: unchanged,
    load: async () => (await import('./commands/proveWrongChunk.js')).proveWrongChunkCommand,
  },
  'verify-row': {
    description: 'Check that a row is in a version, by its proof, the manifest and the chain',
    safe: unchanged,
    load: async () => (await import('./commands/verifyRow.js')).verifyRowCommand,
  },
  collect: {
    description: 'Collect what you are owed, out of every asset',
    safe: 'What was not collected stays owed to its party in the ledger.',
    load: async () => (await import('./commands/collect.js')).collectCommand,
  },
  accrue: {
    description: 'Bring what timed passes earned on ended days into the ledger; anyone may',
    safe: repeatable,
    load: async () => (await import('./commands/accrue.js')).accrueCommand,
  },
  release: {
    description: 'Bring what passes with an ended refund window cost into the ledger; anyone may',
    safe: repeatable,
    load: async () => (await import('./commands/release.js')).releaseCommand,
  },
  sweep: {
    description: 'Bring what was sent to tills into the ledger; anyone may',
    safe: repeatable,
    load: async () => (await import('./commands/sweep.js')).sweepCommand,
  },
  rescue: {
    description: "Take what is no income out of your asset's till: ether, other tokens, NFTs",
    load: async () => (await import('./commands/rescue.js')).rescueCommand,
  },
  'till-version': {
    description: "Name the version that your asset's till is swept into",
    load: async () => (await import('./commands/tillVersion.js')).tillVersionCommand,
  },
  'release-edge': {
    description: 'Let later versions of an asset drop the royalty that they owe yours',
    load: async () => (await import('./commands/releaseEdge.js')).releaseEdgeCommand,
  },
  retire: {
    description: 'End all sales and derivatives of an asset, for ever',
    load: async () => (await import('./commands/retire.js')).retireCommand,
  },
  erase: {
    description: "State that a version's content is erased; a tombstone stays",
    load: async () => (await import('./commands/erase.js')).eraseCommand,
  },
  governance: {
    description: 'Show who may do what, and what is set now',
    safe: unchanged,
    load: async () => (await import('./commands/governance.js')).governanceCommand,
  },
  exit: {
    description: 'Take out everything that is yours with the chain alone',
    safe: repeatable,
    load: async () => (await import('./commands/exit.js')).exitCommand,
  },
}
