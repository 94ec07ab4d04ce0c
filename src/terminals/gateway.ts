/** Terminals: the gateway of one node. It holds the PTY sessions, and ticks once a second for what only time changes. */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { RequestFacts } from '../core/audit/act.ts'
import { isRefusal, Refusal } from '../core/errors.ts'
import { AccessWarnings } from './access-warnings.ts'
import { AttachHandler } from './attach-handler.ts'
import { Follower } from './follower.ts'
import type { GatewayParts } from './gateway-parts.ts'
import type { PtySession } from './pty-session.ts'
import { type Offer, readOffer } from './read-offer.ts'
import { type PtyTokenClaims, readPtyToken } from './read-pty-token.ts'
import { refuseUpgrade } from './refuse-upgrade.ts'
import { Reviews } from './reviews.ts'
import { SessionResources } from './session-resources.ts'
import type { CancelTimer } from './timers.ts'
import { SocketSink } from './web-socket.ts'

/** Longest frame: 64 KiB of input with its header. */
const longestFrame = 64 * 1024 + 5

/** Most followers of one PTY session, in all and of one account. */
const mostFollowers = { all: 100, ofAccount: 10 } as const

/** Milliseconds that terminals keep running without a lease. */
const partitionGraceMs = 60_000

/** Milliseconds in which sockets must receive the end before they are cut at a shutdown. */
const finalFramesMs = 2_500

export class Gateway {
  readonly #parts: GatewayParts
  readonly #sessions = new Map<string, PtySession>()
  readonly #following = new Set<Following>()
  readonly #sockets: WebSocketServer
  readonly #attachHandler: AttachHandler
  readonly #reviews: Reviews
  readonly #accessWarnings = new AccessWarnings()
  #cancelTick: CancelTimer
  #leaseLostAtMs: number | null = null
  #isDraining = false

  constructor(parts: GatewayParts) {
    this.#parts = parts
    this.#sockets = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      autoPong: false,
      maxPayload: longestFrame,
      handleProtocols: (_offered, request) => readOffer(request.headers)?.selected ?? false,
    })
    this.#reviews = new Reviews(parts.ports)
    this.#attachHandler = new AttachHandler(parts, {
      sessions: this.#sessions,
      resources: new SessionResources(this.#reviews),
      isDraining: () => this.#isDraining,
      hasRoom: (beginning) => !this.#isDraining && this.#sessions.size + beginning < parts.maxSessions,
    })
    parts.disk.onOut(() => {
      for (const session of [...this.#sessions.values()]) void session.end('disk-low')
    })
    this.#cancelTick = this.#tickLater()
  }

  /** Number of PTY sessions that run here. */
  get size(): number {
    return this.#sessions.size
  }

  /** Returns whether another terminal may open here. */
  hasRoom(): boolean {
    return !this.#isDraining && this.#sessions.size < this.#parts.maxSessions
  }

  /** Returns a PTY session that runs here. */
  find(ptySessionId: string): PtySession | undefined {
    return this.#sessions.get(ptySessionId)
  }

  /**
   * Streams a PTY session to a viewer that is not attached, as asciicast lines. It ends with the session or with
   * `signal`. Returns null if the session does not run here.
   *
   * @throws NO_GATEWAY if the session, or the viewer's account, has too many followers.
   */
  follow(ptySessionId: string, viewer: Viewer, signal: AbortSignal): AsyncIterable<Uint8Array> | null {
    const session = this.#sessions.get(ptySessionId)
    if (session === undefined || session.endReason !== null) return null
    this.#requireRoomFor(viewer, session)
    const follower = new Follower(this.#parts.ports.clock)
    const { leave, drained } = session.follow(follower)
    const following: Following = { session, viewer }
    this.#following.add(following)
    follower.listen({
      onDrained: drained,
      onClosed: () => {
        leave()
        this.#following.delete(following)
      },
    })
    signal.addEventListener('abort', () => follower.close(), { once: true })
    if (signal.aborted) follower.close()
    return follower.lines()
  }

  /** Handles the upgrade of one connection. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const onError = (): void => void socket.destroy()
    socket.on('error', onError)
    const { log } = this.#parts.ports
    this.#check(request)
      .then(
        ({ offer, claims, facts }) => {
          socket.off('error', onError)
          this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
            const sink = new SocketSink(webSocket, offer.wire, this.#parts.timers)
            void this.#attachHandler.receive(sink, { claims, token: offer.credential.text, facts })
          })
        },
        (cause: unknown) => {
          const refusal = isRefusal(cause) ? cause : new Refusal('INTERNAL', { cause })
          if (!isRefusal(cause)) log.error({ err: cause }, 'a socket could not be looked at')
          refuseUpgrade(socket, refusal)
        },
      )
      .catch((cause: unknown) => {
        log.error({ err: cause }, 'a socket could not be taken')
        socket.destroy()
      })
  }

  /** Ends every terminal for a shutdown; resolves when all are gone. */
  async drain(): Promise<void> {
    this.#isDraining = true
    this.#cancelTick()
    await Promise.all([
      this.#attachHandler.close(),
      ...[...this.#sessions.values()].map((session) => session.end('node-drained')),
    ])
    await this.#socketsGone()
    for (const socket of this.#sockets.clients) socket.terminate()
    this.#sockets.close()
  }

  /** Clients receive the end before their sockets are cut. */
  async #socketsGone(): Promise<void> {
    const closed = [...this.#sockets.clients].map((socket) => new Promise((resolve) => socket.once('close', resolve)))
    await Promise.race([
      Promise.all(closed),
      new Promise<void>((resolve) => this.#parts.timers.after(finalFramesMs, resolve)),
    ])
  }

  async #check(request: IncomingMessage): Promise<Checked> {
    const { ports, admitRequest } = this.#parts
    if (this.#isDraining) throw new Refusal('NO_GATEWAY', { retryAfterSeconds: 5 })
    const offer = readOffer(request.headers)
    if (offer === null) {
      throw new Refusal('INPUT_INVALID', {
        message: 'Offer X-Proxy-Session-Token and the token as subprotocols, or send the token as a bearer token.',
      })
    }
    const { kind, text } = offer.credential
    const claims = kind === 'token' ? await readPtyToken(ports.signer, text, ports.settings.gatewayGroup) : null
    return { offer, claims, facts: admitRequest(request) }
  }

  #requireRoomFor({ accountId }: Viewer, session: PtySession): void {
    const beside = [...this.#following].filter((one) => one.session === session)
    const own = beside.filter(({ viewer }) => viewer.accountId === accountId)
    if (own.length >= mostFollowers.ofAccount) {
      throw new Refusal('NO_GATEWAY', { message: 'This account watches this session too often at once.' })
    }
    if (beside.length >= mostFollowers.all) {
      throw new Refusal('NO_GATEWAY', { message: 'Too many people watch this session.' })
    }
  }

  #tickLater(): CancelTimer {
    return this.#parts.timers.after(this.#parts.tickMs, () => {
      this.#cancelTick = this.#tickLater()
      this.#tick()
    })
  }

  #tick(): void {
    const { clock, node, liveResources } = this.#parts.ports
    void this.#parts.disk.look()
    if (node.isReady()) this.#leaseLostAtMs = null
    else this.#leaseLostAtMs ??= clock.monotonicMs()
    const isCutOff = this.#leaseLostAtMs !== null && clock.monotonicMs() - this.#leaseLostAtMs >= partitionGraceMs
    const nowMs = clock.wallMs()
    liveResources.expire(Math.floor(nowMs / 1000))
    for (const session of [...this.#sessions.values()]) {
      if (isCutOff) void session.end('lease-lost')
      session.ping()
      session.tick()
      this.#accessWarnings.warn(session.attachments, nowMs)
      this.#reviews.again(session)
    }
  }
}

/** The account that follows. */
export type Viewer = { readonly accountId: number }

type Following = { readonly session: PtySession; readonly viewer: Viewer }

type Checked = { readonly offer: Offer; readonly claims: PtyTokenClaims | null; readonly facts: RequestFacts }
