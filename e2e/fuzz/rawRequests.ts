import { connect } from 'node:net'
import type { Random } from './random.js'

/** Requests that no client makes: what comes back is the first line and the body, or nothing when it was hung up. */
export function sendRaw(port: number, bytes: Uint8Array | string, timeoutMs = 15_000): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    let answer = ''
    socket.setTimeout(timeoutMs, () => socket.destroy())
    socket.on('data', (data) => {
      answer += data
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(answer))
    socket.write(bytes)
    socket.end()
  })
}

const body = '{"request":{}}'

/** Catalogue C where it cannot be said by a proper client. */
export const rawCases: Readonly<Record<string, string>> = {
  'two lengths': `POST /api/v1/deliveries HTTP/1.1\r\nhost: localhost\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd`,
  'length and chunks': `POST /api/v1/deliveries HTTP/1.1\r\nhost: localhost\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
  'a length that is none': `POST /api/v1/deliveries HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\n\r\n`,
  'a chunk that is none': `POST /api/v1/deliveries HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n`,
  'no host': 'GET /api/v1/node HTTP/1.1\r\n\r\n',
  'a host that is none': 'GET /api/v1/node HTTP/1.1\r\nhost: a b\r\n\r\n',
  TRACE: 'TRACE /api/v1/node HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n',
  CONNECT: 'CONNECT localhost:80 HTTP/1.1\r\nhost: localhost\r\n\r\n',
  'a method that is none': 'BREW /api/v1/node HTTP/1.1\r\nhost: localhost\r\n\r\n',
  'an old version': 'GET /api/v1/node HTTP/0.9\r\nhost: localhost\r\n\r\n',
  'a folded header': 'GET /api/v1/node HTTP/1.1\r\nhost: localhost\r\na: b\r\n c\r\nconnection: close\r\n\r\n',
  'a NUL in a header': 'GET /api/v1/node HTTP/1.1\r\nhost: localhost\r\na: b\u0000c\r\n\r\n',
  'a bare line feed': 'GET /api/v1/node HTTP/1.1\nhost: localhost\n\n',
  'a megabyte of URL': `GET /${'a'.repeat(1_000_000)} HTTP/1.1\r\nhost: localhost\r\n\r\n`,
  'a hundred thousand headers': `GET /api/v1/node HTTP/1.1\r\nhost: localhost\r\n${'a: b\r\n'.repeat(100_000)}\r\n`,
  'an absolute URL elsewhere':
    'GET http://evil.example/api/v1/node HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n',
  'a body that is cut': `POST /api/v1/deliveries HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n${body}`,
  'two requests at once, one smuggled': `POST /api/v1/deliveries HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}GET /api/v1/node HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n`,
  TLS: '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001',
  nothing: '',
}

/** A proper request with bytes of it changed, moved or left out. */
export function drawRaw(random: Random): Uint8Array {
  const bytes = Buffer.from(
    `POST /api/v1/deliveries?a=b HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
  )
  for (let i = 0; i <= random.below(6); i++) bytes[random.below(bytes.length)] = random.below(256)
  return bytes.subarray(0, random.chance(0.2) ? random.below(bytes.length) : bytes.length)
}
