/** Core: mints start and join tokens for PTY sessions: single-use, short-lived, bound to account, session, server and role. */

import type { Account } from '../accounts/account.ts'
import { canonicalIp } from '../addresses.ts'
import { auditEvent, type RequestFacts } from '../audit/act.ts'
import { Refusal } from '../errors.ts'
import type { Principal } from '../sessions/principal.ts'
import type { Ports } from '../wiring.ts'
import type { PtyLimitRefusal, PtyTokenRow } from './commands.ts'
import { judgeRole } from './judge-role.ts'
import { policyOf } from './policy-of.ts'
import type { ChangeRequest, PtyRole, PtySession, Purpose, Server } from './server.ts'

/** Finds the gateway for a PTY session; returns its base URL without a trailing slash, or null. */
export type GatewayLocator = {
  /** @throws DISK_LOW if no terminal could be recorded. */
  readonly forStart: () => string | null
  readonly forJoin: (ptySessionId: string) => string | null
}

/** A token with the address of its gateway. */
export type PtyTicket = { readonly token: string; readonly proxyUrl: string }

/** The account that asks for a PTY token. */
export type PtyCaller = {
  readonly principal: Principal
  readonly request: RequestFacts
  readonly gateways: GatewayLocator
}

/** The terminal to open. */
export type StartInput = {
  readonly purpose: Purpose
  readonly changeId: string | null
  /** As the client wrote it. */
  readonly serverAddress: string
  readonly osUser: string
}

/**
 * Mints a start token and stores its PTY session as `created`.
 *
 * @throws SERVER_NOT_FOUND, CHANGE_NOT_FOUND; the refusals of `judgeRole`; NO_GATEWAY, DISK_LOW;
 * TERMINAL_LIMIT_REACHED, PTY_TOKEN_LIMIT_REACHED; TOKEN_REVOKED if the session ended meanwhile.
 */
export async function mintStartToken(ports: Ports, caller: PtyCaller, input: StartInput): Promise<PtyTicket> {
  const server = await findServer(ports, input.serverAddress)
  const change = input.purpose === 'change_request' ? await findChange(ports, input.changeId) : null
  const { account } = caller.principal
  const nowMs = await judgeCaller(ports, caller, { ...input, server, change, role: 'implementor', implementorId: null })
  const proxyUrl = caller.gateways.forStart()
  if (proxyUrl === null) throw new Refusal('NO_GATEWAY', { retryAfterSeconds: 5 })
  const ptySession: PtySession = {
    id: ports.random.uuid(),
    state: 'created',
    purpose: input.purpose,
    changeId: change?.id ?? null,
    serverName: server.name,
    osUser: input.osUser,
    startedByAccountId: account.id,
    implementorAccountId: null,
    createdAtMs: nowMs,
    activeAtMs: null,
    closedAtMs: null,
    endReason: null,
    exitCode: null,
  }
  const minted = await mint(ports, caller, { ptySession, server, change, role: 'implementor', isStart: true })
  const result = await ports.store.execute('startPtySession', {
    ptySession,
    token: minted.row,
    seen: { epoch: account.epoch, passwordHash: account.passwordHash },
    limits: ports.settings.ptyLimits,
    nowMs,
    audit: event(caller, nowMs, { action: 'pty-start', ptySession }),
  })
  if (result.kind === 'stale') throw new Refusal('TOKEN_REVOKED')
  if (result.kind !== 'started') throw limitRefusal(result, nowMs)
  return { token: minted.token, proxyUrl }
}

/** The terminal to join. */
export type JoinInput = { readonly ptySessionId: string; readonly role: PtyRole }

/**
 * Mints a join token for an active PTY session. The caller is judged by what the session was opened for.
 *
 * @throws PTY_SESSION_NOT_FOUND; the refusals of `judgeRole`; PTY_SESSION_NOT_ACTIVE, IMPLEMENTOR_PRESENT; NO_GATEWAY;
 * TERMINAL_LIMIT_REACHED, PTY_TOKEN_LIMIT_REACHED.
 */
export async function mintJoinToken(ports: Ports, caller: PtyCaller, input: JoinInput): Promise<PtyTicket> {
  const ptySession = await ports.store.ptySessionById(input.ptySessionId)
  if (ptySession === null) throw new Refusal('PTY_SESSION_NOT_FOUND')
  const server = await ports.store.serverByName(ptySession.serverName)
  if (server === null) throw new Refusal('SERVER_NOT_FOUND')
  const change = ptySession.changeId === null ? null : await findChange(ports, ptySession.changeId)
  const { account } = caller.principal
  const { purpose, osUser, implementorAccountId: implementorId } = ptySession
  const nowMs = await judgeCaller(ports, caller, { purpose, osUser, server, change, role: input.role, implementorId })
  if (ptySession.state !== 'active') throw new Refusal('PTY_SESSION_NOT_ACTIVE')
  const proxyUrl = caller.gateways.forJoin(ptySession.id)
  if (proxyUrl === null) throw new Refusal('NO_GATEWAY', { retryAfterSeconds: 5 })
  const minted = await mint(ports, caller, { ptySession, server, change, role: input.role, isStart: false })
  const result = await ports.store.execute('joinPtySession', {
    token: minted.row,
    seen: { epoch: account.epoch, passwordHash: account.passwordHash },
    limits: ports.settings.ptyLimits,
    nowMs,
    audit: event(caller, nowMs, { action: 'pty-join', ptySession }),
  })
  if (result.kind === 'stale') throw new Refusal('TOKEN_REVOKED')
  if (result.kind === 'not-active') throw new Refusal('PTY_SESSION_NOT_ACTIVE')
  if (result.kind === 'implementor-present') throw new Refusal('IMPLEMENTOR_PRESENT')
  if (result.kind !== 'joined') throw limitRefusal(result, nowMs)
  return { token: minted.token, proxyUrl }
}

function limitRefusal(reached: PtyLimitRefusal, nowMs: number): Refusal {
  if (reached.kind === 'too-many-terminals') return new Refusal('TERMINAL_LIMIT_REACHED')
  const retryAfterSeconds = Math.max(1, Math.ceil((reached.freeAtMs - nowMs) / 1000))
  return new Refusal('PTY_TOKEN_LIMIT_REACHED', { retryAfterSeconds })
}

type CallerInput = Pick<StartInput, 'purpose' | 'osUser'> & {
  readonly server: Server
  readonly change: ChangeRequest | null
  readonly role: PtyRole
  /** The implementor's account, or null. */
  readonly implementorId: number | null
}

/** Refuses a caller that may not take the role; returns the moment of the judgement in Unix milliseconds. */
async function judgeCaller(ports: Ports, { principal }: PtyCaller, input: CallerInput): Promise<number> {
  const { store, settings, clock } = ports
  const policy = await policyOf(store, input, settings.terminals)
  const session = await store.sessionById(principal.session.id)
  if (session === null) throw new Refusal('TOKEN_REVOKED')
  const implementor = input.implementorId === null ? null : await store.accountById(input.implementorId)
  const nowMs = clock.wallMs()
  const implementorPerson = implementor?.person ?? null
  judgeRole({ ...input, account: principal.account, session, policy, implementorPerson, nowMs })
  return nowMs
}

async function findServer(ports: Ports, address: string): Promise<Server> {
  const canonical = canonicalIp(address)
  const server = canonical === null ? null : await ports.store.serverByAddress(canonical)
  if (server === null) throw new Refusal('SERVER_NOT_FOUND')
  return server
}

async function findChange(ports: Ports, id: string | null): Promise<ChangeRequest> {
  const change = id === null ? null : await ports.store.changeById(id)
  if (change === null) throw new Refusal('CHANGE_NOT_FOUND')
  return change
}

type Attachment = {
  readonly ptySession: PtySession
  readonly server: Server
  readonly change: ChangeRequest | null
  readonly role: PtyRole
  readonly isStart: boolean
}

async function mint(
  ports: Ports,
  caller: PtyCaller,
  attachment: Attachment,
): Promise<{ token: string; row: PtyTokenRow }> {
  const { account, session } = caller.principal
  const issuedAt = Math.floor(ports.clock.wallMs() / 1000)
  const expiresAt = issuedAt + ports.settings.ptyTokenSeconds
  const token = await ports.signer.sign('pty', 'proxy/ws+jwt', {
    iss: 'sallyport',
    sub: account.uuid,
    aud: [ports.settings.gatewayGroup],
    iat: issuedAt,
    exp: expiresAt,
    jti: ports.encodings.toBase64url(ports.random.bytes(32)),
    connection: connectionClaim(attachment, { account, sessionId: session.id }),
  })
  return {
    token,
    row: {
      digest: ports.digests.sha256(token),
      ptySessionId: attachment.ptySession.id,
      accountId: account.id,
      sessionRow: session.row,
      role: attachment.role,
      isStart: attachment.isStart,
      expiresAtMs: expiresAt * 1000,
    },
  }
}

/** The attachment as the token has it; the member names are those of the PTY control API. */
function connectionClaim(
  { ptySession, server, change, role, isStart }: Attachment,
  caller: { readonly account: Account; readonly sessionId: string },
): Record<string, unknown> {
  return {
    server: { ip: server.address, port: String(server.port), os_user: ptySession.osUser },
    type: server.transport === 'local' ? 'local_shell' : 'ssh_orchestrator_key',
    purpose: ptySession.purpose,
    user_session: { id: `${caller.account.username}/${caller.sessionId}`, start_role: role },
    pty_session: isStart ? { id: ptySession.id, is_new: true } : { id: ptySession.id },
    change_request:
      change === null
        ? { id: '', implementor_group: null, end_time: null }
        : { id: change.id, implementor_group: change.groups, end_time: new Date(change.endsAtMs).toISOString() },
  }
}

function event(
  caller: PtyCaller,
  atMs: number,
  what: { readonly action: 'pty-start' | 'pty-join'; readonly ptySession: PtySession },
): ReturnType<typeof auditEvent> {
  const { ptySession } = what
  return auditEvent(
    caller.request,
    { account: caller.principal.account, atMs },
    {
      action: what.action,
      subject: `pty_session:${ptySession.id}`,
      detail: { server: ptySession.serverName, os_user: ptySession.osUser, purpose: ptySession.purpose },
    },
  )
}
