import { z } from 'zod'
import { addressSchema, bytes32Schema, hexSchema, uintSchema, unixSchema, versionIdSchema } from '../http/primitives.js'

/**
 * A session's tokens. The bearer form, `Authorization: Bearer ags_<id>.<secret>`, can be replayed by whoever has it, within
 * the session's ceiling. The bound form, `Agorai-Session: <id>.<counter>.<mac>`, is good for one request.
 */
export const bearerPrefix = 'ags_'

const idCharacters = 22
const secretCharacters = 32
const macCharacters = 22

/** Counters of the bound form, chosen by the client. Above them are those that the operator gives to bearer calls. */
export const counterMax = 2 ** 32 - 1

export type BearerToken = { session: string; secret: string }
export type BoundToken = { session: string; counter: number; mac: string }

const base64url = /^[A-Za-z0-9_-]+$/
const bearerPattern = new RegExp(
  `^Bearer ${bearerPrefix}([A-Za-z0-9_-]{${idCharacters}})\\.([A-Za-z0-9_-]{${secretCharacters}})$`,
)
const boundPattern = new RegExp(
  `^([A-Za-z0-9_-]{${idCharacters}})\\.([1-9][0-9]{0,9})\\.([A-Za-z0-9_-]{${macCharacters}})$`,
)

export const isSessionId = (value: string): boolean => value.length === idCharacters && base64url.test(value)

/** What an `Authorization` header says of a session; undefined when it is no token of one. */
export function parseBearerToken(header: string): BearerToken | undefined {
  const [, session, secret] = bearerPattern.exec(header) ?? []
  return session === undefined || secret === undefined ? undefined : { session, secret }
}

/** What an `Agorai-Session` header says; undefined when it is not of that form. */
export function parseBoundToken(header: string): BoundToken | undefined {
  const [, session, digits, mac] = boundPattern.exec(header) ?? []
  const counter = Number(digits)
  if (session === undefined || mac === undefined || counter > counterMax) return undefined
  return { session, counter, mac }
}

export const formatBearerToken = ({ session, secret }: BearerToken): string => `${bearerPrefix}${session}.${secret}`

export const formatBoundToken = ({ session, counter, mac }: BoundToken): string => `${session}.${counter}.${mac}`

export type MacInputParameters = {
  counter: number
  /** In capitals. */
  method: string
  /** Path and query as they are sent, `/v1/completions?a=b`. */
  target: string
  /** sha-256 of the body in base64url; that of nothing where there is none. */
  bodyHash: string
}

/** What the mac of a bound token is over: HMAC-SHA256 by the session's mac key, its first 16 bytes in base64url. */
export const macInputOf = ({ counter, method, target, bodyHash }: MacInputParameters): string =>
  `${counter}\n${method}\n${target}\n${bodyHash}`

/** Longest that a session may last, and how long it lasts when nothing is said. Seconds. */
export const sessionSecondsMax = 86_400
export const sessionSecondsDefault = 3_600

/** A right to call without paying for each call, asked for by a signature instead of a payment. */
export const sessionRequestSchema = z.strictObject({
  /** The service. */
  asset: versionIdSchema,
  holder: addressSchema,
  /** The offer of the holder's pass; 0 asks for the free calls of today. */
  offer: uintSchema,
  operator: addressSchema,
  nonce: bytes32Schema,
  expiry: uintSchema,
})

/** Opens a session: by a budget, which is what the request costs, or by a signed request. */
export const openSessionSchema = z.union([
  z.strictObject({
    /** Base units of the payment token: the most that the session may cost. */
    budget: uintSchema.refine((value) => value !== '0', 'must not be 0'),
    /** The one service it is for; every service of this operator that is paid in this token when absent. */
    asset: versionIdSchema.optional(),
    /** The payment token; needed where no service is named. */
    token: addressSchema.optional(),
    expiresInSeconds: z.number().int().min(60).max(sessionSecondsMax).default(sessionSecondsDefault),
    /** Random, and kept by the client: the very same request again, with the same payment, gives the same session. */
    nonce: bytes32Schema.optional(),
  }),
  z.strictObject({ request: sessionRequestSchema, signature: hexSchema }),
])

export const sessionStates = ['open', 'closing', 'closed'] as const

/** How a session stands. Amounts are base units of its token. */
export const sessionSchema = z.strictObject({
  session: z.string(),
  state: z.enum(sessionStates),
  /** What pays: a channel's voucher, a pass, or the free calls of a day. */
  paidBy: z.enum(['channel', 'pass', 'free']),
  payer: addressSchema,
  asset: versionIdSchema.optional(),
  token: addressSchema.optional(),
  channel: bytes32Schema.optional(),
  /** The most it may cost; of free calls, how many. */
  ceiling: uintSchema,
  /** What is known to be charged. Slices that other gateways hold are in `outstanding` until they are given back. */
  charged: uintSchema,
  outstanding: uintSchema,
  /** What the channel had been charged when the session took it; after its end it has `charged` more. */
  from: uintSchema,
  /** The highest total that the payer has acknowledged by a signature. */
  acknowledged: uintSchema,
  /** The payer's EIP-712 signature of that total, at this unix second: evidence against a claim of more. */
  acknowledgement: z.strictObject({ at: uintSchema, signature: hexSchema }).optional(),
  expiresAt: unixSchema,
})

/** A session with its tokens. Whoever has `bearer` can spend up to the ceiling; `macKey` never travels again. */
export const openedSessionSchema = sessionSchema.extend({
  /** For `Authorization: Bearer`, or as the `apiKey` of an OpenAI client. */
  bearer: z.string(),
  bearerIsReplayable: z.literal(true),
  /** 32 bytes in base64url. */
  macKey: z.string(),
})

export const topUpSessionSchema = z.strictObject({
  /** The new ceiling, which is what the request costs: a voucher for `from` and this much replaces the one before. */
  ceiling: uintSchema.refine((value) => value !== '0', 'must not be 0'),
})

export const acknowledgeSessionSchema = z.strictObject({ total: uintSchema, at: uintSchema, signature: hexSchema })

export const usageReceiptSchema = z.strictObject({
  receipt: z.strictObject({
    session: bytes32Schema,
    channel: bytes32Schema,
    counter: uintSchema,
    version: versionIdSchema,
    payer: addressSchema,
    amount: uintSchema,
    usage: z.string(),
    requestHash: bytes32Schema,
    responseHash: bytes32Schema,
    answeredAt: uintSchema,
  }),
  signature: hexSchema,
})

export type SessionRequestBody = z.output<typeof sessionRequestSchema>
export type SessionInfo = z.output<typeof sessionSchema>
export type OpenedSession = z.output<typeof openedSessionSchema>
