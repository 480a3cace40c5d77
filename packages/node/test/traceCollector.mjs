// A collector of traces as a process of its own: takes OTLP/HTTP in JSON and prints one line a span.
import { createServer } from 'node:http'

const server = createServer(async (request, response) => {
  const parts = []
  for await (const part of request) parts.push(part)
  const { resourceSpans = [] } = JSON.parse(Buffer.concat(parts).toString('utf8'))
  for (const { resource, scopeSpans } of resourceSpans)
    for (const { spans } of scopeSpans)
      for (const span of spans)
        console.log(JSON.stringify({ path: request.url, resource: resource.attributes, ...span }))
  response.setHeader('content-type', 'application/json').end('{}')
})
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })))
