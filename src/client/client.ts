/** Client: control from TypeScript, in Node.js and in browsers. One client holds one session, and refreshes it once for all its callers. */
import type {
  AccountAnswer,
  ChangeRequestList,
  JoinRequest,
  PtySessionDetail,
  PtySessionList,
  PtySessionQuery,
  PtyTicket,
  RefreshRequest,
  ServerList,
  SessionAnswer,
  SessionItem,
  SessionList,
  SignInRequest,
  StartRequest,
} from '../protocol/control.ts'
import { ControlError, isControlError, unanswered } from './control-error.ts'
import { ask, type Fetch, jsonBody, type Question, readAnswer, type Sender, send } from './send.ts'

export type {
  AccountAnswer,
  ChangeRequestItem,
  ChangeRequestList,
  FieldProblem,
  JoinRequest,
  Problem,
  PtyAttachmentItem,
  PtyProblem,
  PtySessionDetail,
  PtySessionItem,
  PtySessionList,
  PtySessionQuery,
  PtyTicket,
  RefreshRequest,
  ServerItem,
  ServerList,
  SessionAnswer,
  SessionItem,
  SessionList,
  SignInRequest,
  StartRequest,
} from '../protocol/control.ts'
export { ControlError, type ControlErrorFacts, isControlError, unanswered } from './control-error.ts'
export type { Fetch, Question } from './send.ts'

/** 10 s: longer than a full queue of sign-ins takes. */
const defaultTimeLimitMs = 10_000

/** 30 s: more than a request on its way and two honest clocks differ by. */
const defaultRefreshAheadMs = 30_000

/** Options of a client. */
export type ControlClientOptions = {
  /** Scheme, host and the path prefix of control, if it has one: `https://sallyport.example.org`. */
  readonly baseUrl: string
  /** A session that was saved before. */
  readonly session?: SessionAnswer
  /** Called with every new session and, with null, at its end: save it here. */
  readonly onSession?: (session: SessionAnswer | null) => void
  /** From the first byte sent to the last byte read, for each request; 10,000 ms by default. */
  readonly timeLimitMs?: number
  /** A token is refreshed if it ends sooner than this; 30,000 ms by default. */
  readonly refreshAheadMs?: number
  /** By default the global `fetch`. */
  readonly fetch?: Fetch
  /** Unix milliseconds; by default the machine's clock. */
  readonly now?: () => number
}

/** The holder of a verified token. */
export type VerifiedToken = {
  readonly accountId: number
  readonly username: string
  readonly organizationId: string | null
  readonly groups: readonly string[]
}

/**
 * A client of control. Every method that calls the server throws `ControlError` if the server refuses or does not answer.
 *
 * @example
 * ```ts
 * import { ControlClient } from 'sallyport/client'
 *
 * const client = new ControlClient({ baseUrl: 'http://127.0.0.1:55007' })
 * await client.signIn({ username: 'ada', password: 'correct horse battery staple' })
 * console.log(await client.account())
 * await client.signOut()
 * ```
 */
export class ControlClient {
  readonly #sender: Sender
  readonly #onSession: (session: SessionAnswer | null) => void
  readonly #refreshAheadMs: number
  readonly #now: () => number
  #session: SessionAnswer | null
  #exchange: { readonly of: SessionAnswer; readonly answer: Promise<SessionAnswer> } | null = null

  constructor(options: ControlClientOptions) {
    this.#sender = {
      fetch: options.fetch ?? ((url, init) => globalThis.fetch(url, init)),
      baseUrl: options.baseUrl.replace(/\/+$/, ''),
      timeLimitMs: options.timeLimitMs ?? defaultTimeLimitMs,
    }
    this.#onSession = options.onSession ?? (() => undefined)
    this.#refreshAheadMs = options.refreshAheadMs ?? defaultRefreshAheadMs
    this.#now = options.now ?? (() => Date.now())
    this.#session = options.session ?? null
  }

  /** The session of the requests; null: not signed in. */
  get session(): SessionAnswer | null {
    return this.#session
  }

  /** Signs in and keeps the session. A missing second factor is a `ControlError` of type `second-factor-required`. */
  async signIn(request: SignInRequest): Promise<SessionAnswer> {
    const question = { method: 'POST', path: '/api/v1/sessions', ...jsonBody(request) }
    const session = await ask(this.#sender, question, (response) => readJson<SessionAnswer>(response))
    this.#hold(session)
    return session
  }

  /**
   * Exchanges the refresh token; concurrent callers share one exchange. If the session is over (401), it is dropped.
   * Without an answer it is kept: repeating is safe, because the server returns the same successor.
   */
  refresh(): Promise<SessionAnswer> {
    const held = this.#session
    if (held === null) return Promise.reject(notSignedIn())
    if (this.#exchange?.of === held) return this.#exchange.answer
    const exchange = { of: held, answer: this.#exchangeOf(held).finally(() => this.#forget(exchange)) }
    this.#exchange = exchange
    return exchange.answer
  }

  /**
   * Sends a request with the access token and returns the answer, whatever its status.
   *
   * The session is refreshed before if its token is about to end, and once after a 401, and the request is repeated;
   * the caller reads other refusals.
   *
   * @throws ControlError `not-signed-in`; `no-answer` and `time-limit`; the refusal of a refresh.
   */
  async fetch(path: string, init: Omit<Question, 'path'> = {}): Promise<Response> {
    const session = await this.#fresh()
    const answer = await this.#sendAs(session, { ...init, path })
    const held = this.#session
    if (answer.status !== 401 || held?.session_id !== session.session_id) return answer
    await answer.body?.cancel()
    const next = held.access_token === session.access_token ? await this.refresh() : held
    return await this.#sendAs(next, { ...init, path })
  }

  /** Returns the live sessions of the account. */
  async sessions(): Promise<readonly SessionItem[]> {
    const { items } = await this.#ask({ path: '/api/v1/sessions' }, (response) => readJson<SessionList>(response))
    return items
  }

  /** Ends one session by its id; no error if it has ended already. */
  async endSession(id: string): Promise<void> {
    await this.#ask({ method: 'DELETE', path: `/api/v1/sessions/${encodeURIComponent(id)}` }, readNothing)
    this.#letGo(id)
  }

  /** Ends every session of the account, this one too. */
  async endAll(): Promise<void> {
    await this.#end('/api/v1/sessions')
  }

  /** Ends this session; no error if it has ended already. */
  async signOut(): Promise<void> {
    await this.#end('/api/v1/sessions/current')
  }

  /** Returns the account that is signed in. */
  async account(): Promise<AccountAnswer> {
    return await this.#ask({ path: '/api/v1/account' }, (response) => readJson<AccountAnswer>(response))
  }

  /**
   * Returns the holder of a token: this session's own, or another one, which is not refreshed.
   *
   * @throws ControlError with status 401 if the token is not accepted.
   */
  async verify(token?: string): Promise<VerifiedToken> {
    const question = { path: '/api/v1/verify' }
    if (token === undefined) return await this.#ask(question, readVerified)
    return await ask(this.#sender, { ...question, headers: { authorization: `Bearer ${token}` } }, readVerified)
  }

  /** Returns a token that opens a new terminal. */
  async startPty(request: StartRequest): Promise<PtyTicket> {
    return await this.#postForTicket('/api/v1/pty_token/start', request)
  }

  /** Returns a token that joins a running terminal. */
  async joinPty(request: JoinRequest): Promise<PtyTicket> {
    return await this.#postForTicket('/api/v1/pty_token/join', request)
  }

  /** Returns one page of the PTY sessions that the account may know of, newest first. */
  async ptySessions(filter: PtySessionQuery = {}): Promise<PtySessionList> {
    const path = `/api/v1/pty_sessions${queryOf(filter)}`
    return await this.#ask({ path }, (response) => readJson<PtySessionList>(response))
  }

  /** Returns one PTY session with all its attachments. */
  async ptySession(id: string): Promise<PtySessionDetail> {
    const path = `/api/v1/pty_sessions/${encodeURIComponent(id)}`
    return await this.#ask({ path }, (response) => readJson<PtySessionDetail>(response))
  }

  /** Ends a PTY session; its processes may be gone a moment later. */
  async endPtySession(id: string): Promise<void> {
    await this.#ask({ method: 'POST', path: `/api/v1/pty_sessions/${encodeURIComponent(id)}/end` }, readNothing)
  }

  /** Returns one page of the servers that the account may reach. */
  async servers(after?: string): Promise<ServerList> {
    const path = `/api/v1/servers${queryOf({ after })}`
    return await this.#ask({ path }, (response) => readJson<ServerList>(response))
  }

  /** Returns one page of the change requests that name a group of the account. */
  async changeRequests(after?: string): Promise<ChangeRequestList> {
    const path = `/api/v1/change_requests${queryOf({ after })}`
    return await this.#ask({ path }, (response) => readJson<ChangeRequestList>(response))
  }

  async #ask<Value>(question: Question, read: (response: Response) => Value | Promise<Value>): Promise<Value> {
    const { path, ...init } = question
    return await readAnswer(this.#sender, await this.fetch(path, init), read)
  }

  async #postForTicket(path: string, request: StartRequest | JoinRequest): Promise<PtyTicket> {
    return await this.#ask({ method: 'POST', path, ...jsonBody(request) }, (response) => readJson<PtyTicket>(response))
  }

  async #end(path: string): Promise<void> {
    const { session_id: id } = this.#held()
    try {
      await this.#ask({ method: 'DELETE', path }, readNothing)
    } catch (cause) {
      const isOver = isControlError(cause) && cause.status === 401
      if (!isOver) throw cause
    }
    this.#letGo(id)
  }

  async #fresh(): Promise<SessionAnswer> {
    const session = this.#held()
    const end = session.expires_at === null ? Number.POSITIVE_INFINITY : Date.parse(session.expires_at)
    return end - this.#now() <= this.#refreshAheadMs ? await this.refresh() : session
  }

  async #sendAs(session: SessionAnswer, { headers, ...question }: Question): Promise<Response> {
    const withToken = new Headers(headers)
    withToken.set('authorization', `Bearer ${session.access_token}`)
    return await send(this.#sender, { ...question, headers: withToken })
  }

  /** A session that was dropped or replaced during its exchange is not restored. */
  async #exchangeOf(before: SessionAnswer): Promise<SessionAnswer> {
    const body: RefreshRequest = { refresh_token: before.refresh_token }
    const question = { method: 'POST', path: '/api/v1/sessions/refresh', ...jsonBody(body) }
    try {
      const session = await ask(this.#sender, question, (response) => readJson<SessionAnswer>(response))
      if (this.#session === before) this.#hold(session)
      return session
    } catch (cause) {
      if (isControlError(cause) && cause.status === 401) this.#letGo(before.session_id)
      throw cause
    }
  }

  #forget(exchange: object): void {
    if (this.#exchange === exchange) this.#exchange = null
  }

  #letGo(sessionId: string): void {
    if (this.#session?.session_id === sessionId) this.#hold(null)
  }

  #held(): SessionAnswer {
    if (this.#session !== null) return this.#session
    throw notSignedIn()
  }

  #hold(session: SessionAnswer | null): void {
    this.#session = session
    this.#onSession(session)
  }
}

function notSignedIn(): ControlError {
  return new ControlError({ type: unanswered.notSignedIn, title: 'Nobody is signed in.', status: null })
}

async function readJson<Value>(response: Response): Promise<Value> {
  return (await response.json()) as Value
}

function readNothing(): void {}

function queryOf(members: Readonly<Record<string, string | number | undefined>>): string {
  const said = Object.entries(members).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]))
  return said.length === 0 ? '' : `?${new URLSearchParams(said)}`
}

function readVerified({ headers }: Response): VerifiedToken {
  return {
    accountId: Number(headers.get('x-auth-account')),
    username: decodeURIComponent(headers.get('x-auth-username') ?? ''),
    organizationId: headers.get('x-auth-organization'),
    groups: (headers.get('x-auth-groups') ?? '')
      .split(',')
      .filter((group) => group !== '')
      .map(decodeURIComponent),
  }
}
