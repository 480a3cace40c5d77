// What is measured: a server each, the payments that its route takes, and a check that it refuses a forged one.
import { spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { acceptedOf, createChannel, depositOn, payExactly, readChallenge } from './chain.mjs'
import { officialServer } from './peers.mjs'
import { createMakers } from './requests.mjs'

const body = '{"input":"hello"}'
const json = { 'content-type': 'application/json' }
const deposit = 10n ** 8n
const budget = 10n ** 8n
const sessionsEach = 4

/** Starts a server that prints its port, and answers for the CPU that it uses. */
async function startProcess(script, settings) {
  const child = spawn(process.execPath, [...(settings.nodeOptions ?? []), script, JSON.stringify(settings)], {
    // A server ends with whoever started it.
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const port = await new Promise((resolve, reject) => {
    child.once('exit', (status) => reject(new Error(`${script} ended with ${status}`)))
    child.stdout.once('data', (text) => resolve(JSON.parse(text).port))
  })
  child.stdout.resume()
  return {
    port,
    /** Seconds of CPU so far, of all its threads. */
    cpu() {
      const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1].split(' ')
      return (Number(fields[11]) + Number(fields[12])) / 100
    },
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', resolve)
        child.kill('SIGINT')
      }),
  }
}

const post = (url, headers, text = body) => fetch(url, { method: 'POST', headers: { ...json, ...headers }, body: text })

async function expectStatus(what, response, expected) {
  const text = await response.text()
  if (expected.includes(response.status)) return text
  const header = response.headers.get('payment-required')
  const told = header === null ? text : Buffer.from(header, 'base64').toString()
  throw new Error(`${what}: ${response.status} instead of ${expected.join(' or ')}: ${told.slice(0, 900)}`)
}

/** Changes a signature in its middle. */
const forge = (signature) => `${signature.slice(0, 40)}${signature[40] === '0' ? '1' : '0'}${signature.slice(41)}`

export async function createCandidates({ chain, folder, profile, modelTimes, onStarted }) {
  const makers = await createMakers()
  const { encode, voucherOf } = makers
  const carry = (challenge, accepted, payload) =>
    encode({ x402Version: 2, resource: challenge.resource, accepted, payload })

  async function startServer(script, settings) {
    const server = await startProcess(script, settings)
    onStarted?.(server.stop)
    return server
  }

  async function startAgorai(name, { handler, amount }) {
    const { key } = await chain.createOperator()
    const own = join(folder, name)
    mkdirSync(own, { recursive: true })
    const nodeOptions = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${join(profile, name)}`]
    const { rpcUrl, deployment } = chain
    const settings = { rpcUrl, deployment, key, folder: own, handler, amount, modelTimes, nodeOptions }
    return startServer(fileURLToPath(new URL('agoraiServer.mjs', import.meta.url)), settings)
  }

  /** A channel with money, opened by a paid request. */
  async function fund(url, text, toAmount, payer) {
    const challenge = await readChallenge(url, text)
    const accepted = acceptedOf(challenge, 'batch-settlement')
    const { payTo: receiver, asset: token } = accepted
    const channel = await createChannel(payer, { receiver, token })
    const payload = await depositOn(channel, accepted, voucherOf(channel, BigInt(accepted.amount)), deposit)
    const forged = { ...payload, voucher: { ...payload.voucher, signature: forge(payload.voucher.signature) } }
    const header = 'payment-signature'
    await expectStatus(
      'a forged voucher',
      await post(url, { [header]: carry(challenge, accepted, forged) }, text),
      [402],
    )
    const paid = await post(url, { [header]: carry(challenge, accepted, payload) }, text)
    const answer = await expectStatus('a deposit', paid, [200])
    return { channel: { ...channel, charged: toAmount(accepted) }, challenge, accepted, answer }
  }

  async function unpaid(name, handler) {
    const server = await startAgorai(name, { handler, amount: '0' })
    await expectStatus('the unpaid route', await post(`http://127.0.0.1:${server.port}/call`), [200])
    return { name, server, maker: { kind: 'plain', path: '/call' } }
  }

  /** @param checks `signature` or `mac`. */
  async function bare(name, checks) {
    const own = join(folder, name)
    mkdirSync(own, { recursive: true })
    const script = fileURLToPath(new URL('bareServer.mjs', import.meta.url))
    const server = await startServer(script, { folder: own, checks })
    return { name, server, maker: { kind: 'plain', path: '/call' } }
  }

  async function vouchers(name, connections) {
    const server = await startAgorai(name, { handler: 'empty', amount: '1' })
    const url = `http://127.0.0.1:${server.port}/call`
    const payer = await chain.createPayer()
    const funded = []
    for (let i = 0; i < connections; i++) funded.push(await fund(url, body, ({ amount }) => amount, payer))
    const [{ challenge, accepted }] = funded
    const channels = funded.map(({ channel: { account: _, ...channel } }) => channel)
    return { name, server, maker: { kind: 'voucher', path: '/call', channels, accepted, resource: challenge.resource } }
  }

  async function sessions(name, handler, kind = 'session') {
    const server = await startAgorai(name, { handler, amount: '1' })
    const url = `http://127.0.0.1:${server.port}`
    const payer = await chain.createPayer()
    const opened = []
    const text = JSON.stringify({ budget: `${budget}`, asset: '7' })
    for (let i = 0; i < sessionsEach; i++)
      opened.push(JSON.parse((await fund(`${url}/api/v1/sessions`, text, () => '0', payer)).answer))
    const [{ session, bearer }] = opened
    const mac = createHmac('sha256', 'another key').update('1').digest().subarray(0, 16).toString('base64url')
    const forged =
      kind === 'bearer' ? { authorization: forge(`Bearer ${bearer}`) } : { 'agorai-session': `${session}.1.${mac}` }
    await expectStatus('a forged token', await post(`${url}/call`, forged), [401, 402])
    return { name, server, maker: { kind, path: '/call', sessions: opened } }
  }

  /** The official middleware, with channels that are deposited as far as its store knows. */
  async function officialVouchers(name, connections) {
    const payTo = (await chain.createOperator()).address
    const payer = await chain.createPayer()
    const channels = []
    for (let i = 0; i < connections; i++)
      channels.push(await createChannel(payer, { receiver: payTo, token: chain.token }))
    const settings = { wire: 'batch-settlement', amount: '1', payTo, ...(await officialSettings()) }
    const server = await startServer(officialServer, {
      ...settings,
      channels: channels.map(({ id, config }) => ({
        channelId: id,
        channelConfig: config,
        chargedCumulativeAmount: '0',
        signedMaxClaimable: '0',
        signature: '0x',
        balance: `${deposit}`,
        totalClaimed: '0',
        withdrawRequestedAt: 0,
        refundNonce: 0,
      })),
    })
    const url = `http://127.0.0.1:${server.port}/paid`
    const challenge = await readChallenge(url, body)
    const accepted = acceptedOf(challenge, 'batch-settlement')
    const voucher = voucherOf(channels[0], 1n)
    const forged = {
      type: 'voucher',
      channelConfig: channels[0].config,
      voucher: { ...voucher, signature: forge(voucher.signature) },
    }
    const header = { 'payment-signature': carry(challenge, accepted, forged) }
    await expectStatus('a forged voucher', await post(url, header), [402])
    const known = channels.map(({ account: _, ...channel }) => channel)
    return {
      name,
      server,
      maker: { kind: 'voucher', path: '/paid', channels: known, accepted, resource: challenge.resource },
    }
  }

  async function officialSettings() {
    const { key } = await chain.createOperator()
    return { rpcUrl: chain.rpcUrl, key, token: chain.tokenDomain }
  }

  /** Calls by `exact`, each paid by a payment that is signed before the clock starts. */
  async function exact(name, { isOfficial }) {
    const { address: payTo } = await chain.createOperator()
    const server = isOfficial
      ? await startServer(officialServer, { wire: 'exact', amount: '1', payTo, ...(await officialSettings()) })
      : await startAgorai(name, { handler: 'empty', amount: '1' })
    const path = isOfficial ? '/paid' : '/call'
    const url = `http://127.0.0.1:${server.port}${path}`
    const payer = await chain.createPayer()
    const challenge = await readChallenge(url, body)
    const accepted = acceptedOf(challenge, 'exact')
    const sign = async () => carry(challenge, accepted, await payExactly(payer.account, accepted))
    const payload = await payExactly(payer.account, accepted)
    const forged = { ...payload, signature: forge(payload.signature) }
    const header = { 'payment-signature': carry(challenge, accepted, forged) }
    await expectStatus('a forged transfer', await post(url, header), [402])
    const till = accepted.payTo
    const before = await chain.balanceOf(till)
    await expectStatus('a transfer', await post(url, { 'payment-signature': await sign() }), [200])
    if ((await chain.balanceOf(till)) !== before + 1n) throw new Error(`${name} did not bring the payment to the chain`)
    /** The maker of a run is made anew, since each payment is good once. */
    const makerOf = async (count) => ({
      kind: 'given',
      path,
      headers: await Promise.all(Array.from({ length: count }, sign)),
    })
    return { name, server, makerOf }
  }

  return { unpaid, bare, vouchers, sessions, officialVouchers, exact }
}
