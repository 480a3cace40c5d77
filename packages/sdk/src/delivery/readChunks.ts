import { AgoraiError, type ContentManifest, chunkHashAt, hashChunk, isAgoraiError, mapChunks } from '@agorai/core'
import type { Http } from '../http/createHttp.js'
import { readContent } from '../http/readContent.js'

export type ReadChunksParameters = {
  /** Nodes that may have the content, the one that is to be asked first before the others. */
  sources: readonly Http[]
  content: ContentManifest['content']
  /** Hashes of all chunks, one after the other; compared with the chunk root before. */
  hashes: Uint8Array
  /** Which chunks, ascending. */
  wanted: readonly number[]
  /** Told of a source that sent another chunk. What it gets in its place, if anything, is compared like all others. */
  onWrong(source: Http, index: number): Promise<Uint8Array<ArrayBuffer> | undefined>
}

/** Chunks asked for by one request, and requests under way: 32 MiB in memory at most. */
const chunksPerPiece = 8
const piecesAtOnce = 4
/** Attempts that bring nothing, one after the other, before a piece is given up. */
const attemptsMax = 4
const waitSecondsMax = 30
/** What another node, or the same one a moment later, may do better. */
const passing = ['node_unavailable', 'not_found', 'busy', 'rate_limited', 'storage_unavailable', 'length_mismatch']

/**
 * Reads sealed chunks, several at a time and from several nodes, and yields them in order, each compared with its hash. A
 * node that sends another chunk is not asked again.
 *
 * @throws AgoraiError `integrity_failed` with the chunk when nobody has the right one, `node_unavailable`
 */
export async function* readChunks(
  parameters: ReadChunksParameters,
): AsyncGenerator<{ index: number; sealed: Uint8Array<ArrayBuffer> }> {
  const { wanted } = parameters
  const liars = new Set<Http>()
  const pieces = cutPieces(wanted)
  const underWay: Deferred<Uint8Array<ArrayBuffer>>[][] = []
  const stopping = { stopped: false }
  let begun = 0
  const begin = (): void => {
    const piece = pieces[begun]
    if (piece === undefined) return
    const arrivals = piece.map(() => defer<Uint8Array<ArrayBuffer>>())
    underWay.push(arrivals)
    void fetchPiece(parameters, { piece, arrivals, first: begun++, liars, stopping })
  }
  try {
    while (begun < Math.min(piecesAtOnce, pieces.length)) begin()
    for (const piece of pieces) {
      for (const [place, index] of piece.entries()) {
        const arrival = underWay[0]?.[place]
        if (arrival !== undefined) yield { index, sealed: await arrival.promise }
      }
      underWay.shift()
      begin()
    }
  } finally {
    stopping.stopped = true
  }
}

/** Runs of chunks that lie side by side. */
function cutPieces(wanted: readonly number[]): number[][] {
  const pieces: number[][] = []
  for (const index of wanted) {
    const piece = pieces.at(-1)
    if (piece !== undefined && piece.length < chunksPerPiece && piece.at(-1) === index - 1) piece.push(index)
    else pieces.push([index])
  }
  return pieces
}

type Piece = {
  piece: readonly number[]
  arrivals: readonly Deferred<Uint8Array<ArrayBuffer>>[]
  /** Its place among the pieces, which decides whom to ask first. */
  first: number
  liars: Set<Http>
  stopping: { stopped: boolean }
}

async function fetchPiece(parameters: ReadChunksParameters, work: Piece): Promise<void> {
  const { sources, content, hashes, onWrong } = parameters
  const { piece, arrivals, liars, stopping } = work
  const map = mapChunks(content)
  let done = 0
  const accept = (sealed: Uint8Array<ArrayBuffer>): void => arrivals[done++]?.resolve(sealed)

  /** Takes chunks from one node while they are right. */
  async function readFrom(source: Http): Promise<void> {
    const [start, end] = [map.spanOf(piece[done] ?? 0).start, map.spanOf(piece.at(-1) ?? 0).end]
    const lengths = piece.slice(done).map((index) => {
      const span = map.spanOf(index)
      return span.end - span.start
    })
    for await (const sealed of cutLengths(readContent(source, content.cid, content.bytes, { start, end }), lengths)) {
      if (stopping.stopped) return
      const index = piece[done] ?? 0
      if (await isChunk(hashes, index, sealed)) accept(sealed)
      else {
        const instead = await onWrong(source, index)
        if (instead === undefined || !(await isChunk(hashes, index, instead))) {
          liars.add(source)
          throw new AgoraiError('integrity_failed', `Chunk ${index} is not what was listed.`, {
            details: { chunk: index },
          })
        }
        accept(instead)
      }
    }
  }

  let failed = 0
  for (let turn = work.first; done < piece.length && !stopping.stopped; turn++) {
    const honest = sources.filter((source) => !liars.has(source))
    const source = honest[turn % Math.max(1, honest.length)]
    const before = done
    try {
      if (source === undefined) throw nobodyHas(piece[done] ?? 0)
      await readFrom(source)
    } catch (error) {
      failed = done > before ? 0 : failed + 1
      const isLie = isAgoraiError(error, 'integrity_failed') && source !== undefined && honest.length > 1
      const isPassing = isAgoraiError(error) && passing.includes(error.code)
      if (!isLie && (!isPassing || failed >= attemptsMax * honest.length)) {
        for (const arrival of arrivals.slice(done)) arrival.reject(error)
        return
      }
      await pauseAfter(error, failed)
    }
  }
}

const nobodyHas = (chunk: number): AgoraiError =>
  new AgoraiError('integrity_failed', `No node sends the chunk ${chunk} that was listed.`, { details: { chunk } })

/** A node that is asked too much says for how long. */
async function pauseAfter(error: unknown, failed: number): Promise<void> {
  const stated = isAgoraiError(error, 'rate_limited') ? Number(error.details?.retryAfterSeconds ?? 1) : 0.1 * failed
  await new Promise((resolve) => setTimeout(resolve, Math.min(waitSecondsMax, stated) * 1000))
}

/** Whether a sealed chunk has the hash that is listed for it. */
export async function isChunk(hashes: Uint8Array, index: number, sealed: Uint8Array): Promise<boolean> {
  const [found, listed] = [await hashChunk(sealed), chunkHashAt(hashes, index)]
  return found.every((byte, place) => byte === listed[place])
}

/** Cuts a stream into pieces of the given lengths; each is a fresh array. */
async function* cutLengths(
  stream: AsyncIterable<Uint8Array>,
  lengths: readonly number[],
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let place = 0
  let filled = 0
  let piece = new Uint8Array(lengths[0] ?? 0)
  for await (const slice of stream)
    for (let read = 0; read < slice.length && place < lengths.length; ) {
      const taken = slice.subarray(read, read + piece.length - filled)
      piece.set(taken, filled)
      filled += taken.length
      read += taken.length
      if (filled < piece.length) continue
      yield piece
      piece = new Uint8Array(lengths[++place] ?? 0)
      filled = 0
    }
}

type Deferred<value> = { promise: Promise<value>; resolve(value: value): void; reject(reason: unknown): void }

function defer<value>(): Deferred<value> {
  let settle: Omit<Deferred<value>, 'promise'> | undefined
  const promise = new Promise<value>((resolve, reject) => {
    settle = { resolve, reject }
  })
  // Whoever reads in order hears of a failure when its turn comes, if it comes.
  promise.catch(() => undefined)
  return { promise, resolve: (value) => settle?.resolve(value), reject: (reason) => settle?.reject(reason) }
}
