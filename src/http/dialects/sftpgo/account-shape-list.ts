/** sftpgo: the page of a list that a query asks for (SFTPGo REST API, `limit`, `offset`, `order`). */
import type { FastifyRequest } from 'fastify'
import { Refusal } from '../../../core/errors.ts'
import type { Slice } from '../../../core/store.ts'

const defaultLimit = 100

/** A larger limit counts as this one. */
const largestLimit = 500

/** Reads limit, offset and order from a query. @throws INPUT_INVALID naming the one that is not taken. */
export function readPage(request: FastifyRequest): Required<Slice> {
  const query = request.query as Readonly<Record<string, string | readonly string[] | undefined>>
  const value = (name: string): string | undefined => [query[name] ?? []].flat()[0]
  const order = value('order') ?? 'ASC'
  if (order !== 'ASC' && order !== 'DESC') throw new Refusal('INPUT_INVALID', { message: 'Invalid order' })
  return {
    limit: Math.min(readNumber('limit', value('limit'), { absent: defaultLimit, least: 1 }), largestLimit),
    offset: readNumber('offset', value('offset'), { absent: 0, least: 0 }),
    isDescending: order === 'DESC',
  }
}

function readNumber(
  name: string,
  text: string | undefined,
  { absent, least }: { readonly absent: number; readonly least: number },
): number {
  if (text === undefined) return absent
  const number = /^\d{1,9}$/.test(text) ? Number(text) : -1
  if (number >= least) return number
  throw new Refusal('INPUT_INVALID', { message: `Invalid ${name}` })
}
