/** HTTP step: an answer that is sent piece by piece, for as long as whoever asked has the right to it; no other answer lasts. */
import { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { TLSSocket } from 'node:tls'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { accessEndsAt } from '../../core/accounts/rules.ts'
import { isRefusal, Refusal } from '../../core/errors.ts'
import type { ResourceSubjects } from '../../core/revocation/live-resources.ts'
import { subject } from '../../core/revocation/log.ts'
import { earlierEnd } from '../../core/sessions/session.ts'
import type { ReadingRight } from '../../core/terminals/read-recording.ts'
import type { Principal } from '../../core/tokens/live-tokens.ts'
import type { HttpContext } from '../context.ts'
import { principalOf, signedIn, type TokenReader } from './authenticate.ts'

/** What is sent. */
export type StreamedContent = {
  /** A follower ends as if all had been said, and with its token; a download that is cut never looks whole. */
  readonly kind: 'follower' | 'download'
  /** Judges whoever asks; at first, and whenever what it hangs on has changed. @throws Refusal */
  readonly judge: (principal: Principal) => Promise<ReadingRight>
}

/** Where it comes from. */
export type Exchange = { readonly context: HttpContext; readonly request: FastifyRequest; readonly reply: FastifyReply }

/**
 * Begins an answer that lasts: from here on every revocation reaches it, and only then it is judged.
 *
 * @param reader finds the token of the request, which a step before has accepted.
 * @throws what `judge` throws; what `principalOf` throws when the token is good no more.
 */
export async function beginStreaming(
  exchange: Exchange,
  reader: TokenReader,
  content: StreamedContent,
): Promise<StreamedAnswer> {
  const answer = new StreamedAnswer(exchange, reader, content)
  try {
    await answer.judge()
    return answer
  } catch (cause) {
    answer.close()
    throw cause
  }
}

/** One answer that lasts. */
export class StreamedAnswer {
  readonly #exchange: Exchange
  readonly #reader: TokenReader
  readonly #content: StreamedContent
  readonly #stop = new AbortController()
  readonly #release: () => void
  #subjects: ResourceSubjects
  #expiresAt: number | null
  /** The last look at the right to it; never rejects. */
  #look: Promise<void> = Promise.resolve()
  #isRevoked = false
  #isSending = false

  constructor(exchange: Exchange, reader: TokenReader, content: StreamedContent) {
    const { context, request, reply } = exchange
    this.#exchange = exchange
    this.#reader = reader
    this.#content = content
    const principal = signedIn(request)
    const { account, session, organizationId } = principal
    const tokenSubject = subject.token(context.ports.digests.sha256(reader.read(request)))
    const holder = { accountId: account.id, sessionRow: session.row, organizationId, credentialId: null }
    this.#subjects = { holder, tokenSubject, access: { serverName: null, changeId: null, groups: [] } }
    this.#expiresAt = endOf(principal, content, context.ports.clock.wallMs())
    this.#release = context.ports.liveResources.add({
      kind: content.kind,
      subjects: () => this.#subjects,
      expiresAt: () => this.#expiresAt,
      end: () => this.#end(),
      judge: () => {
        this.#look = this.#look.then(() => this.#lookAgain())
      },
    })
    reply.raw.once('close', () => this.close())
    if (reply.raw.destroyed) this.close()
  }

  /** Speaks once the answer is over, or nobody is there any more to take it. */
  get signal(): AbortSignal {
    return this.#stop.signal
  }

  /** Judges whoever asks. @throws as `beginStreaming` does. */
  async judge(): Promise<void> {
    const { context, request } = this.#exchange
    const principal = await principalOf(context, this.#reader, request)
    const { session, access } = await this.#content.judge(principal)
    const { credentialId } = session
    this.#subjects = { ...this.#subjects, access, holder: { ...this.#subjects.holder, credentialId } }
    this.#expiresAt = endOf(principal, this.#content, context.ports.clock.wallMs())
    this.requireRight()
  }

  /** Refuses what lost its right before a byte was sent. @throws TOKEN_REVOKED */
  requireRight(): void {
    if (this.#isRevoked) throw new Refusal('TOKEN_REVOKED')
  }

  /** Sends what comes while the right to it lasts. @throws TOKEN_REVOKED when that is over already. */
  send(pieces: AsyncIterable<Uint8Array>, status: number): FastifyReply {
    this.requireRight()
    this.#isSending = true
    return this.#exchange.reply.code(status).send(Readable.from(this.#pass(pieces)))
  }

  /** Lets go of it: it was sent, or never will be. */
  close(): void {
    this.#release()
    this.#stop.abort()
  }

  async *#pass(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      // Sends the headers at once, however long the first piece is on its way.
      yield new Uint8Array(0)
      for await (const piece of pieces) {
        await this.#mayPass()
        if (this.#isRevoked) break
        yield piece
      }
      if (this.#isRevoked && this.#content.kind === 'download') throw new Refusal('TOKEN_REVOKED')
    } finally {
      this.close()
    }
  }

  /** What was revoked elsewhere is known only under a lease. */
  async #mayPass(): Promise<void> {
    const { node } = this.#exchange.context.ports
    try {
      if (!node.isReady()) await node.renew()
    } catch (cause) {
      if (!isRefusal(cause)) throw cause
      this.#end()
    }
    await this.#look
  }

  async #lookAgain(): Promise<void> {
    if (this.#stop.signal.aborted) return
    try {
      await this.judge()
    } catch (cause) {
      if (!isRefusal(cause))
        this.#exchange.context.ports.log.error({ err: cause }, 'the right to an answer could not be looked at anew')
      this.#end()
    }
  }

  #end(): void {
    if (this.#isRevoked || this.#stop.signal.aborted) return
    this.#isRevoked = true
    const { raw } = this.#exchange.reply
    // A follower who reads nothing would keep its connection, and what waits for it.
    if (this.#isSending && (this.#content.kind === 'download' || raw.writableNeedDrain)) reset(raw.socket)
    this.close()
  }
}

/** Unix seconds; a download that was begun in time outlives its token, as long as the session lasts. */
function endOf(
  { account, session, tokenExpiresAt }: Principal,
  { kind }: StreamedContent,
  nowMs: number,
): number | null {
  const end = earlierEnd(earlierEnd(account.expiresAt, session.expiresAt), accessEndsAt(account.rules, nowMs))
  return kind === 'follower' ? earlierEnd(end, tokenExpiresAt) : end
}

/** Over TLS nothing can be reset; without the farewell of TLS (RFC 8446 section 6.1) what came is known to be cut. */
function reset(socket: Socket | null): void {
  if (socket instanceof Socket && !(socket instanceof TLSSocket)) socket.resetAndDestroy()
  else socket?.destroy()
}
