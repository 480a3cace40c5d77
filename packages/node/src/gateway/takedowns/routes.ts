import { randomBytes } from 'node:crypto'
import {
  AgoraiError,
  bytes32Schema,
  noticeReceiptSchema,
  noticeSchema,
  parseStrictJson,
  parseWith,
  storedSchema,
  type TakedownList,
  type TargetKind,
  takedownDecisionSchema,
  takedownListSchema,
} from '@agorai/core'
import { bytesToHex } from 'viem'
import { z } from 'zod'
import type { TakenDown } from '../../ports/journal.js'
import type { Notices } from '../../ports/notices.js'
import { authenticateUpload, type Uploader } from '../authenticateUpload.js'
import { type Route, route } from '../http/route.js'
import type { Memory } from '../memory.js'
import { readSignedJson, uploadHeaders } from '../readSignedJson.js'
import { assertOperator } from '../requests.js'

export type TakedownRoutesOptions = Uploader & { memory: Memory; notices: Notices }

const decisionBytesMax = 16 * 1024
const noticeBytesMax = 32 * 1024
/** The newest decisions that are told in one answer. */
const decisionsMax = 1_000

/** Notice and action: anybody may point something out, the operator decides, and the decision is public. */
export function takedownRoutes(options: TakedownRoutesOptions): Route[] {
  const { memory, notices, operator } = options
  const takeNotice = createHourlyLimit()
  return [
    route({
      method: 'post',
      path: '/api/v1/notices',
      summary: 'Tell the operator that something should not be served, and why. Only the operator reads it.',
      body: noticeSchema,
      bodyBytesMax: noticeBytesMax,
      response: noticeReceiptSchema,
      errors: ['rate_limited', 'busy', 'unsupported_media_type', 'payload_too_large', 'storage_full'],
      async handle({ body, client }) {
        takeNotice(client)
        const id = bytesToHex(randomBytes(32))
        await notices.add({ id, receivedAt: Math.floor(Date.now() / 1000), ...body })
        return { notice: id }
      },
    }),
    route({
      method: 'put',
      path: '/api/v1/takedowns/{digest}',
      summary: "The operator's own decision to take something down, or to serve it again.",
      params: z.strictObject({ digest: bytes32Schema }),
      headers: uploadHeaders,
      rawBody: 'application/json',
      response: storedSchema,
      errors: [
        'signature_invalid',
        'request_expired',
        'wrong_operator',
        'digest_mismatch',
        'length_mismatch',
        'payload_too_large',
        'unsupported_media_type',
        'storage_full',
        'chain_unavailable',
      ],
      async handle({ params: { digest }, request }) {
        const upload = await authenticateUpload(options, request, `takedowns/${digest}`)
        assertOperator(upload.account, operator)
        const bytes = await readSignedJson(request, upload, decisionBytesMax)
        const decision = parseWith(takedownDecisionSchema, parseStrictJson(bytes))
        await memory.record<TakenDown>({ kind: 'taken-down', record: upload.digest, decision })
        return { stored: digest }
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/takedowns',
      summary: 'What this operator does not serve any more, why, and what it serves again. Newest first.',
      response: takedownListSchema,
      errors: [],
      handle: async () => ({ decisions: memory.takedowns.all().slice(-decisionsMax).reverse().map(toPublic(memory)) }),
    }),
  ]
}

const toPublic =
  (memory: Memory) =>
  ({ record, decision }: TakenDown): TakedownList['decisions'][number] => {
    const { action, target, reason, statement, decidedAt } = decision
    const at = target.indexOf(':')
    const kind = target.slice(0, at) as TargetKind
    const value = kind === 'account' ? null : target.slice(at + 1)
    const standing = memory.takedowns.lastOf(target)?.record === record
    return { record, action, kind, value, reason, statement, decidedAt, standing }
  }

const noticesPerHour = 120
const noticesPerClient = 20
const hourMs = 3_600_000

/** Nobody needs to sign a notice, so those of one client are bounded, and all of them together. */
function createHourlyLimit(): (client: string) => void {
  let since = Number.NEGATIVE_INFINITY
  let all = 0
  const byClient = new Map<string, number>()
  return (client) => {
    const now = performance.now()
    if (now - since > hourMs) {
      since = now
      all = 0
      byClient.clear()
    }
    const own = byClient.get(client) ?? 0
    if (own >= noticesPerClient || all >= noticesPerHour)
      throw new AgoraiError('rate_limited', `At most ${noticesPerClient} notices of one client are taken in an hour.`, {
        details: { retryAfterSeconds: Math.ceil((since + hourMs - now) / 1000) },
      })
    all += 1
    byClient.set(client, own + 1)
  }
}
