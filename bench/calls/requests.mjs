// Renders requests with the payments that they carry. State of channels and sessions is kept from run to run.
import { createHash, createHmac } from 'node:crypto'
import { createRequire } from 'node:module'
import { formatBoundToken, loadChannelDigests, macInputOf } from '@agorai/core'

const secp256k1 = createRequire(new URL('../../packages/node/package.json', import.meta.url))('secp256k1')
const body = '{"input":"hello"}'
const bodyHash = createHash('sha256').update(body).digest('base64url')

/** A request as bytes. */
export function render(port, path, headers = {}) {
  const lines = Object.entries({
    host: `127.0.0.1:${port}`,
    'content-type': 'application/json',
    'content-length': body.length,
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`)
}

const times = (count, make) => Array.from({ length: count }, (_, index) => make(index))
const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64')

export async function createMakers(chainId = 31_337) {
  const digests = await loadChannelDigests(chainId)
  /** What was charged, and the last counter, by channel and session. */
  const charged = new Map()
  const counters = new Map()

  /** The voucher of a channel for a total. */
  function voucherOf({ id, key }, total) {
    const { signature, recid } = secp256k1.ecdsaSign(digests.voucher(id, total), Buffer.from(key.slice(2), 'hex'))
    const hex = Buffer.from(signature).toString('hex')
    return { channelId: id, maxClaimableAmount: `${total}`, signature: `0x${hex}${recid === 0 ? '1b' : '1c'}` }
  }

  return {
    voucherOf,
    encode,
    plain: ({ path }, { port, connections, each }) => {
      const request = render(port, path)
      return times(connections, () => times(each, () => request))
    },
    /** A channel a connection, as each voucher is for all that was charged before it and one call more. */
    voucher: ({ path, channels, accepted, resource }, { port, connections, each }) =>
      times(connections, (index) => {
        const channel = channels[index]
        const from = charged.get(channel.id) ?? BigInt(channel.charged)
        charged.set(channel.id, from + BigInt(each) * BigInt(accepted.amount))
        return times(each, (call) => {
          const voucher = voucherOf(channel, from + BigInt(call + 1) * BigInt(accepted.amount))
          const payload = { type: 'voucher', channelConfig: channel.config, voucher }
          const payment = encode({ x402Version: 2, resource, accepted, payload })
          return render(port, path, { 'payment-signature': payment })
        })
      }),
    /** All connections in a few sessions, each request bound to a counter of its own. */
    session: ({ path, sessions }, { port, connections, each }) =>
      times(connections, (index) => {
        const { session, macKey } = sessions[index % sessions.length]
        const key = Buffer.from(macKey, 'base64url')
        return times(each, () => {
          const counter = (counters.get(session) ?? 0) + 1
          counters.set(session, counter)
          const input = macInputOf({ counter, method: 'POST', target: path, bodyHash })
          const mac = createHmac('sha256', key).update(input).digest().subarray(0, 16).toString('base64url')
          return render(port, path, { 'agorai-session': formatBoundToken({ session, counter, mac }) })
        })
      }),
    bearer: ({ path, sessions }, { port, connections, each }) =>
      times(connections, (index) => {
        const request = render(port, path, { authorization: `Bearer ${sessions[index % sessions.length].bearer}` })
        return times(each, () => request)
      }),
    /** Payments that were signed before. */
    given: ({ path, headers }, { port, connections, each }) =>
      times(connections, (index) =>
        times(each, (call) => render(port, path, { 'payment-signature': headers[index * each + call] })),
      ),
  }
}
