import { type AssetKind, type AssetSummary, kindSchema, parseWith } from '@agorai/core'
import { searchAssets } from '@agorai/sdk'
import type { Command } from 'commander'
import { type CommonOptions, createCommand } from '../command.js'
import { connect } from '../connect.js'
import { readEnvironment } from '../environment.js'
import { formatAmount, formatTable, plain, shorten } from '../output/format.js'
import type { Output } from '../output/output.js'

type Options = CommonOptions & { kind?: string; limit: string; cursor?: string }

export function searchCommand(output: Output): Command {
  return createCommand('search', 'List what is published, or look for words', 'agorai search digits --kind model')
    .argument('[words...]', 'words to look for in names, descriptions and tags')
    .option('--kind <kind>', 'only assets of this kind')
    .option('--limit <count>', 'how many at most, 1 to 100', '20')
    .option('--cursor <cursor>', 'where the page before ended')
    .action(async (words: string[], options: Options) => {
      const client = await connect(options, readEnvironment())
      const kind: AssetKind | undefined =
        options.kind === undefined ? undefined : parseWith(kindSchema, options.kind, 'invalid_request')
      const found = await searchAssets(client, {
        limit: Number(options.limit),
        ...(words.length === 0 ? {} : { query: words.join(' ') }),
        ...(kind === undefined ? {} : { kind }),
        ...(options.cursor === undefined ? {} : { cursor: options.cursor }),
      })
      output.result(found, found.assets.length === 0 ? nothing(words) : list(found.assets, found.nextCursor))
    })
}

const nothing = (words: string[]): string[] => [
  words.length === 0
    ? 'Nothing is published yet. Publish something: agorai publish --help'
    : 'Nothing matches these words.',
]

function list(assets: readonly AssetSummary[], nextCursor: string | null): string[] {
  const rows = assets.map(({ id, kind, name, licence, owner, offers, sales }) => [
    id,
    kind,
    plain(name ?? '(manifest not available here)'),
    priceOf(offers),
    plain(licence ?? ''),
    shorten(owner),
    `${sales} sold`,
  ])
  const more = nextCursor === null ? [] : ['', `More: --cursor ${nextCursor}`]
  return [...formatTable([['id', 'kind', 'name', 'price', 'licence', 'owner', ''], ...rows]), ...more]
}

/** The lowest price of an open offer. */
function priceOf(offers: AssetSummary['offers']): string {
  const open = offers.filter((offer) => offer.open)
  const [cheapest] = open.toSorted((a, b) => (BigInt(a.price) < BigInt(b.price) ? -1 : 1))
  if (cheapest === undefined) return 'not for sale'
  const { price, token, timed, usage } = cheapest
  if (price === '0') return 'free'
  const said = formatAmount(BigInt(price), token)
  return timed ? `${said} a day` : usage === 'exclusive' ? `from ${said}` : said
}
