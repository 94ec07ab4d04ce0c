/** HTTP step: an answer that is sent in pieces, as long as the caller keeps the right to it. It is a live resource. */
import { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { TLSSocket } from 'node:tls'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { accessEndsAt } from '../../core/accounts/rules.ts'
import { isRefusal, Refusal } from '../../core/errors.ts'
import type { ResourceSubjects } from '../../core/revocation/live-resources.ts'
import { subject } from '../../core/revocation/log.ts'
import type { Principal } from '../../core/sessions/principal.ts'
import { earlierEnd } from '../../core/sessions/session.ts'
import type { ReadingRight } from '../../core/terminals/read-recording.ts'
import type { HttpContext } from '../context.ts'
import { principalOf, signedIn, type TokenReader } from './authenticate.ts'

/** The kind of the content, and the right to it. */
export type StreamedContent = {
  /** A follower ends like a complete answer, and with its token. A download that is cut never looks complete. */
  readonly kind: 'follower' | 'download'
  /** Checks the caller's right, at first and after every change that may affect it. @throws Refusal */
  readonly judge: (principal: Principal) => Promise<ReadingRight>
}

/** One request with its answer. */
export type Exchange = { readonly context: HttpContext; readonly request: FastifyRequest; readonly reply: FastifyReply }

/**
 * Starts a streamed answer. It first registers the answer for revocations, and then checks the right to it.
 *
 * @param reader reads the token of the request, which an earlier step has accepted.
 * @throws the refusals of `judge`, and those of `principalOf` if the token is no longer valid.
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

/** One streamed answer. */
export class StreamedAnswer {
  readonly #exchange: Exchange
  readonly #reader: TokenReader
  readonly #content: StreamedContent
  readonly #stop = new AbortController()
  readonly #release: () => void
  #subjects: ResourceSubjects
  #expiresAt: number | null
  /** The latest check of the right; never rejects. */
  #check: Promise<void> = Promise.resolve()
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
        this.#check = this.#check.then(() => this.#judgeAgain())
      },
    })
    reply.raw.once('close', () => this.close())
    if (reply.raw.destroyed) this.close()
  }

  /** Aborts when the answer ends or its client has disconnected. */
  get signal(): AbortSignal {
    return this.#stop.signal
  }

  /** Checks the token and the right. @throws the refusals of `beginStreaming`. */
  async judge(): Promise<void> {
    const { context, request } = this.#exchange
    const principal = await principalOf(context, this.#reader, request)
    const { session, access } = await this.#content.judge(principal)
    const { credentialId } = session
    this.#subjects = { ...this.#subjects, access, holder: { ...this.#subjects.holder, credentialId } }
    this.#expiresAt = endOf(principal, this.#content, context.ports.clock.wallMs())
    this.requireRight()
  }

  /** Refuses an answer that lost its right before its first byte. @throws TOKEN_REVOKED */
  requireRight(): void {
    if (this.#isRevoked) throw new Refusal('TOKEN_REVOKED')
  }

  /** Sends pieces until the right ends. @throws TOKEN_REVOKED if it has ended already. */
  send(pieces: AsyncIterable<Uint8Array>, status: number): FastifyReply {
    this.requireRight()
    this.#isSending = true
    return this.#exchange.reply.code(status).send(Readable.from(this.#piecesWithRight(pieces)))
  }

  /** Releases the live resource. */
  close(): void {
    this.#release()
    this.#stop.abort()
  }

  async *#piecesWithRight(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      // Sends the headers at once, before the first piece is there.
      yield new Uint8Array(0)
      for await (const piece of pieces) {
        await this.#waitForRight()
        if (this.#isRevoked) break
        yield piece
      }
      if (this.#isRevoked && this.#content.kind === 'download') throw new Refusal('TOKEN_REVOKED')
    } finally {
      this.close()
    }
  }

  /** Waits for a lease, without which the node may not know a revocation, and for the latest check. */
  async #waitForRight(): Promise<void> {
    const { node } = this.#exchange.context.ports
    try {
      if (!node.isReady()) await node.renew()
    } catch (cause) {
      if (!isRefusal(cause)) throw cause
      this.#end()
    }
    await this.#check
  }

  async #judgeAgain(): Promise<void> {
    if (this.#stop.signal.aborted) return
    try {
      await this.judge()
    } catch (cause) {
      if (!isRefusal(cause))
        this.#exchange.context.ports.log.error({ err: cause }, 'the right to an answer could not be checked again')
      this.#end()
    }
  }

  #end(): void {
    if (this.#isRevoked || this.#stop.signal.aborted) return
    this.#isRevoked = true
    const { raw } = this.#exchange.reply
    // A follower that reads nothing would keep its connection and the bytes that wait for it.
    if (this.#isSending && (this.#content.kind === 'download' || raw.writableNeedDrain)) reset(raw.socket)
    this.close()
  }
}

/** Returns the end in Unix seconds. A download outlives its token, and ends with its session. */
function endOf(
  { account, session, tokenExpiresAt }: Principal,
  { kind }: StreamedContent,
  nowMs: number,
): number | null {
  const end = earlierEnd(earlierEnd(account.expiresAt, session.expiresAt), accessEndsAt(account.rules, nowMs))
  return kind === 'follower' ? earlierEnd(end, tokenExpiresAt) : end
}

/** A TLS socket cannot be reset: it closes without close_notify (RFC 8446 section 6.1), so that the client sees a cut. */
function reset(socket: Socket | null): void {
  if (socket instanceof Socket && !(socket instanceof TLSSocket)) socket.resetAndDestroy()
  else socket?.destroy()
}
