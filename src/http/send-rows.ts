/** HTTP: sends a JSON list that has no pages, a piece at a time, so that nobody else waits for all of it. */
import type { FastifyReply } from 'fastify'
import { Refusal } from '../core/errors.ts'
import { pageRows } from '../core/every-row.ts'
import type { Principal } from '../core/tokens/live-tokens.ts'
import type { TokenReader } from './steps/authenticate.ts'
import { beginLasting, type Exchange } from './steps/lasting-answer.ts'

/** A list as it stands in the body. */
export type RowList = {
  /** JSON before the first row, and after the last. */
  readonly around: readonly [before: string, after: string]
  /** Rows, ready to be written as JSON. */
  readonly rows: AsyncIterable<unknown>
  /** Judges who asks; at first, and whenever what it hangs on has changed. @throws Refusal */
  readonly judge: (principal: Principal) => Promise<void>
}

/** Where nothing but the account and its session is asked for. */
const noAccess = { serverName: null, changeId: null, groups: [] }

/**
 * Sends 200 with a list. A short one goes in one piece, with its length. A long one ends by a reset when the right to it is
 * over, or the rest of it cannot be read, so that it never looks whole.
 *
 * @throws what `judge` throws; STORE_UNAVAILABLE when the first rows cannot be read.
 */
export async function sendRows(
  exchange: Exchange,
  reader: TokenReader,
  { around: [before, after], rows, judge }: RowList,
): Promise<FastifyReply> {
  const { store } = exchange.context.ports
  const answer = await beginLasting(exchange, reader, {
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
    const begun = `${before}${first.value ?? ''}`
    exchange.reply.header('content-type', 'application/json')
    if (second.done !== true) return answer.send(restOf({ begun: `${begun},${second.value}`, pieces, after }), 200)
    answer.requireRight()
    answer.close()
    return exchange.reply.code(200).send(Buffer.from(`${begun}${after}`))
  } catch (cause) {
    answer.close()
    throw cause
  }
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
