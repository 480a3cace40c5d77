// Loaded into a node under test: on SIGUSR2 it collects what is garbage and tells what is left, as a line of the log.
process.on('SIGUSR2', () => {
  for (let i = 0; i < 3; i++) globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  process.stdout.write(
    `${JSON.stringify({ level: 'info', event: 'heap', message: 'heap', bytes: heapUsed + external })}\n`,
  )
})
