import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'

// A key management service for tests: its key is born and dies with the process.
const key = randomBytes(32)

function answer(verb, input) {
  if (verb === 'wrap') {
    const nonce = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', key, nonce)
    return Buffer.concat([nonce, cipher.update(input), cipher.final(), cipher.getAuthTag()])
  }
  const decipher = createDecipheriv('aes-256-gcm', key, input.subarray(0, 12)).setAuthTag(input.subarray(-16))
  return Buffer.concat([decipher.update(input.subarray(12, -16)), decipher.final()])
}

const server = createServer(async (request, response) => {
  const parts = []
  for await (const part of request) parts.push(part)
  const say = (status, body) => response.writeHead(status).end(JSON.stringify(body))
  if (request.url.startsWith('/broken')) return say(500, {})
  if (request.url.startsWith('/nonsense')) return say(200, { result: 'deadbeef' })
  if (request.headers.authorization !== `Bearer ${process.argv[2]}`) return say(401, {})
  try {
    const { input } = JSON.parse(Buffer.concat(parts).toString())
    const result = answer(request.url.split('/').at(-1), Buffer.from(input.slice(2), 'hex'))
    return say(200, { result: `0x${result.toString('hex')}` })
  } catch {
    return say(400, {})
  }
})
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`))
