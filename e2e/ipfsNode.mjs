// A small IPFS node for tests, in a process of its own: it takes CAR files by the RPC of Kubo, compares every block with its
// CID, reads the whole file back, pins it, and serves single blocks. Prints its URL.
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { CarBlockIterator } from '@ipld/car'
import { exporter } from 'ipfs-unixfs-exporter'

/** What it says that it pinned, instead of what it did. */
const lie = process.argv[2]
const blocks = new Map()
const pins = new Set()

async function importCar(car) {
  const reader = await CarBlockIterator.fromBytes(car)
  const [root] = await reader.getRoots()
  for await (const { cid, bytes } of reader) {
    if (!createHash('sha256').update(bytes).digest().equals(Buffer.from(cid.multihash.digest)))
      throw new RangeError(`${cid} has other bytes`)
    blocks.set(cid.toString(), bytes)
  }
  const entry = await exporter(root.toString(), {
    async *get(cid) {
      const block = blocks.get(cid.toString())
      if (block === undefined) throw new RangeError(`${cid} is missing`)
      yield block
    },
  })
  let bytes = 0n
  for await (const slice of entry.content()) bytes += BigInt(slice.length)
  if (bytes !== entry.size) throw new RangeError('the file has another length')
  pins.add(root.toString())
  return root.toString()
}

createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://node')
  const parts = []
  request.on('data', (part) => parts.push(part))
  request.on('end', async () => {
    const body = Buffer.concat(parts)
    try {
      if (request.method === 'POST' && pathname === '/api/v0/dag/import') {
        const boundary = /boundary=(.+)$/.exec(request.headers['content-type'])[1]
        const file = body.subarray(body.indexOf('\r\n\r\n') + 4, body.lastIndexOf(`\r\n--${boundary}--`))
        const cid = await importCar(file)
        response.end(`${JSON.stringify({ Root: { Cid: { '/': lie ?? cid }, PinErrorMsg: '' } })}\n`)
      } else if (request.method === 'POST' && pathname === '/api/v0/pin/ls') {
        const isPinned = pins.has(searchParams.get('arg')) && lie === undefined
        response.writeHead(isPinned ? 200 : 500).end(JSON.stringify({ Message: isPinned ? '' : 'not pinned' }))
      } else if (request.method === 'GET' && blocks.has(pathname.slice('/ipfs/'.length))) {
        response.writeHead(200, { 'content-type': 'application/vnd.ipld.raw' })
        response.end(blocks.get(pathname.slice('/ipfs/'.length)))
      } else response.writeHead(404).end()
    } catch (error) {
      response.writeHead(500).end(JSON.stringify({ Message: String(error) }))
    }
  })
}).listen(0, '127.0.0.1', function () {
  console.log(`http://127.0.0.1:${this.address().port}`)
})
