/** HTTP step: reads a body into one buffer, within the limit of its route and within the budget of all bodies. */
import type { FastifyRequest } from 'fastify'
import { Refusal } from '../../core/errors.ts'
import { addressKey } from '../../core/sessions/addresses.ts'
import type { BodyBudget } from '../body-budget.ts'

/** What is counted for a body beside its bytes: its request, its stream and its place in lists; a guess on the safe side. */
const overheadBytes = 4 * 1024

/** Bytes from which on a body has pages of its own: they go back to the system at once, and growing copies nothing. */
const pagesFromBytes = 16 * 1024

/** No bytes yet. */
const nothing: Buffer<ArrayBuffer> = Buffer.allocUnsafeSlow(0)

/** What who was dropped is told to wait, in seconds. */
const retryAfterSeconds = 2

/**
 * Reads a body. Parts are copied as they come: each of them is a view on a larger buffer, and a thousand of one byte would
 * hold a thousand of those. A part that is the whole body is copied once, at the end, which follows at once.
 *
 * @throws BODY_TOO_LARGE, before anything is read where the length is told.
 * @throws HASH_QUEUE_FULL when others need the room.
 */
export function readBody(request: FastifyRequest, budget: BodyBudget): Promise<Buffer> {
  const limit = request.routeOptions.bodyLimit
  const told = Number(request.headers['content-length'] ?? 0)
  if (told > limit) return Promise.reject(tooLarge(limit))
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const stream = request.raw
  if (stream.destroyed) return Promise.reject(cut())
  let isOver = false
  let buffer = nothing
  let length = 0
  const refuse = (refusal: Refusal): void => {
    end()
    reject(refusal)
  }
  const claim = budget.open(addressKey(request.clientIp), () => refuse(noRoom()))
  const take = (part: Buffer<ArrayBuffer>): void => {
    if (length + part.length > limit) return void refuse(tooLarge(limit))
    if (length === 0 && part.length === told) return void takeWhole(part)
    if (length + part.length > buffer.length) {
      const capacity = Math.min(limit, Math.max(2 * buffer.length, length + part.length))
      claim.grow(capacity - buffer.length)
      if (isOver) return
      buffer = enlarge(buffer, { capacity, limit })
    }
    part.copy(buffer, length)
    length += part.length
    claim.receive(part.length)
  }
  const takeWhole = (part: Buffer<ArrayBuffer>): void => {
    claim.grow(told)
    if (isOver) return
    buffer = part
    length = told
  }
  const finish = (): void => {
    const whole = Buffer.from(buffer.subarray(0, length))
    end()
    resolve(whole)
  }
  const fail = (cause?: Error): void => refuse(cut(cause))
  const end = (): void => {
    isOver = true
    claim.close()
    stream.off('data', take).off('end', finish).off('error', fail).off('close', fail)
    giveUp(buffer)
    buffer = nothing
  }
  claim.grow(overheadBytes)
  stream.on('data', take).on('end', finish).on('error', fail).on('close', fail)
  return promise
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
