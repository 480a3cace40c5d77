import { createHash } from 'node:crypto'
import { parseWith, type TakedownDecision, takedownDecisionSchema } from '@agorai/core'
import { createAgoraiClient, uploadSigned } from '@agorai/sdk'
import { openKeys } from '../compose/identity.js'
import type { NodeConfig } from '../config.js'

/** Sends the operator's signed decision to its own running gateway, which writes it down for all of them. @returns The record. */
export async function decide(
  config: NodeConfig,
  decision: Omit<TakedownDecision, 'decidedAt' | 'notice'>,
): Promise<string> {
  const decidedAt = Math.floor(Date.now() / 1000)
  const checked = parseWith(takedownDecisionSchema, { ...decision, decidedAt }, 'config_invalid')
  const { account } = await openKeys(config, undefined)
  const client = await createAgoraiClient({ node: ownUrl(config), account })
  const body = Buffer.from(JSON.stringify(checked))
  const digest = `0x${createHash('sha256').update(body).digest('hex')}` as const
  const upload = { resource: `takedowns/${digest}`, bytes: body.length, digest }
  await uploadSigned(client, { ...upload, mediaType: 'application/json', body: () => Uint8Array.from(body) })
  return digest
}

/** Where a gateway with these settings answers on this machine. */
function ownUrl({ host, port }: NodeConfig): string {
  const known = ['0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host
  return `http://${known.includes(':') ? `[${known}]` : known}:${port}`
}
