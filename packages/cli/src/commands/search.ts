import { type AssetSummary, assetSortSchema, kindSchema, parseWith, usageSchema } from '@agorai/core'
import { type AgoraiClient, type SearchAssetsParameters, searchAssets } from '@agorai/sdk'
import type { Command } from 'commander'
import { type CommonOptions, createCommand, parseAddress, parseAmount, parseId } from '../command.js'
import { connect } from '../connect.js'
import { readEnvironment } from '../environment.js'
import { formatAmount, formatTable, plain, shorten } from '../output/format.js'
import type { Output } from '../output/output.js'
import { paymentToken } from '../paymentToken.js'

type Options = CommonOptions & {
  kind?: string
  owner?: string
  publisher?: string
  tag?: string
  licence?: string
  usage?: string
  minPrice?: string
  maxPrice?: string
  token?: string
  builtFrom?: string
  sample?: true
  sort: string
  limit: string
  cursor?: string
}

export function searchCommand(output: Output): Command {
  return createCommand('search', 'List what is published, or look for words', 'agorai search digits --kind model')
    .argument('[words...]', 'words to look for in names, descriptions and tags')
    .option('--kind <kind>', 'only assets of this kind')
    .option('--owner <address>', 'only assets of this owner')
    .option('--publisher <address>', 'only what this account published')
    .option('--tag <tag>', 'only what has this tag')
    .option('--licence <spdx>', 'only what is under this licence')
    .option('--usage <usage>', 'only what is offered for this usage')
    .option('--min-price <amount>', 'only what is offered at this price or more')
    .option('--max-price <amount>', 'only what is offered at this price or less')
    .option('--token <address>', 'the token of the prices (default: the one for payments on the local chain)')
    .option('--built-from <asset>', 'only what was built from this asset, or sells its work')
    .option('--sample', 'only what shows sample rows')
    .option('--sort <order>', 'newest, price, sales or relevance', 'newest')
    .option('--limit <count>', 'how many at most, 1 to 100', '20')
    .option('--cursor <cursor>', 'where the page before ended')
    .action(async (words: string[], options: Options) => {
      const client = await connect(options, readEnvironment())
      const found = await searchAssets(client, {
        ...(await toFilters(client, options)),
        limit: Number(options.limit),
        ...(words.length === 0 ? {} : { query: words.join(' ') }),
        ...(options.cursor === undefined ? {} : { cursor: options.cursor }),
      })
      output.result(found, found.assets.length === 0 ? nothing(words) : list(found.assets, found.nextCursor))
    })
}

async function toFilters(client: AgoraiClient, options: Options): Promise<SearchAssetsParameters> {
  const { kind, owner, publisher, tag, licence, usage, minPrice, maxPrice, builtFrom, sample } = options
  const sort = parseWith(assetSortSchema, options.sort, 'invalid_request')
  const needsToken = minPrice !== undefined || maxPrice !== undefined || sort === 'price'
  const token = needsToken || options.token !== undefined ? await paymentToken(client, options.token) : undefined
  const price = (text: string) => parseAmount(text, token?.decimals ?? 0)
  return {
    sort,
    ...(kind === undefined ? {} : { kind: parseWith(kindSchema, kind, 'invalid_request') }),
    ...(owner === undefined ? {} : { owner: parseAddress(owner, 'owner') }),
    ...(publisher === undefined ? {} : { publisher: parseAddress(publisher, 'publisher') }),
    ...(tag === undefined ? {} : { tag }),
    ...(licence === undefined ? {} : { licence }),
    ...(usage === undefined ? {} : { usage: parseWith(usageSchema, usage, 'invalid_request') }),
    ...(token === undefined ? {} : { token: token.address }),
    ...(minPrice === undefined ? {} : { priceMin: price(minPrice) }),
    ...(maxPrice === undefined ? {} : { priceMax: price(maxPrice) }),
    ...(builtFrom === undefined ? {} : { builtFrom: parseId(builtFrom, 'builtFrom') }),
    ...(sample === undefined ? {} : { hasSample: true }),
  }
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
    priceOf(kind, offers),
    plain(licence ?? ''),
    shorten(owner),
    `${sales} sold`,
  ])
  const more = nextCursor === null ? [] : ['', `More: --cursor ${nextCursor}`]
  return [...formatTable([['id', 'kind', 'name', 'price', 'licence', 'owner', ''], ...rows]), ...more]
}

/** The lowest price of an open offer. A service may sell calls without one. */
function priceOf(kind: AssetSummary['kind'], offers: AssetSummary['offers']): string {
  const open = offers.filter((offer) => offer.open)
  const [cheapest] = open.toSorted((a, b) => (BigInt(a.price) < BigInt(b.price) ? -1 : 1))
  if (cheapest === undefined) return kind === 'service' ? 'no pass for sale' : 'not for sale'
  const { price, token, timed, usage } = cheapest
  if (price === '0') return 'free'
  const said = formatAmount(BigInt(price), token)
  return timed ? `${said} a day` : usage === 'exclusive' ? `from ${said}` : said
}
