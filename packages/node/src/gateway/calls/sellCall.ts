import { AgoraiError, isAgoraiError, type Problem } from '@agorai/core'
import type { CallRequest } from '../http/lightRequest.js'
import type { Route } from '../http/route.js'
import type { Cashier, ServedService } from './cashier.js'
import type { Plan } from './planCall.js'

export type SellCallParameters = {
  cashier: Cashier
  request: CallRequest
  body: Uint8Array
  client: string
  service: ServedService
  plan: Plan
  errorForm: NonNullable<Route['errorForm']>
}

/** Has the cashier sell a call. What it refuses, such as a call without payment, is told in the protocol's own form. */
export async function sellCall(parameters: SellCallParameters): Promise<Response> {
  const { cashier, request, body, client, service, plan, errorForm } = parameters
  const { usageMax, streams, work } = plan
  try {
    const response = await cashier.sell({ request, body, service, usageMax, streams, client }, work)
    return response.status < 400 ? response : await inForm(response, errorForm)
  } catch (error) {
    // Nobody is there any more; what the answer says does not matter.
    if (request.signal.aborted && !isAgoraiError(error))
      throw new AgoraiError('length_mismatch', 'The connection was closed before the answer.', { cause: error })
    throw error
  }
}

/** The same refusal with all its headers, its body in the form that clients of the protocol read. */
async function inForm(response: Response, errorForm: NonNullable<Route['errorForm']>): Promise<Response> {
  const text = await response.text()
  const headers = new Headers(response.headers)
  headers.delete('content-length')
  headers.set('content-type', 'application/json')
  const body = errorForm(toProblem(text, response.status))
  return new Response(JSON.stringify(body), { status: response.status, headers })
}

/** What a refusal says of itself: a problem, or the short reason of x402. */
function toProblem(text: string, status: number): Problem {
  let said: Partial<Problem> & { error?: unknown } = {}
  try {
    said = JSON.parse(text) as typeof said
  } catch {
    // Then the status says it.
  }
  // x402 gives a code where something is wrong with a payment, and a phrase where there is none.
  const reason = typeof said.error === 'string' && /^\w+$/.test(said.error) ? said.error : undefined
  return {
    type: said.type ?? '/docs/errors',
    title: said.title ?? 'Payment is required',
    status,
    code: said.code ?? ((reason ?? 'payment_required') as Problem['code']),
    detail: said.detail ?? (reason ? `${reason}.` : 'This call has a price, which the header PAYMENT-REQUIRED states.'),
    remedy: said.remedy ?? 'Pay by x402, or call in a session.',
    ...(said.field === undefined ? {} : { field: said.field }),
  }
}
