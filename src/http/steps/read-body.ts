/** HTTP step: reads a body into one buffer, within the limit of its route and within the budget of all bodies. */
import type { FastifyRequest } from 'fastify'
import { Refusal } from '../../core/errors.ts'
import { addressKey } from '../../core/sessions/addresses.ts'
import type { BodyBudget } from '../body-budget.ts'
import type { App } from '../context.ts'

/** What is counted for a body beside its bytes: its request, its stream and its place in lists; a guess on the safe side. */
const overheadBytes = 4 * 1024

/** Bytes from which on a body has pages of its own: they go back to the system at once, and growing copies nothing. */
const pagesFromBytes = 16 * 1024

/** No bytes yet. */
const nothing: Buffer<ArrayBuffer> = Buffer.allocUnsafeSlow(0)

/** What who was dropped is told to wait, in seconds. */
const retryAfterSeconds = 2

/** Makes a dialect read every body, with or without a media type, and parse it so. */
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

/** Gets a body, or why there is none. */
type BodyReader = (refusal: Refusal | null, body: Buffer) => void

/**
 * Reads a body. Parts are copied as they come: each of them is a view on a larger buffer, and a thousand of one byte would
 * hold a thousand of those. A part that is the whole body is copied once, at the end, which follows at once.
 *
 * @throws BODY_TOO_LARGE, before anything is read where the length is told.
 * @throws HASH_QUEUE_FULL when others need the room.
 */
function readBody(request: FastifyRequest, budget: BodyBudget, done: BodyReader): void {
  const limit = request.routeOptions.bodyLimit
  const told = Number(request.headers['content-length'] ?? 0)
  if (told > limit) return void done(tooLarge(limit), nothing)
  const stream = request.raw
  if (stream.destroyed) return void done(cut(), nothing)
  let isOver = false
  let whole: Buffer | null = null
  let buffer = nothing
  let length = 0
  const claim = budget.open(addressKey(request.clientIp), () => refuse(noRoom()))
  const take = (part: Buffer<ArrayBuffer>): void => {
    if (length + part.length > limit) return void refuse(tooLarge(limit))
    if (length === 0 && part.length === told) {
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
    if (buffer !== nothing) giveUp(buffer)
    buffer = nothing
    whole = null
  }
  claim.grow(overheadBytes)
  stream.on('data', take).on('end', finish).on('error', fail).on('close', fail)
}

type Wanted = { readonly capacity: number; readonly limit: number }

/** Returns a larger buffer with the bytes of another, which is given up; it lies in no pool, so that it can be. */
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
  giveUp(buffer)
  return larger
}

/** Frees pages at once: a server that has nothing more to do would collect them only much later. */
function giveUp(buffer: Buffer<ArrayBuffer>): void {
  if (buffer.buffer.resizable) buffer.buffer.transferToFixedLength(0)
}

function cut(cause?: Error): Refusal {
  return new Refusal('INPUT_INVALID', { detail: 'the body was cut', cause })
}

function tooLarge(limit: number): Refusal {
  const size = limit >= 1024 * 1024 ? `${limit / (1024 * 1024)} MiB` : `${limit / 1024} KiB`
  return new Refusal('BODY_TOO_LARGE', { message: `The body is larger than ${size}.` })
}

function noRoom(): Refusal {
  const message = 'Too many requests at once; try again shortly.'
  return new Refusal('HASH_QUEUE_FULL', { message, detail: 'the bodies under way hold too much', retryAfterSeconds })
}
