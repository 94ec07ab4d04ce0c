/** control: recordings of PTY sessions, and running terminals to watch. The audit event is stored before anything is sent. */
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { Refusal } from '../../../core/errors.ts'
import { mayReadRecording, mayWatch, writeReading } from '../../../core/terminals/read-recording.ts'
import { noStore, sendEmpty } from '../../answer.ts'
import type { App, HttpContext, RecordingExport } from '../../context.ts'
import { authenticate, signedIn } from '../../steps/authenticate.ts'
import { actorOf } from '../../steps/describe-request.ts'
import { beginStreaming, type StreamedAnswer } from '../../steps/streamed-answer.ts'
import { isNamedTag, readRange } from './byte-range.ts'
import { asciicast, terminalOperations } from './documents-terminals.ts'
import { requireSecondFactor } from './require-second-factor.ts'
import { controlTokens } from './tokens.ts'

const PtySessionId = Type.Object({ id: Type.String() })
const RecordingQuery = Type.Object({
  download: Type.Optional(Type.Enum(['1'])),
  format: Type.Optional(Type.Enum(['asciicast', 'asciicast-v2'])),
})

/** Registers the routes. */
export function registerRecordings(app: App, context: HttpContext): void {
  const { ports } = context
  const onRequest = [authenticate(context, controlTokens), requireSecondFactor]
  app.get(
    '/api/v1/pty_sessions/:id/recording',
    {
      onRequest,
      schema: { openapi: terminalOperations.getRecording, params: PtySessionId, querystring: RecordingQuery },
    },
    async (request, reply) => {
      const { id } = request.params
      const answer = await beginStreaming({ context, request, reply }, controlTokens, {
        kind: 'download',
        judge: (principal) => mayReadRecording(ports, principal, id),
      })
      try {
        return await sendRecording(context, answer, { request, reply })
      } catch (cause) {
        answer.close()
        throw cause
      }
    },
  )
  registerLive(app, context, onRequest)
}

async function sendRecording(
  { ports, terminals }: HttpContext,
  answer: StreamedAnswer,
  { request, reply }: RecordingRequest,
): Promise<FastifyReply> {
  const { id } = request.params
  const version = request.query.format === 'asciicast-v2' ? 2 : 3
  const recording = await terminals.exportRecording(id, version)
  if (recording === null) throw new Refusal('RECORDING_NOT_FOUND')
  const { status, headers, body } = await answerOf(version === 2 ? `${id}.v2` : id, recording, { request, reply })
  if (body === null) {
    answer.close()
    return sendNoBytes(reply.headers(headers), status, request.method)
  }
  answer.requireRight()
  await writeReading(ports, id, { ...actorOf(request, 'control'), as: 'recording' })
  reply.headers({ 'content-type': asciicast, 'cache-control': 'private, no-cache', ...headers })
  if (request.query.download === '1') reply.header('content-disposition', `attachment; filename="${id}.cast"`)
  return answer.send(body, status)
}

type Step = (request: FastifyRequest) => Promise<void>

function registerLive(app: App, context: HttpContext, onRequest: readonly Step[]): void {
  const { ports, terminals } = context
  const followers = new Set<StreamedAnswer>()
  // A server that closes waits for its open answers, and these have no end of their own.
  app.addHook('preClose', async () => {
    for (const follower of followers) follower.close()
  })
  app.get(
    '/api/v1/pty_sessions/:id/live',
    {
      onRequest: [...onRequest],
      exposeHeadRoute: false,
      schema: { openapi: terminalOperations.watchPtySession, params: PtySessionId },
    },
    async (request, reply) => {
      const { id } = request.params
      const answer = await beginStreaming({ context, request, reply }, controlTokens, {
        kind: 'follower',
        judge: (principal) => mayWatch(ports, principal, id),
      })
      followers.add(answer)
      answer.signal.addEventListener('abort', () => followers.delete(answer))
      try {
        const lines = terminals.follow(id, { accountId: signedIn(request).account.id }, answer.signal)
        if (lines === null) throw new Refusal('RECORDING_NOT_FOUND')
        if (!answer.signal.aborted) await writeReading(ports, id, { ...actorOf(request, 'control'), as: 'live' })
        reply.headers({ 'content-type': asciicast, ...noStore })
        return answer.send(lines, 200)
      } catch (cause) {
        answer.close()
        throw cause
      }
    },
  )
}

type RecordingRequest = Reading & {
  readonly request: FastifyRequest<{
    readonly Params: { readonly id: string }
    readonly Querystring: { readonly download?: '1'; readonly format?: 'asciicast' | 'asciicast-v2' }
  }>
}

type Reading = { readonly request: FastifyRequest; readonly reply: FastifyReply }

type RecordingAnswer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** null: no body is sent, and nothing is read. */
  readonly body: AsyncIterable<Uint8Array> | null
}

/**
 * Decides the answer for a recording. A recording that still grows is sent as far as it goes; of a finished one the client
 * gets the range that it asks for.
 *
 * @param name first part of the entity tag.
 * @throws RANGE_NOT_SATISFIABLE, with the size in Content-Range.
 * @see RFC 9110 section 13.2.2 for the order of the conditions.
 */
async function answerOf(
  name: string,
  recording: RecordingExport,
  { request, reply }: Reading,
): Promise<RecordingAnswer> {
  const isHead = request.method === 'HEAD'
  if (recording.isLive) {
    return { status: 200, headers: { 'accept-ranges': 'none' }, body: isHead ? null : recording.read(null) }
  }
  const size = await recording.size()
  const tag = `"${name}.${size}"`
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
  const facts = { 'content-range': `bytes ${from}-${to}/${size}`, 'content-length': String(to - from + 1) }
  return { status: 206, headers: { ...headers, ...facts }, body: recording.read(range) }
}

/** Fastify sets the length of an empty HEAD answer to 0; for a stream it keeps the given length. */
function sendNoBytes(reply: FastifyReply, status: number, method: string): FastifyReply {
  return method === 'HEAD' ? reply.code(status).send(Readable.from([])) : sendEmpty(reply, status)
}
