import { createReadStream } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { AgoraiError, type FeedPlace, feedPlaceSchema, parseStrictJson, parseWith, type Segment } from '@agorai/core'
import { appendSegment, type FollowedSegment, followFeed, getFeed } from '@agorai/sdk'
import type { Command } from 'commander'
import { accountOption, type CommonOptions, createCommand, createGroup, parseId } from '../command.js'
import { connect } from '../connect.js'
import { readEnvironment } from '../environment.js'
import { formatTable, plain } from '../output/format.js'
import type { Output } from '../output/output.js'

export const feedCommand = (output: Output): Command =>
  createGroup('feed', 'Feeds: rows that are appended as they come, sold by timed pass', [
    appendCommand(output),
    followCommand(output),
    statusCommand(output),
  ])

const appendCommand = (output: Output): Command =>
  createCommand(
    'append',
    'Append rows to your feed as its next segment',
    'agorai feed append 5 rows.jsonl --account dev:1',
  )
    .argument('<version>', 'id of a version of a feed that you published')
    .argument('<file>', 'the rows, as JSON lines')
    .option(...accountOption)
    .action(async (version: string, file: string, options: CommonOptions) => {
      const client = await connect(options, readEnvironment())
      const appended = await appendSegment(client, {
        version: parseId(version, 'version'),
        rows: { stream: () => readLines(file) },
      })
      output.result(appended, [`Segment ${appended.sequence}: ${appended.rows} rows.`, `Ciphertext ${appended.cid}`])
    })

type FollowOptions = CommonOptions & { live?: boolean; rows?: boolean; place?: string }

const followCommand = (output: Output): Command =>
  createCommand(
    'follow',
    'Read a feed segment by segment, each checked; with --json one object a segment',
    'agorai feed follow 5 --live --rows --place place.json --account dev:6',
  )
    .argument('<version>', 'id of the version')
    .option('--live', 'wait for what is appended later')
    .option('--rows', 'print the rows, which takes a pass, instead of what the segments are')
    .option('--place <file>', 'go on from where this file says; it is written after each segment')
    .option(...accountOption)
    .action(async (version: string, options: FollowOptions) => {
      const client = await connect(options, readEnvironment())
      const { live, rows, place: file } = options
      const place = file === undefined ? undefined : await readPlace(file)
      const feed = followFeed(client, { version: parseId(version, 'version'), live, place })
      for await (const followed of feed) {
        if (rows) await printRows(followed)
        else output.result(followed.segment, [describe(followed.segment)])
        if (file !== undefined) await writeFile(file, `${JSON.stringify(followed.place)}\n`)
      }

      async function printRows({ segment, rows: read }: FollowedSegment): Promise<void> {
        const parts: Uint8Array[] = []
        for await (const part of read()) parts.push(part)
        const text = Buffer.concat(parts).toString()
        const lines = text.split('\n').filter((line) => line !== '')
        output.result({ segment, rows: options.json ? lines.map((line) => JSON.parse(line)) : [] }, lines.map(plain))
      }
    })

const statusCommand = (output: Output): Command =>
  createCommand('status', 'Where a feed stands, and its last segments', 'agorai feed status 5')
    .argument('<version>', 'id of the version')
    .action(async (version: string, options: CommonOptions) => {
      const client = await connect(options, readEnvironment())
      const feed = await getFeed(client, { version: parseId(version, 'version') })
      output.result(feed, [
        `${feed.head} segments, by ${feed.publisher}.`,
        ...formatTable(feed.segments.map(({ segment }) => [`  ${describe(segment)}`])),
      ])
    })

const describe = ({ sequence, rows, publishedAt }: Segment): string =>
  `segment ${sequence}: ${rows} rows, ${new Date(publishedAt * 1000).toISOString()}`

async function readPlace(path: string): Promise<FeedPlace | undefined> {
  let text: Uint8Array
  try {
    text = await readFile(path)
  } catch {
    // The first call begins at the beginning, and writes it.
    return undefined
  }
  return parseWith(feedPlaceSchema, parseStrictJson(text))
}

async function* readLines(file: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const slice of createReadStream(file)) yield slice as Uint8Array
  } catch (cause) {
    throw new AgoraiError('invalid_request', `${file} is not a file that can be read.`, { field: 'file', cause })
  }
}
