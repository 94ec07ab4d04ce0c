/** HTTP: sends a JSON list that has no pages, a piece at a time, so that nobody else waits for all of it. */
import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { pageRows } from '../core/every-row.ts'

/** A list as it stands in the body. */
export type RowList = {
  /** JSON before the first row, and after the last. */
  readonly around: readonly [before: string, after: string]
  /** Rows, ready to be written as JSON. */
  readonly rows: AsyncIterable<unknown>
}

/**
 * Sends 200 with a list. A short one goes in one piece, with its length; of a long one the connection is cut if the rest of
 * it cannot be read, so that it never looks whole.
 *
 * @throws STORE_UNAVAILABLE when the first rows cannot be read.
 */
export async function sendRows(reply: FastifyReply, { around: [before, after], rows }: RowList): Promise<FastifyReply> {
  const pieces = piecesOf(rows)
  const first = await pieces.next()
  const second = first.done === true ? first : await pieces.next()
  reply.header('content-type', 'application/json').code(200)
  const begun = `${before}${first.value ?? ''}`
  if (second.done === true) return reply.send(Buffer.from(`${begun}${after}`))
  return reply.send(Readable.from(restOf({ begun: `${begun},${second.value}`, pieces, after })))
}

/** Rows joined by commas, some hundreds in one piece. */
async function* piecesOf(rows: AsyncIterable<unknown>): AsyncGenerator<string, undefined, undefined> {
  let piece: string[] = []
  for await (const row of rows) {
    piece.push(JSON.stringify(row))
    if (piece.length < pageRows) continue
    yield piece.join(',')
    piece = []
  }
  if (piece.length > 0) yield piece.join(',')
  return undefined
}

type Rest = { readonly begun: string; readonly pieces: AsyncIterable<string>; readonly after: string }

async function* restOf({ begun, pieces, after }: Rest): AsyncGenerator<Buffer, void, undefined> {
  yield Buffer.from(begun)
  for await (const piece of pieces) yield Buffer.from(`,${piece}`)
  yield Buffer.from(after)
}
