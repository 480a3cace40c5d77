import { connect, createServer, type Socket } from 'node:net'

/**
 * Where a connection to PostgreSQL breaks: before a COMMIT reaches the server, right after it was sent, or when the server
 * has answered and nobody was told.
 */
export type Cut = 'before COMMIT' | 'after COMMIT' | 'after its answer'

/**
 * Stands between a client and PostgreSQL and cuts the connection of the next commit when it is told to.
 *
 * @param url The server. The client uses `url` of what is returned.
 */
export async function startCuttingProxy(url: string) {
  const target = new URL(url)
  const sockets = new Set<Socket>()
  let armed: Cut | undefined
  let cuts = 0
  const server = createServer((client) => {
    const upstream = connect(Number(target.port || 5_432), target.hostname)
    let cutsAnswer = false
    const cut = () => {
      cuts += 1
      client.destroy()
      // What was sent is taken; what comes back reaches nobody.
      upstream.end()
    }
    client.on('data', (data) => {
      const what = data.includes('COMMIT\0') ? armed : undefined
      if (what !== undefined) armed = undefined
      if (what === 'before COMMIT') {
        upstream.destroy()
        return cut()
      }
      upstream.write(data)
      if (what === 'after COMMIT') cut()
      cutsAnswer = what === 'after its answer'
    })
    upstream.on('data', (data) => {
      if (cutsAnswer) cut()
      else if (!client.destroyed) client.write(data)
    })
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one)
      one.on('error', () => {})
      one.on('close', () => {
        sockets.delete(one)
        other.end()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const own = new URL(url)
  own.hostname = '127.0.0.1'
  own.port = String((server.address() as { port: number }).port)
  return {
    url: own.href,
    cutAtNextCommit(where: Cut): void {
      armed = where
    },
    cuts: () => cuts,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}
