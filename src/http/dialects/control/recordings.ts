/** control: recordings of PTY sessions and terminals as they are watched; nothing is sent before it is written down who reads. */
import { Readable } from 'node:stream'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { isRefusal, Refusal } from '../../../core/errors.ts'
import { mayReadRecording, mayWatch, writeReading } from '../../../core/terminals/read-recording.ts'
import { noStore, sendEmpty } from '../../answer.ts'
import type { App, HttpContext, RecordingExport } from '../../context.ts'
import { authenticate, principalOf, signedIn } from '../../steps/authenticate.ts'
import { describeRequest } from '../../steps/describe-request.ts'
import { isNamedTag, readRange } from './byte-range.ts'
import { asciicast, documentLive, documentRecording } from './documents-terminals.ts'
import { requireProof } from './require-proof.ts'
import { controlTokens } from './tokens.ts'

const PtySessionId = Type.Object({ id: Type.String() })
const RecordingQuery = Type.Object({ download: Type.Optional(Type.Enum(['1'])) })

/** Registers the routes. */
export function registerRecordings(app: App, context: HttpContext): void {
  const { ports, terminals } = context
  const onRequest = [authenticate(context, controlTokens), requireProof]
  const typed = app.withTypeProvider<TypeBoxTypeProvider>()
  typed.get(
    '/api/v1/pty_sessions/:id/recording',
    { onRequest, schema: { openapi: documentRecording, params: PtySessionId, querystring: RecordingQuery } },
    async (request, reply) => {
      const { id } = request.params
      await mayReadRecording(ports, signedIn(request), id)
      const recording = await terminals.exportRecording(id)
      if (recording === null) throw new Refusal('RECORDING_NOT_FOUND')
      const { status, headers, body } = await answerOf(id, recording, { request, reply })
      if (body === null) return sendNoBytes(reply.headers(headers), status, request.method)
      await writeReading(ports, id, { ...readerOf(request), as: 'recording' })
      reply.headers({ 'content-type': asciicast, 'cache-control': 'private, no-cache', ...headers })
      if (request.query.download === '1') reply.header('content-disposition', `attachment; filename="${id}.cast"`)
      return reply.code(status).send(Readable.from(body))
    },
  )
  registerLive(app, context, onRequest)
}

type Step = (request: FastifyRequest) => Promise<void>

function registerLive(app: App, context: HttpContext, onRequest: readonly Step[]): void {
  const { ports, terminals } = context
  const followers = new Set<AbortController>()
  // A server that closes waits for answers under way, and this one has no end of its own.
  app.addHook('preClose', async () => {
    for (const follower of followers) follower.abort()
  })
  const typed = app.withTypeProvider<TypeBoxTypeProvider>()
  typed.get(
    '/api/v1/pty_sessions/:id/live',
    {
      onRequest: [...onRequest],
      exposeHeadRoute: false,
      schema: { openapi: documentLive, params: PtySessionId },
    },
    async (request, reply) => {
      const { id } = request.params
      const stop = stopWithClient(reply, followers)
      try {
        const { account, organizationId } = signedIn(request)
        const { row: sessionRow, credentialId } = await mayWatch(ports, signedIn(request), id)
        const { id: accountId, username, person, groups } = account
        const follower = { accountId, username, person, groups, sessionRow, organizationId, credentialId }
        const lines = terminals.follow(id, follower, stop.signal)
        if (lines === null) throw new Refusal('RECORDING_NOT_FOUND')
        if (!stop.signal.aborted) await writeReading(ports, id, { ...readerOf(request), as: 'live' })
        reply.headers({ 'content-type': asciicast, ...noStore })
        return reply.send(Readable.from(whileAccepted(lines, stillWatching(context, request, id), stop)))
      } catch (cause) {
        stop.abort()
        throw cause
      }
    },
  )
}

/** Returns what ends the answer once its client is gone, which it may be already; it is among the followers until then. */
function stopWithClient({ raw }: FastifyReply, followers: Set<AbortController>): AbortController {
  const stop = new AbortController()
  followers.add(stop)
  stop.signal.addEventListener('abort', () => followers.delete(stop))
  raw.once('close', () => stop.abort())
  if (raw.destroyed) stop.abort()
  return stop
}

type Reading = { readonly request: FastifyRequest; readonly reply: FastifyReply }

type RecordingAnswer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** null: none is sent, and nothing is read. */
  readonly body: AsyncIterable<Uint8Array> | null
}

/**
 * Decides what is sent of a recording: of one that grows all that is there, of a whole one what is asked for.
 *
 * @throws RANGE_NOT_SATISFIABLE with the size beside it.
 * @see RFC 9110 section 13.2.2 for the order of the conditions.
 */
async function answerOf(id: string, recording: RecordingExport, { request, reply }: Reading): Promise<RecordingAnswer> {
  const isHead = request.method === 'HEAD'
  if (recording.isLive) {
    return { status: 200, headers: { 'accept-ranges': 'none' }, body: isHead ? null : recording.read(null) }
  }
  const size = await recording.size()
  const tag = `"${id}.${size}"`
  const headers = { etag: tag, 'accept-ranges': 'bytes' }
  if (isNamedTag(request.headers['if-none-match'], tag)) return { status: 304, headers, body: null }
  if (isHead) {
    return {
      status: 200,
      headers: { ...headers, 'content-type': asciicast, 'content-length': String(size) },
      body: null,
    }
  }
  const ifRange = request.headers['if-range']
  const range = ifRange === undefined || ifRange === tag ? readRange(request.headers.range, size) : 'whole'
  if (range === 'unsatisfiable') {
    reply.header('content-range', `bytes */${size}`)
    throw new Refusal('RANGE_NOT_SATISFIABLE')
  }
  if (range === 'whole') {
    return { status: 200, headers: { ...headers, 'content-length': String(size) }, body: recording.read(null) }
  }
  const { from, to } = range
  const told = { 'content-range': `bytes ${from}-${to}/${size}`, 'content-length': String(to - from + 1) }
  return { status: 206, headers: { ...headers, ...told }, body: recording.read(range) }
}

/** Fastify gives a HEAD that sends nothing a length of 0; of a stream it keeps the one that is told. */
function sendNoBytes(reply: FastifyReply, status: number, method: string): FastifyReply {
  return method === 'HEAD' ? reply.code(status).send(Readable.from([])) : sendEmpty(reply, status)
}

function readerOf(request: FastifyRequest): Pick<Parameters<typeof writeReading>[2], 'by' | 'request'> {
  return { by: signedIn(request).account, request: describeRequest(request, 'control') }
}

/** Returns a check that the token is still good, and that what changed of its account still lets it watch. */
function stillWatching(context: HttpContext, request: FastifyRequest, id: string): () => Promise<void> {
  let { account } = signedIn(request)
  return async () => {
    const principal = await principalOf(context, controlTokens, request)
    if (principal.account === account) return
    await mayWatch(context.ports, principal, id)
    account = principal.account
  }
}

/** Passes lines on while the check lets them; then the stream ends as if the terminal had. */
async function* whileAccepted(
  lines: AsyncIterable<Uint8Array>,
  check: () => Promise<void>,
  stop: AbortController,
): AsyncGenerator<Uint8Array> {
  try {
    // Sends the headers at once, however long the terminal is silent.
    yield new Uint8Array(0)
    for await (const line of lines) {
      await check()
      yield line
    }
  } catch (cause) {
    if (!isRefusal(cause)) throw cause
  } finally {
    stop.abort()
  }
}
