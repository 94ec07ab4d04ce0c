/** sftpgo: reads bodies as SFTPGo's decoder takes them: the first JSON value of any media type, looked at when its operation wants it. */
import type { FastifyRequest } from 'fastify'
import { isRefusal, Refusal } from '../../../core/errors.ts'
import type { App } from '../../context.ts'
import { parseJson } from '../../steps/parse-json.ts'
import { readBodiesBy } from '../../steps/read-body.ts'
import { type Fields, readFields, type Values } from './account-shape-fields.ts'
import { isObject, type JsonObject } from './attributes.ts'

/** A body that could not be read. Its refusal is thrown when the body is used. */
class UnreadableBody {
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    this.refusal = refusal
  }
}

/** Makes the dialect read every body, with or without a media type. An operation that wants none takes any. */
export function readEveryBody(app: App): void {
  readBodiesBy(app, (bytes) => {
    try {
      return parseJson(bytes, { takesTextBehind: true, toNumber: exactNumber })
    } catch (cause) {
      if (isRefusal(cause, 'INPUT_INVALID')) return new UnreadableBody(cause)
      throw cause
    }
  })
}

/** A whole number has no fraction and no exponent; any other form is no number for any member. */
function exactNumber(literal: string): number {
  return /^-?\d+$/.test(literal) ? Number(literal) : Number.NaN
}

/** Returns the body as an object; null is an empty one. @throws INPUT_INVALID */
export function readObject(request: Pick<FastifyRequest, 'body'>): JsonObject {
  const { body } = request
  if (body instanceof UnreadableBody) throw body.refusal
  if (body === null) return {}
  if (isObject(body)) return body
  throw new Refusal('INPUT_INVALID', { message: 'The body has to be a JSON object.' })
}

/** Returns the members of a body by a table. @throws INPUT_INVALID */
export function readBody<Table extends Fields>(request: Pick<FastifyRequest, 'body'>, table: Table): Values<Table> {
  return readFields(table, readObject(request), { name: 'body', sealer: null, before: undefined })
}
