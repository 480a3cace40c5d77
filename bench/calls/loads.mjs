// One load generator in a process of its own.
import { fork } from 'node:child_process'

export function startLoad() {
  // It collects its own garbage when it says so.
  const child = fork(new URL('load.mjs', import.meta.url), { execArgv: ['--expose-gc'] })
  const ask = (message) =>
    new Promise((resolve, reject) => {
      child.once('message', ({ result, error }) => (error === undefined ? resolve(result) : reject(new Error(error))))
      child.send(message)
    })
  return {
    /** Renders the requests of a run, runs it, and says what it came to, with the CPU that the server used meanwhile. */
    async measure(candidate, { connections, each, rate }) {
      const { server } = candidate
      const maker = candidate.makerOf === undefined ? candidate.maker : await candidate.makerOf(connections * each)
      await ask({ kind: 'prepare', port: server.port, maker, connections, each, rate })
      const before = server.cpu()
      const result = await ask({ kind: 'run' })
      const cpu = server.cpu() - before
      return { ...result, perSecond: result.count / result.seconds, perCpu: result.count / cpu }
    },
    stop: () => child.kill(),
  }
}
