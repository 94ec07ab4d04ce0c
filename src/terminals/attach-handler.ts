/** Terminals: attaches a socket to its PTY session, by a token or by a resume secret, or closes it with the reason. */
import type { RequestFacts } from '../core/audit/act.ts'
import { isRefusal, kinds, Refusal, type RefusalCode } from '../core/errors.ts'
import type { Registration, Release } from '../core/revocation/live-resources.ts'
import { type AttachGrant, attachByToken, judgeAgain, judgeGrant, readSessionAccess } from '../core/terminals/attach.ts'
import { type EndReason, endReasons } from '../core/terminals/ends.ts'
import type { ClientFrame, Hello, TerminalSize } from '../protocol/terminal-frames.ts'
import { Attachment, endsOf } from './attachment.ts'
import { EventWriter } from './event-writer.ts'
import type { GatewayParts } from './gateway-parts.ts'
import { LeaseGate } from './lease-gate.ts'
import { openSession, openTerminal } from './open-session.ts'
import type { PtySession } from './pty-session.ts'
import type { PtyTokenClaims } from './read-pty-token.ts'
import type { SessionResources } from './session-resources.ts'
import type { SocketSink } from './web-socket.ts'

/** Milliseconds in which the HELLO must arrive. */
const helloMs = 5_000

/** Most attachments of one PTY session. Each observer costs memory and a copy of all output. */
const mostAttached = 100

/** What a client presents to attach. */
export type AttachRequest = {
  /** null: the client presents a resume secret. */
  readonly claims: PtyTokenClaims | null
  /** The token, or the resume secret. */
  readonly token: string
  readonly facts: RequestFacts
}

/** The state of the gateway that attaching needs. */
export type GatewayState = {
  readonly sessions: Map<string, PtySession>
  readonly resources: SessionResources
  readonly isDraining: () => boolean
  /** Returns whether one more session may start beside those that are starting. */
  readonly hasRoom: (beginning: number) => boolean
}

/** Attaches sockets. */
export class AttachHandler {
  readonly #parts: GatewayParts
  readonly #state: GatewayState
  /** PTY sessions that are starting here, with the number of sockets that wait for each. */
  readonly #beginning = new Map<string, number>()
  /** The starting sessions that have a place reserved. */
  readonly #expected = new Set<string>()
  /** What removes each PTY session from the live resources. */
  readonly #releases = new Map<string, Release>()
  /** Sockets that are being attached. */
  readonly #arriving = new Map<SocketSink, Promise<void>>()

  constructor(parts: GatewayParts, state: GatewayState) {
    this.#parts = parts
    this.#state = state
  }

  /** Attaches one socket, or closes it with the reason. */
  async receive(sink: SocketSink, request: AttachRequest): Promise<void> {
    const received = this.#receive(sink, request)
    this.#arriving.set(sink, received)
    await received.finally(() => this.#arriving.delete(sink))
  }

  /** Takes no more sockets; resolves when none is being attached. */
  async close(): Promise<void> {
    const { closeCode, sentence } = endReasons['node-drained']
    for (const sink of this.#arriving.keys()) sink.close(closeCode, sentence)
    await Promise.all(this.#arriving.values())
  }

  async #receive(sink: SocketSink, request: AttachRequest): Promise<void> {
    const beginning = this.#parts.ports.liveResources.begin()
    try {
      if (request.claims === null) await this.#resume(sink, request.token, request.facts.ip ?? '')
      else await this.#attach({ sink, beginning }, { ...request, claims: request.claims })
    } catch (cause) {
      this.#refuse(sink, cause, request.claims === null ? 'resume' : 'later')
    } finally {
      beginning.close()
    }
  }

  async #attach(arrival: Arrival, request: AttachRequest & { readonly claims: PtyTokenClaims }): Promise<void> {
    const { ptySessionId } = request.claims
    this.#beginning.set(ptySessionId, (this.#beginning.get(ptySessionId) ?? 0) + 1)
    try {
      await this.#enter(arrival, request)
    } finally {
      const left = (this.#beginning.get(ptySessionId) ?? 1) - 1
      if (left > 0) this.#beginning.set(ptySessionId, left)
      else {
        this.#beginning.delete(ptySessionId)
        this.#expected.delete(ptySessionId)
      }
    }
  }

  async #enter(arrival: Arrival, request: AttachRequest & { readonly claims: PtyTokenClaims }): Promise<void> {
    const { ports } = this.#parts
    const { claims, token, facts } = request
    await this.#checkOwner(claims.ptySessionId)
    const attachmentId = ports.random.uuid()
    const grant = await attachByToken(ports, { ...claims, token, attachmentId, request: facts })
    const attachment = this.#newAttachment(attachmentId, grant, facts.ip ?? '')
    const session = await this.#admit(grant, attachment, arrival)
    const { resources } = this.#state
    this.#connect({ session, attachment, sink: arrival.sink })
    if (grant.token.isStart) {
      this.#releases.set(session.facts.id, arrival.beginning.add(resources.ofTerminal(session)))
    }
    session.attachments.keep(attachment, arrival.beginning.add(resources.ofAttachment(session, attachment)))
    if (grant.token.isStart) void openTerminal(this.#parts, { session, grant, resources })
  }

  /** Adds the attachment to its session. If this fails, the session that the token started ends. */
  async #admit(grant: AttachGrant, attachment: Attachment, arrival: Arrival): Promise<PtySession> {
    try {
      judgeGrant(grant, attachment.facts.clientIp, this.#parts.ports.clock.wallMs())
      const hello = await arrival.sink.hello(helloMs)
      if (hello === null) {
        throw new Refusal('INPUT_INVALID', { message: 'The first frame has to be a HELLO, within 5 seconds.' })
      }
      const session = grant.token.isStart
        ? await this.#begin({ grant, owner: attachment, hello })
        : this.#state.sessions.get(grant.ptySession.id)
      // A client that attaches while the session ends would never get the event.
      if (session === undefined || session.endReason !== null) throw new Refusal('PTY_SESSION_NOT_ACTIVE')
      if (attachment.role === 'observer' && session.attachments.size >= mostAttached) {
        throw new Refusal('NO_GATEWAY', { message: 'Too many people watch this session.' })
      }
      session.admit(attachment, arrival.sink, arrival.sink.acknowledges ? sizeOf(hello) : null)
      return session
    } catch (cause) {
      await this.#giveUp(grant, attachment, cause)
      throw cause
    }
  }

  /** Any node may open a start token. A running PTY session belongs to the node that opened it. */
  async #checkOwner(ptySessionId: string): Promise<void> {
    const { ports } = this.#parts
    if (this.#state.sessions.has(ptySessionId)) return
    const ptySession = await ports.store.ptySessionById(ptySessionId)
    const isBegunHere = (this.#beginning.get(ptySessionId) ?? 0) > 1
    if (ptySession?.state === 'active' && !isBegunHere) throw new Refusal('OTHER_NODE')
    if ((await this.#parts.disk.look()) !== 'enough') throw new Refusal('DISK_LOW')
    const others = [...this.#expected].filter((id) => id !== ptySessionId && !this.#state.sessions.has(id))
    if (!this.#state.hasRoom(others.length)) throw new Refusal('NO_GATEWAY', { retryAfterSeconds: 5 })
    this.#expected.add(ptySessionId)
  }

  async #begin({ grant, owner, hello }: Start): Promise<PtySession> {
    const { sessions } = this.#state
    const { id } = grant.ptySession
    const onClosed = (): void => {
      sessions.delete(id)
      this.#releases.get(id)?.()
      this.#releases.delete(id)
    }
    try {
      const session = await openSession(this.#parts, { grant, owner, size: sizeOf(hello), onClosed })
      sessions.set(id, session)
      if (this.#state.isDraining()) await session.end('node-drained')
      return session
    } catch (cause) {
      this.#parts.ports.log.error({ err: cause, ptySession: id }, 'a terminal cannot be recorded, and was not opened')
      throw new Refusal('RECORDER_UNAVAILABLE', { cause })
    }
  }

  async #resume(sink: SocketSink, secret: string, clientIp: string): Promise<void> {
    const { ports } = this.#parts
    const found = this.#findBySecret(secret)
    if (found === null) throw resumeSecretInvalid()
    const { session, attachment } = found
    const access = await readSessionAccess(ports, session.facts.id)
    await judgeAgain(ports, access, { ...attachment.facts, clientIp, role: attachment.role })
    const hello = await sink.hello(helloMs)
    if (hello?.resume === undefined) {
      throw new Refusal('INPUT_INVALID', {
        message: 'A resume must begin with a HELLO that names the offset at which to continue.',
      })
    }
    if (attachment.hasLostSlot && !(await this.#retakeSlot(session, attachment))) {
      throw new Refusal('IMPLEMENTOR_PRESENT')
    }
    const isGone = session.endReason !== null || session.attachments.find(attachment.facts.id) !== attachment
    if (isGone) {
      if (attachment.hasLostSlot) this.#eventWriter(session.facts.id).slotFreed(attachment.facts.accountId)
      throw new Refusal('PTY_SESSION_NOT_ACTIVE')
    }
    // If two sockets present the same secret, the first one gets a new secret, and the second is refused.
    if (this.#findBySecret(secret)?.attachment !== attachment) throw resumeSecretInvalid()
    attachment.cameFrom(clientIp)
    session.readmit(attachment, sink, { from: hello.resume.seq, size: sizeOf(hello) })
    this.#connect({ session, attachment, sink })
  }

  async #retakeSlot(session: PtySession, attachment: Attachment): Promise<boolean> {
    return session.isSlotFree() && (await this.#eventWriter(session.facts.id).retakeSlot(attachment.facts.accountId))
  }

  #findBySecret(secret: string): { readonly session: PtySession; readonly attachment: Attachment } | null {
    const { digests } = this.#parts.ports
    const digest = digests.sha256(secret)
    for (const session of this.#state.sessions.values()) {
      if (session.endReason !== null) continue
      for (const attachment of session.attachments.all()) {
        const kept = attachment.resumeDigest
        if (kept !== null && digests.equal(kept, digest)) return { session, attachment }
      }
    }
    return null
  }

  #connect({ session, attachment, sink }: Connection): void {
    const { node } = this.#parts.ports
    const gate = new LeaseGate({
      isLeaseHeld: () => node.isReady(),
      renew: () => node.renew(),
      sink,
      pass: (frame) => {
        if (attachment.sink === sink) this.#take(session, { attachment, sink, frame })
      },
    })
    sink.listen({
      onFrame: (frame) => gate.take(frame),
      onPong: () => {
        if (attachment.sink === sink) session.heard(attachment)
      },
      onDrained: () => attachment.reader?.drained(),
      onGone: (isClean) => {
        if (attachment.sink !== sink) return
        if (isClean) session.leave(attachment)
        else session.dropped(attachment)
      },
    })
  }

  /** An error in one frame closes its socket only. */
  #take(
    session: PtySession,
    {
      attachment,
      sink,
      frame,
    }: { readonly attachment: Attachment; readonly sink: SocketSink; readonly frame: ClientFrame },
  ): void {
    try {
      session.take(attachment, frame)
    } catch (cause) {
      this.#refuse(sink, cause)
    }
  }

  #newAttachment(id: string, { account, session, token }: AttachGrant, clientIp: string): Attachment {
    const { clock } = this.#parts.ports
    return new Attachment(
      {
        id,
        accountId: account.id,
        username: account.username,
        person: account.person,
        groups: account.groups,
        sessionRow: session.row,
        sessionId: session.id,
        organizationId: session.organizationId,
        credentialId: session.credentialId,
        ip: session.ip,
        clientIp,
        ...endsOf({ account, session }, clock.wallMs()),
      },
      token.role,
      clock.monotonicMs(),
    )
  }

  /** The token is used, so the session that it started ends. */
  async #giveUp({ token, ptySession }: AttachGrant, attachment: Attachment, cause: unknown): Promise<void> {
    const eventWriter = this.#eventWriter(ptySession.id)
    if (token.isStart) await eventWriter.closed(reasonOf(cause), { exitCode: null, by: attachment.facts })
    else {
      const holder = this.#state.sessions.get(ptySession.id)?.implementor()?.facts.accountId
      const freesSlot = token.role === 'implementor' && holder !== attachment.facts.accountId
      eventWriter.detached(attachment.facts, { cause: 'dropped', freesSlot })
    }
  }

  #eventWriter(ptySessionId: string): EventWriter {
    const { ports, timers } = this.#parts
    const { store, clock, log } = ports
    return new EventWriter({ store, clock, timers, log }, ptySessionId)
  }

  /** @param later how to close if the client may try again later: a resume secret is not used up, a token is. */
  #refuse(sink: SocketSink, cause: unknown, later: 'resume' | 'later' = 'later'): void {
    const refusal = isRefusal(cause) ? cause : new Refusal('INTERNAL', { cause })
    const { log } = this.#parts.ports
    if (refusal.kind === 'internal') log.error({ err: cause }, 'a socket could not be taken in')
    else log.info({ code: refusal.code, detail: refusal.detail }, 'a socket was refused')
    const { closeCode, retry } = kinds[refusal.kind]
    const again = retry === 'later' ? later : refusal.kind === 'unauthenticated' ? 'new-token' : 'no'
    sink.send({ type: 'error', error: { code: refusal.code, message: refusal.message, retry: again } })
    sink.close(closeCodes[refusal.code] ?? closeCode, refusal.message)
  }
}

/** Close codes that say more than the kind of the refusal. */
const closeCodes: Partial<Record<RefusalCode, number>> = {
  OTHER_NODE: 4421,
  IMPLEMENTOR_PRESENT: 4403,
  TERMINAL_LIMIT_REACHED: 4403,
  PTY_SESSION_NOT_ACTIVE: 4404,
  DISK_LOW: endReasons['disk-low'].closeCode,
  RECORDER_UNAVAILABLE: endReasons['recorder-failed'].closeCode,
}

/** A socket that is being attached. Revocations that come meanwhile count against it before it may send input. */
type Arrival = { readonly sink: SocketSink; readonly beginning: Registration }

type Start = {
  readonly grant: AttachGrant
  readonly owner: Attachment
  readonly hello: Hello
}

type Connection = {
  readonly session: PtySession
  readonly attachment: Attachment
  readonly sink: SocketSink
}

function sizeOf({ cols, rows }: Hello): TerminalSize {
  return { cols, rows }
}

function resumeSecretInvalid(): Refusal {
  return new Refusal('TOKEN_INVALID', { message: 'This resume secret is invalid or already used.' })
}

/** The end reason of a session that was never opened. */
function reasonOf(cause: unknown): EndReason {
  if (isRefusal(cause, 'RECORDER_UNAVAILABLE')) return 'recorder-failed'
  if (isRefusal(cause, 'ACCESS_DENIED') || isRefusal(cause, 'ACTION_DUE')) return 'access-denied'
  return isRefusal(cause) && cause.kind === 'forbidden' ? 'access-changed' : 'never-opened'
}
