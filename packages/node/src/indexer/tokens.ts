import { type Address, BaseError, ContractFunctionExecutionError, erc20Abi, type PublicClient } from 'viem'
import type { Database } from '../ports/database.js'

/** Tokens looked up in one go. */
const tokensMax = 64
const symbolLengthMax = 32

/**
 * Reads symbol and decimals of the tokens that offers name and that are not known yet, once each.
 *
 * @param refused Tokens that do not say; they are not asked again by this process.
 */
export async function fillTokens(database: Database, client: PublicClient, refused: Set<Address>): Promise<void> {
  const rows = await database.query<{ token: Address }>(
    'SELECT DISTINCT token FROM offer_listed WHERE token NOT IN (SELECT address FROM tokens) ORDER BY token',
  )
  const wanted = rows.map(({ token }) => token).filter((token) => !refused.has(token))
  for (const token of wanted.slice(0, tokensMax)) {
    const said = await readToken(client, token)
    if (said === undefined) refused.add(token)
    else
      await database.query('INSERT INTO tokens VALUES ($1::text, $2::text, $3::integer) ON CONFLICT DO NOTHING', [
        token,
        said.symbol,
        said.decimals,
      ])
  }
}

async function readToken(client: PublicClient, address: Address) {
  try {
    const [symbol, decimals] = await Promise.all([
      client.readContract({ address, abi: erc20Abi, functionName: 'symbol' }),
      client.readContract({ address, abi: erc20Abi, functionName: 'decimals' }),
    ])
    // People read it, so nothing but letters and signs that can be seen.
    return { symbol: symbol.replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, '').slice(0, symbolLengthMax), decimals }
  } catch (error) {
    if (error instanceof ContractFunctionExecutionError && !isTransport(error)) return undefined
    throw error
  }
}

const isTransport = (error: BaseError): boolean =>
  error.walk((cause) => cause instanceof BaseError && /^(HttpRequest|Timeout|Socket|WebSocket)/.test(cause.name)) !==
  null
