import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { AgoraiError } from '@agorai/core'
import { afterEach, expect, test } from 'vitest'
import { problemResponse } from './problems.js'
import { assertPortFree, type HttpServer, serveHttp } from './serveHttp.js'

let server: HttpServer | undefined
afterEach(async () => {
  await server?.stop()
  server = undefined
})

const refuse = (error: AgoraiError) => problemResponse(error, 'test', () => {})
const serve = async (fetch: (request: Request) => Response | Promise<Response>, idleTimeoutMs = 200) => {
  server = await serveHttp({ host: '127.0.0.1', port: 0, fetch, refuse, idleTimeoutMs })
  return `http://127.0.0.1:${server.port}`
}

test('an answer that takes longer than silence may last still arrives', async () => {
  const url = await serve(async () => {
    await pause(900)
    return new Response('done')
  })
  expect(await (await fetch(url)).text()).toBe('done')
})

test('who stops reading is let go, and what was read for it is closed', async () => {
  let isClosed = false
  const url = await serve(() => {
    const body = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(1_048_576)),
      cancel: () => {
        isClosed = true
      },
    })
    return new Response(body)
  })
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  socket.pause()
  await pause(1_500)
  socket.destroy()
  expect(isClosed).toBe(true)
})

test('who says nothing is let go', async () => {
  const url = await serve(() => new Response('never'))
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  const started = performance.now()
  await new Promise((resolve) => socket.once('close', resolve))
  expect(performance.now() - started).toBeLessThan(3_000)
})

test('an answered GET whose body never comes holds nothing', async () => {
  const url = await serve(() => new Response('answer'), 60_000)
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n')
  let text = ''
  socket.on('data', (data) => {
    text += data.toString()
  })
  const started = performance.now()
  await new Promise((resolve) => socket.once('close', resolve))
  expect(text).toContain('answer')
  expect(performance.now() - started).toBeLessThan(2_500)
})

test('a port that is taken is named', async () => {
  await serve(() => new Response())
  const port = server?.port ?? 0
  await expect(assertPortFree('127.0.0.1', port)).rejects.toMatchObject({ code: 'port_in_use', details: { port } })
  await expect(serveHttp({ host: '127.0.0.1', port, fetch: () => new Response(), refuse })).rejects.toMatchObject({
    code: 'port_in_use',
  })
  await expect(assertPortFree('203.0.113.1', 0)).rejects.toMatchObject({ code: 'config_invalid' })
})
