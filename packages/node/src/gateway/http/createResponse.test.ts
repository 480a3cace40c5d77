import { expect, test } from 'vitest'
import { createResponse } from './createResponse.js'
import { serveHttp } from './serveHttp.js'

test('is a response like any other, and leaves the global classes as they were', async () => {
  const [request, response] = [Request, Response]
  const whole = createResponse(Buffer.from('hello'), { status: 201, headers: { 'content-type': 'text/plain' } })
  expect(whole).toBeInstanceOf(Response)
  whole.headers.set('x-more', 'yes')
  expect(whole.status).toBe(201)
  expect(whole.ok).toBe(true)
  expect(Object.fromEntries(whole.headers)).toEqual({ 'content-type': 'text/plain', 'x-more': 'yes' })
  expect(await whole.text()).toBe('hello')
  expect([Request, Response]).toEqual([request, response])
  expect(new Response('x').constructor).toBe(response)
})

test('arrives with its length, its headers and those that were added', async () => {
  const body = Buffer.from('{"ok":"ö"}')
  const server = await serveHttp({
    host: '127.0.0.1',
    port: 0,
    async fetch(request) {
      const asked = await request.text()
      const headers = { 'content-type': 'application/json' }
      const response =
        asked === 'none' ? createResponse('', { headers }) : createResponse(body, { status: 203, headers })
      response.headers.set('x-more', asked)
      return response
    },
    refuse: () => new Response(null, { status: 400 }),
  })
  const ask = (text: string) => fetch(`http://127.0.0.1:${server.port}/`, { method: 'POST', body: text })
  const answered = await ask('yes')
  expect(answered.status).toBe(203)
  expect(await answered.text()).toBe('{"ok":"ö"}')
  expect(Object.fromEntries(answered.headers)).toMatchObject({
    'content-length': `${body.length}`,
    'content-type': 'application/json',
    'x-more': 'yes',
  })
  expect(answered.headers.has('transfer-encoding')).toBe(false)
  const empty = await ask('none')
  expect([empty.status, await empty.text()]).toEqual([200, ''])
  await server.stop(0)
})
