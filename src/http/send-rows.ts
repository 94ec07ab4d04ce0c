/** HTTP: sends a JSON list without pages in pieces, so that other requests do not wait for all of it. */

import type { FastifyReply } from 'fastify'
import { Refusal } from '../core/errors.ts'
import { pageRows } from '../core/every-row.ts'
import type { Principal } from '../core/sessions/principal.ts'
import type { TokenReader } from './steps/authenticate.ts'
import { beginStreaming, type Exchange } from './steps/streamed-answer.ts'

/** A list and the JSON around it. */
export type RowList = {
  /** JSON before the first row, and after the last. */
  readonly around: readonly [before: string, after: string]
  /** Rows, ready for JSON.stringify. */
  readonly rows: AsyncIterable<unknown>
  /** Checks the caller, at first and after every change that may affect the right to the list. @throws Refusal */
  readonly judge: (principal: Principal) => Promise<void>
}

/** For a right that depends only on the account and its session. */
const noAccess = { serverName: null, changeId: null, groups: [] }

/**
 * Sends 200 with a list. A short list is sent in one piece, with its length. If the right to a long list ends, or its rest
 * cannot be read, the connection is reset, so that the answer never looks complete.
 *
 * @throws what `judge` throws; STORE_UNAVAILABLE when the first rows cannot be read.
 */
export async function sendRows(
  exchange: Exchange,
  reader: TokenReader,
  { around: [before, after], rows, judge }: RowList,
): Promise<FastifyReply> {
  const { store } = exchange.context.ports
  const answer = await beginStreaming(exchange, reader, {
    kind: 'download',
    judge: async (principal) => {
      await judge(principal)
      const session = await store.sessionById(principal.session.id)
      if (session === null) throw new Refusal('TOKEN_REVOKED')
      return { session, access: noAccess }
    },
  })
  try {
    const pieces = piecesOf(rows)
    const first = await pieces.next()
    const second = first.done === true ? first : await pieces.next()
    const head = `${before}${first.value ?? ''}`
    exchange.reply.header('content-type', 'application/json')
    if (second.done !== true) return answer.send(restOf({ head: `${head},${second.value}`, pieces, after }), 200)
    answer.requireRight()
    answer.close()
    return exchange.reply.code(200).send(Buffer.from(`${head}${after}`))
  } catch (cause) {
    answer.close()
    throw cause
  }
}

/** Yields rows joined by commas, some hundreds in one piece. */
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

type Rest = { readonly head: string; readonly pieces: AsyncIterable<string>; readonly after: string }

async function* restOf({ head, pieces, after }: Rest): AsyncGenerator<Buffer, void, undefined> {
  yield Buffer.from(head)
  for await (const piece of pieces) yield Buffer.from(`,${piece}`)
  yield Buffer.from(after)
}
