#!/usr/bin/env node
import { run } from '../dist/agoraiNode.js'

process.exitCode = await run(process.argv.slice(2))
