import { readFile } from 'node:fs/promises'
import { AgoraiError, parseStrictJson, type RowFormat, rowFormats } from '@agorai/core'
import { type OpenedSource, openSource, transferEvents } from '@agorai/sdk/ingest'
import { type Command, Option } from 'commander'
import { parseAddress, parseCount, parseId } from './command.js'
import type { Environment } from './environment.js'
import type { Output } from './output/output.js'

export type SourceOptions = {
  rows?: RowFormat
  insecure?: boolean
  contract?: string[]
  event?: string[]
  abi?: string
  fromBlock?: string
  toBlock?: string
  confirmations?: string
  rpc?: string
  ipfsGateway?: string
}

/** Options that say where a content comes from, and how it is read. */
export const addSourceOptions = (command: Command): Command =>
  command
    .addOption(new Option('--rows <format>', 'how it is cut into rows (default: by what it is)').choices(rowFormats))
    .option('--insecure', 'also http:// and other ports than 443, which others on the way may alter')
    .option('--ipfs-gateway <url>', 'trustless gateway for ipfs:// (default: AGORAI_IPFS_GATEWAY)')
    .option('--rpc <url>', 'node of the chain for chain: (default: AGORAI_RPC_URL)')
    .option('--contract <address...>', 'contracts whose history a chain: reference is')
    .option('--event <signature...>', 'their events, such as "Sold(uint256 indexed id)" (default: transfers)')
    .option('--abi <file>', 'JSON of an ABI, whose events are taken')
    .option('--from-block <number>', 'first block (default: 0)')
    .option('--to-block <number>', 'last block (default: the last final one)')
    .option('--confirmations <blocks>', 'blocks after which one is final (default: as the chain says)')

export const sourcesHelp = `
The content is a file, a folder or an archive (zip, tar, gzip, CAR) of this machine, or is read from where it is:
  https://host/rows.parquet   never from private addresses; held to the version that was there first
  s3://bucket/key             endpoint, region and keys as the AWS tools take them from the environment;
                              a prefix that ends in a slash is taken as a folder
  ipfs://cid/path             through a trustless gateway, each block checked; a folder with a slash at its end
  chain:eip155:1              events of contracts as JSON rows, with what proves their range:
                              agorai publish chain:eip155:1 --contract 0x… --from-block 1 --to-block 9 …`

/** Opens what a reference names. `--rows` says how it is cut, whatever it is. */
export async function openContent(
  reference: string,
  options: SourceOptions,
  environment: Environment,
  output: Output,
): Promise<OpenedSource> {
  const source = await openSource(reference, {
    fetch: options.insecure === true ? { insecure: true, ports: 'any' } : {},
    s3: environment.s3,
    ipfsGateway: options.ipfsGateway ?? environment.ipfsGateway,
    rpcUrl: options.rpc ?? environment.rpcUrl,
    history: {
      contracts: (options.contract ?? []).map((address) => parseAddress(address, 'contract')),
      events: [...(options.event ?? []), ...(options.abi === undefined ? [] : await readAbi(options.abi))],
      ...(options.event === undefined && options.abi === undefined ? { events: transferEvents } : {}),
      fromBlock: parseId(options.fromBlock ?? '0', 'fromBlock'),
      toBlock: options.toBlock === undefined ? undefined : parseId(options.toBlock, 'toBlock'),
      confirmations:
        options.confirmations === undefined
          ? undefined
          : parseCount(options.confirmations, 'confirmations', 100_000_000),
      onProgress: (done, total) => output.progress(`Reading the chain, block ${done} of ${total}`),
    },
    onCopied: (bytes, bytesTotal) => output.progress('Copying', bytes, bytesTotal),
  })
  return options.rows === undefined ? source : { ...source, format: { ...source.format, rowFormat: options.rows } }
}

type AbiInput = { name?: string; type?: string; indexed?: boolean; components?: AbiInput[] }

/** Signatures of the events of a JSON ABI, or of a compiler's artifact that has one. */
async function readAbi(path: string): Promise<string[]> {
  const refuse = (cause?: unknown) =>
    new AgoraiError('invalid_request', `${path} is not a JSON ABI with events.`, { field: 'abi', cause })
  let document: unknown
  try {
    document = parseStrictJson(await readFile(path), { bytesMax: 32 * 1024 * 1024 })
  } catch (cause) {
    throw refuse(cause)
  }
  const items = Array.isArray(document) ? document : (document as { abi?: unknown } | null)?.abi
  if (!Array.isArray(items)) throw refuse()
  const events = (items as { type?: string; name?: string; inputs?: AbiInput[]; anonymous?: boolean }[]).filter(
    ({ type, anonymous }) => type === 'event' && anonymous !== true,
  )
  if (events.length === 0) throw refuse()
  return events.map(({ name = '', inputs = [] }) => `${name}(${inputs.map(toParameter).join(', ')})`)
}

function toParameter({ name, type = '', indexed, components }: AbiInput, place: number): string {
  const whole = type.startsWith('tuple') ? `(${(components ?? []).map(toParameter).join(', ')})${type.slice(5)}` : type
  return `${whole}${indexed === true ? ' indexed' : ''} ${name || `argument${place}`}`
}
