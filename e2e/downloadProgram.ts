// The command line from its sources, in a process that a test may kill.
import { run } from '../packages/cli/src/main.js'

process.exitCode = await run(process.argv.slice(2))
