import { createHash, createHmac } from 'node:crypto'
import {
  formatBoundToken,
  macInputOf,
  type OpenedSession,
  paymentSignatureHeader,
  type SessionInfo,
} from '@agorai/core'
import { readRequirements, type VoucherClient } from './voucherClient.js'

/** Sessions by hand: each call names its own counter, so a test can send the same one twice. */

const json = { 'content-type': 'application/json' }

/** Opens a session on a channel that has been charged `charged` so far. */
export async function openSessionAt(
  url: string,
  payer: VoucherClient,
  { charged, budget, asset, nonce }: { charged: bigint; budget: bigint; asset: bigint; nonce?: string },
): Promise<OpenedSession> {
  const body = JSON.stringify({ budget: `${budget}`, asset: `${asset}`, ...(nonce === undefined ? {} : { nonce }) })
  const ask = (headers: Record<string, string>) =>
    fetch(`${url}/api/v1/sessions`, { method: 'POST', headers: { ...json, ...headers }, body })
  await readRequirements(await ask({}))
  const { header } = payer.voucher(charged, budget)
  const answer = await ask({ [paymentSignatureHeader]: header })
  if (!answer.ok) throw new Error(`HTTP ${answer.status}: ${await answer.text()}`)
  return (await answer.json()) as OpenedSession
}

/** Raises the ceiling of a session on a channel that had been charged `charged` before it was opened. */
export async function topUpSessionAt(
  url: string,
  payer: VoucherClient,
  { opened, charged, ceiling }: { opened: OpenedSession; charged: bigint; ceiling: bigint },
): Promise<void> {
  const { header } = payer.voucher(charged, ceiling)
  const answer = await fetch(`${url}/api/v1/sessions/${opened.session}/top-up`, {
    method: 'POST',
    headers: { ...json, [paymentSignatureHeader]: header },
    body: JSON.stringify({ ceiling: `${ceiling}` }),
  })
  if (!answer.ok) throw new Error(`HTTP ${answer.status}: ${await answer.text()}`)
}

/** The token of one request, bound to it. */
export function tokenOf(
  { session, macKey }: Pick<OpenedSession, 'session' | 'macKey'>,
  { counter, method, target, body }: { counter: number; method: string; target: string; body: string },
): string {
  const bodyHash = createHash('sha256').update(body).digest('base64url')
  const input = macInputOf({ counter, method, target, bodyHash })
  const mac = createHmac('sha256', Buffer.from(macKey, 'base64url')).update(input).digest().subarray(0, 16)
  return formatBoundToken({ session, counter, mac: mac.toString('base64url') })
}

/** @returns The status; 0 when no answer came. */
export async function callInSession(
  url: string,
  opened: OpenedSession,
  { counter, body }: { counter: number; body: string },
): Promise<{ status: number; text: string }> {
  const target = '/v1/completions'
  const token = tokenOf(opened, { counter, method: 'POST', target, body })
  try {
    const headers = { ...json, 'agorai-session': token }
    const answer = await fetch(`${url}${target}`, { method: 'POST', headers, body })
    return { status: answer.status, text: await answer.text() }
  } catch (error) {
    return { status: 0, text: String(error) }
  }
}

export async function sessionState(url: string, opened: OpenedSession, action?: 'close'): Promise<SessionInfo> {
  const answer = await fetch(`${url}/api/v1/sessions/${opened.session}${action === undefined ? '' : `/${action}`}`, {
    method: action === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${opened.bearer}` },
  })
  if (!answer.ok) throw new Error(`HTTP ${answer.status}: ${await answer.text()}`)
  return (await answer.json()) as SessionInfo
}
