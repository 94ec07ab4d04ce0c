/** HTTP step: reads a body into one buffer, within the limit of its route and the budget of all bodies. */
import type { FastifyRequest } from 'fastify'
import { addressKey } from '../../core/addresses.ts'
import { Refusal } from '../../core/errors.ts'
import type { BodyBudget } from '../body-budget.ts'
import type { App } from '../context.ts'
import { tooManyRequests } from '../refusals.ts'

/** Estimated memory of a body besides its bytes: its request, its stream and its entries in lists. */
const overheadBytes = 4 * 1024

/** Size from which a body has memory pages of its own. They go back to the system at once, and growing copies nothing. */
const pagesFromBytes = 16 * 1024

/** No bytes yet. */
const nothing: Buffer<ArrayBuffer> = Buffer.allocUnsafeSlow(0)

/** Makes a dialect read every body, with or without a media type, and parse it with the given function. */
export function readBodiesBy(app: App, parse: (bytes: Buffer) => unknown): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (request: FastifyRequest, _stream, done) => {
    readBody(request, app.bodyBudget, (refusal, bytes) => {
      if (refusal !== null) return done(refusal)
      let body: unknown
      try {
        body = parse(bytes)
      } catch (cause) {
        return done(cause as Error)
      }
      done(null, body)
    })
  })
}

/** Gets a body, or the refusal. */
type BodyReader = (refusal: Refusal | null, body: Buffer) => void

/**
 * Reads a body. Parts are copied as they come: each is a view of a larger buffer, and a thousand parts of one byte would hold
 * a thousand of those buffers. A part that is the whole body is copied only once, at the end, which follows at once.
 *
 * @throws BODY_TOO_LARGE; before anything is read if Content-Length is over the limit.
 * @throws HASH_QUEUE_FULL if others need the memory.
 */
function readBody(request: FastifyRequest, budget: BodyBudget, done: BodyReader): void {
  const limit = request.routeOptions.bodyLimit
  const declared = Number(request.headers['content-length'] ?? 0)
  if (declared > limit) return void done(tooLarge(limit), nothing)
  const stream = request.raw
  if (stream.destroyed) return void done(cut(), nothing)
  let isOver = false
  let whole: Buffer | null = null
  let buffer = nothing
  let length = 0
  const claim = budget.open(addressKey(request.clientIp), () =>
    refuse(tooManyRequests('the open bodies hold too much memory')),
  )
  const take = (part: Buffer<ArrayBuffer>): void => {
    if (length + part.length > limit) return void refuse(tooLarge(limit))
    if (length === 0 && part.length === declared) {
      whole = part
    } else if (length + part.length > buffer.length) {
      const capacity = Math.min(limit, Math.max(2 * buffer.length, length + part.length))
      claim.grow(capacity - buffer.length)
      if (isOver) return
      buffer = enlarge(buffer, { capacity, limit })
    }
    if (whole === null) part.copy(buffer, length)
    length += part.length
    claim.receive(part.length)
  }
  const finish = (): void => {
    if (isOver) return
    const body = Buffer.from(whole ?? buffer.subarray(0, length))
    end()
    done(null, body)
  }
  const refuse = (refusal: Refusal): void => {
    if (isOver) return
    end()
    stream.off('data', take)
    done(refusal, nothing)
  }
  const fail = (cause?: Error): void => {
    if (!isOver) refuse(cut(cause))
  }
  const end = (): void => {
    isOver = true
    claim.close()
    if (buffer !== nothing) freeBuffer(buffer)
    buffer = nothing
    whole = null
  }
  claim.grow(overheadBytes)
  stream.on('data', take).on('end', finish).on('error', fail).on('close', fail)
}

type Wanted = { readonly capacity: number; readonly limit: number }

/** Returns a larger buffer with the bytes of another one, which is freed. No buffer is in Node's pool, so that it can be freed. */
function enlarge(buffer: Buffer<ArrayBuffer>, { capacity, limit }: Wanted): Buffer<ArrayBuffer> {
  if (buffer.buffer.resizable) {
    buffer.buffer.resize(capacity)
    return Buffer.from(buffer.buffer)
  }
  const larger =
    capacity < pagesFromBytes
      ? Buffer.allocUnsafeSlow(capacity)
      : Buffer.from(new ArrayBuffer(capacity, { maxByteLength: limit }))
  buffer.copy(larger)
  freeBuffer(buffer)
  return larger
}

/** Frees pages at once: an idle server would collect them only much later. */
function freeBuffer(buffer: Buffer<ArrayBuffer>): void {
  if (buffer.buffer.resizable) buffer.buffer.transferToFixedLength(0)
}

function cut(cause?: Error): Refusal {
  return new Refusal('INPUT_INVALID', { detail: 'the body was cut', cause })
}

function tooLarge(limit: number): Refusal {
  const size = limit >= 1024 * 1024 ? `${limit / (1024 * 1024)} MiB` : `${limit / 1024} KiB`
  return new Refusal('BODY_TOO_LARGE', { message: `The body is larger than ${size}.` })
}
