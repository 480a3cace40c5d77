import {
  AgoraiError,
  addressSchema,
  amountSchema,
  decodeHeader,
  type PaymentRequired,
  type PaymentRequirements,
  paymentRequiredHeader,
  paymentResponseHeader,
  uintSchema,
} from '@agorai/core'
import { z } from 'zod'

const requirementsSchema = z.object({
  scheme: z.string(),
  network: z.string(),
  amount: amountSchema,
  asset: addressSchema,
  payTo: addressSchema,
  maxTimeoutSeconds: z.number().int().min(1).max(86_400),
  extra: z.record(z.string(), z.unknown()).default({}),
})

const paymentRequiredSchema = z.object({
  x402Version: z.literal(2),
  error: z.string().optional(),
  resource: z.object({ url: z.string() }).loose(),
  accepts: z.array(requirementsSchema).max(64),
  extensions: z.record(z.string(), z.unknown()).optional(),
})

const channelStateSchema = z.object({
  balance: uintSchema.optional(),
  totalClaimed: uintSchema.optional(),
  chargedCumulativeAmount: uintSchema.optional(),
})

const paymentResponseSchema = z.object({
  success: z.boolean(),
  errorReason: z.string().optional(),
  transaction: z.string().default(''),
  /** What moved on the chain; empty where nothing did. */
  amount: uintSchema.or(z.literal('')).optional(),
  extra: z.object({ chargedAmount: uintSchema.optional(), channelState: channelStateSchema.optional() }).optional(),
})

/** What came of a payment, by the operator's word. */
export type PaymentOutcome = z.output<typeof paymentResponseSchema>

/** What an answer of 402 asks for. @throws AgoraiError `payment_refused` when it is not understood. */
export function readPaymentRequired(response: Response): PaymentRequired {
  const parsed = paymentRequiredSchema.safeParse(decodeHeader(response.headers.get(paymentRequiredHeader) ?? ''))
  if (!parsed.success)
    throw new AgoraiError('payment_refused', 'The answer does not say what it would cost.', { cause: parsed.error })
  return parsed.data as PaymentRequired
}

/** What an answer says of the payment that it is for; undefined when it says nothing. */
export function readPaymentOutcome(response: Response): PaymentOutcome | undefined {
  const header = response.headers.get(paymentResponseHeader)
  if (header === null) return undefined
  const parsed = paymentResponseSchema.safeParse(decodeHeader(header))
  if (!parsed.success)
    throw new AgoraiError('payment_refused', 'The answer does not say what was charged.', { cause: parsed.error })
  return parsed.data
}

/** The wires that a call can be paid by. */
export type Wire = 'voucher' | 'exact'

const schemes: Record<Wire, string> = { voucher: 'batch-settlement', exact: 'exact' }

/** Chooses the wanted wire, else a voucher where it is taken, else `exact`. @throws AgoraiError `payment_refused` */
export function chooseRequirements(
  { accepts }: PaymentRequired,
  network: string,
  wanted: Wire | undefined,
): { wire: Wire; requirements: PaymentRequirements } {
  const wires: readonly Wire[] = wanted === undefined ? ['voucher', 'exact'] : [wanted]
  for (const wire of wires) {
    const requirements = accepts.find((each) => each.scheme === schemes[wire] && each.network === network)
    if (requirements !== undefined) return { wire, requirements }
  }
  throw new AgoraiError('payment_refused', `It is not paid by ${wires.join(' or ')} on ${network}.`, {
    field: 'wire',
  })
}
