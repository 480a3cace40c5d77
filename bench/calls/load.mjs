// Sends requests over connections that stay open, one at a time on each, and measures the answers. Requests are rendered
// before the clock starts. Started by `loads.mjs`, which speaks to it by messages.
import { connect } from 'node:net'
import { createMakers } from './requests.mjs'

const makers = await createMakers()
const head = Buffer.from('\r\n\r\n')

/** One connection: its requests in order, each after the answer to the one before and not before its own time. */
function runConnection({ port, requests, onAnswer, beginAt, every }) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    let next = 0
    let due = 0
    let received = []
    const send = () => {
      if (next === requests.length) {
        socket.end()
        resolve()
        return
      }
      if (every === undefined) {
        due = performance.now()
        socket.write(requests[next++])
        return
      }
      const request = requests[next]
      const at = beginAt + next++ * every
      const sendAt = () => {
        // What is late is sent at once, and its time counts from when it was due; timers are early by part of a millisecond.
        due = Math.min(at, performance.now())
        socket.write(request)
      }
      const wait = at - performance.now()
      if (wait > 1) setTimeout(sendAt, wait)
      else sendAt()
    }
    socket.on('connect', send)
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('the server closed a connection')))
    socket.on('data', (part) => {
      received.push(part)
      const bytes = received.length === 1 ? part : Buffer.concat(received)
      const length = lengthOf(bytes)
      if (length === undefined || bytes.length < length) {
        received = [bytes]
        return
      }
      received = []
      onAnswer(Number(bytes.latin1Slice(9, 12)), performance.now() - due, bytes)
      send()
    })
  })
}

/** Bytes of a whole answer, as far as what has come says. */
function lengthOf(bytes) {
  const end = bytes.indexOf(head)
  if (end < 0) return undefined
  const stated = /\r\ncontent-length: (\d+)/i.exec(bytes.latin1Slice(0, end + 2))
  if (stated !== null) return end + head.length + Number(stated[1])
  const last = bytes.indexOf('0\r\n\r\n', end + head.length)
  return last < 0 ? undefined : last + 5
}

const quantile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]

/** How long a paced run goes on before its times count: all connections begin in one moment, which no steady load does. */
const settleMs = 1_000

let prepared
async function prepare({ port, maker, connections, each, rate }) {
  const lists = await makers[maker.kind](maker, { port, connections, each })
  prepared = { port, lists, every: rate === undefined ? undefined : (1_000 * connections) / rate }
  // Payments are rendered for every request anew, the unpaid request once: what that left is not to be collected while
  // answers are timed, or it would count against the paid route.
  globalThis.gc()
}

async function run() {
  const { port, lists, every } = prepared
  const latencies = []
  let refused
  const onAnswer = (status, ms, bytes) => {
    if (performance.now() - ms >= countFrom) latencies.push(ms)
    if (status !== 200) refused ??= bytes.toString().slice(0, 1_500)
  }
  const began = performance.now()
  const countFrom = every === undefined ? began : began + settleMs
  await Promise.all(
    lists.map((requests, index) => {
      const beginAt = began + (every === undefined ? 0 : (index * every) / lists.length)
      return runConnection({ port, requests, onAnswer, every, beginAt })
    }),
  )
  const seconds = (performance.now() - began) / 1_000
  latencies.sort((left, right) => left - right)
  const { length } = latencies
  if (refused !== undefined) throw new Error(`a call was refused: ${refused}`)
  return { count: length, seconds, p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) }
}

process.on('message', ({ kind, ...parameters }) => {
  const work = kind === 'prepare' ? prepare(parameters) : run()
  work.then(
    (result) => process.send({ result }),
    (error) => process.send({ error: String(error?.stack ?? error) }),
  )
})
process.once('disconnect', () => process.exit(0))
