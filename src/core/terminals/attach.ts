/** Core: attaches a socket to a PTY session by its token, and judges attachments again when access has changed. */
import { type Account, isAccountLive } from '../accounts/account.ts'
import { requireNothingDue } from '../accounts/due.ts'
import { requireRules } from '../accounts/require-rules.ts'
import { auditEvent, type RequestFacts } from '../audit/act.ts'
import { Refusal } from '../errors.ts'
import type { Session } from '../sessions/session.ts'
import type { Ports } from '../wiring.ts'
import { groupLists, judgeOpening } from './access.ts'
import type { PtyTokenRow } from './commands.ts'
import { judgeRole, partiesOf, type RoleQuestion } from './judge-role.ts'
import { policyOf } from './policy-of.ts'
import type { ChangeRequest, PtyRole, PtySession, Server } from './server.ts'
import type { SupervisionSetup } from './supervision.ts'

/** The rules and subjects of a PTY session at this moment. */
export type SessionAccess = {
  readonly ptySession: PtySession
  readonly server: Server
  readonly change: ChangeRequest | null
  readonly starter: Account
  /** The implementor's account. */
  readonly implementor: Account | null
  readonly setup: SupervisionSetup
  /** Groups whose policies apply to the session. */
  readonly groups: readonly string[]
}

/** A socket that may attach. */
export type AttachGrant = SessionAccess & {
  readonly token: PtyTokenRow
  readonly account: Account
  readonly session: Session
}

/** A client that wants to attach. */
export type AttachAttempt = {
  readonly token: string
  /** As in the token. */
  readonly ptySessionId: string
  /** Set by the caller: the id of the new attachment. */
  readonly attachmentId: string
  readonly role: PtyRole
  readonly accountUuid: string
  readonly request: RequestFacts
}

type AttachPorts = Pick<Ports, 'store' | 'clock' | 'digests' | 'settings'>
type StandingPorts = Omit<AttachPorts, 'digests'>

/**
 * Uses a token and returns what it opens. The policy is checked first, so that a refusal by policy does not use the
 * token. `judgeGrant` then judges the account and the way it signed in.
 *
 * @throws the refusals of `readSessionAccess` and of `judgeRole`; TOKEN_INVALID, TOKEN_EXPIRED, TOKEN_REVOKED;
 * PTY_SESSION_NOT_ACTIVE, IMPLEMENTOR_PRESENT, TERMINAL_LIMIT_REACHED.
 */
export async function attachByToken(ports: AttachPorts, attempt: AttachAttempt): Promise<AttachGrant> {
  const { store, clock, digests } = ports
  const access = await readSessionAccess(ports, attempt.ptySessionId)
  const asked = await store.accountByUuid(attempt.accountUuid)
  if (asked === null) throw new Refusal('TOKEN_REVOKED')
  const { role, request } = attempt
  judgeAttachment(access, { account: asked, signIn: null, role, clientIp: request.ip, nowMs: clock.wallMs() })
  const nowMs = clock.wallMs()
  const result = await store.execute('attachPtyToken', {
    digest: digests.sha256(attempt.token),
    attachmentId: attempt.attachmentId,
    ip: attempt.request.ip ?? '',
    limits: ports.settings.ptyLimits,
    nowMs,
    audit: auditEvent(
      attempt.request,
      { account: asked, atMs: nowMs },
      { action: 'pty-attach', subject: `pty_session:${attempt.ptySessionId}`, detail: { role: attempt.role } },
    ),
  })
  switch (result.kind) {
    case 'attached':
      return { ...access, ...result }
    case 'expired':
      throw new Refusal('TOKEN_EXPIRED')
    case 'revoked':
      throw new Refusal('TOKEN_REVOKED')
    case 'closed':
      throw new Refusal('PTY_SESSION_NOT_ACTIVE')
    case 'implementor-present':
      throw new Refusal('IMPLEMENTOR_PRESENT')
    case 'too-many-terminals':
      throw new Refusal('TERMINAL_LIMIT_REACHED')
    case 'used':
      throw new Refusal('TOKEN_INVALID', { detail: 'the token was used before' })
    case 'unknown':
      throw new Refusal('TOKEN_INVALID')
  }
}

/**
 * Reads the rules of a PTY session at this moment. The session ends with the account that started it.
 *
 * @throws PTY_SESSION_NOT_FOUND, SERVER_NOT_FOUND, CHANGE_NOT_FOUND; TOKEN_REVOKED if the account that started it is
 * disabled, removed or expired.
 */
export async function readSessionAccess(ports: StandingPorts, id: string): Promise<SessionAccess> {
  const { store, settings, clock } = ports
  const ptySession = await store.ptySessionById(id)
  if (ptySession === null) throw new Refusal('PTY_SESSION_NOT_FOUND')
  const server = await store.serverByName(ptySession.serverName)
  if (server === null) throw new Refusal('SERVER_NOT_FOUND')
  const change = ptySession.changeId === null ? null : await store.changeById(ptySession.changeId)
  if (ptySession.changeId !== null && change === null) throw new Refusal('CHANGE_NOT_FOUND')
  const policy = await policyOf(store, { server, change, purpose: ptySession.purpose }, settings.terminals)
  const { implementorAccountId, startedByAccountId } = ptySession
  const starter = await store.accountById(startedByAccountId)
  if (starter === null || !isAccountLive(starter, toSeconds(clock.wallMs()))) throw new Refusal('TOKEN_REVOKED')
  return {
    ptySession,
    server,
    change,
    starter,
    implementor: implementorAccountId === null ? null : await store.accountById(implementorAccountId),
    setup: {
      policy,
      purpose: ptySession.purpose,
      windowEndsAtMs: change?.endsAtMs ?? null,
      partiesOfChange: partiesOf(change),
    },
    groups: groupLists(server, change).flat(),
  }
}

/** An account that is attached, or wants to attach. */
type Candidate = {
  readonly account: Account
  /** How its session signed in; null: not known yet. */
  readonly signIn: RoleQuestion['session']
  readonly role: PtyRole
  /** Canonical address of its socket; null: not known. */
  readonly clientIp: string | null
  readonly nowMs: number
}

/**
 * Refuses after the transaction if the policy forbids the account, or the way it signed in.
 *
 * @throws the refusals of `judgeRole`.
 */
export function judgeGrant(grant: AttachGrant, clientIp: string | null, nowMs: number): void {
  const { account, session, token } = grant
  judgeAttachment(grant, { account, signIn: session, role: token.role, clientIp, nowMs })
}

/** An attachment that is there or resumes. */
export type Who = {
  readonly accountId: number
  readonly sessionId: string
  readonly role: PtyRole
  /** Canonical address of the socket. */
  readonly clientIp: string
}

export type Attached = { readonly account: Account; readonly session: Session }

/**
 * Reads and judges an attachment that is there or resumes. Supervision handles the end of a window, because a policy
 * may let work continue for a while.
 *
 * @throws TOKEN_REVOKED if the account or the session has ended; ACCESS_DENIED and ACTION_DUE by the rules of the
 * account; the refusals of `judgeRole`.
 */
export async function judgeAgain(
  { store, clock }: Pick<AttachPorts, 'store' | 'clock'>,
  access: SessionAccess,
  who: Who,
): Promise<Attached> {
  const account = await store.accountById(who.accountId)
  const session = await store.sessionById(who.sessionId)
  const nowMs = clock.wallMs()
  if (account === null || session === null || !isLive({ account, session }, nowMs)) throw new Refusal('TOKEN_REVOKED')
  holdAgainstRules(account, { signIn: session, clientIp: who.clientIp, nowMs })
  judgePolicy(access, { account, signIn: session, role: who.role, nowMs: withinWindow(access, nowMs) })
  return { account, session }
}

/** The idle time of the session does not count: the attachment uses it now, even if that was not stored yet. */
function isLive({ account, session }: Attached, nowMs: number): boolean {
  const now = toSeconds(nowMs)
  if (session.revokedSeq !== null || session.epoch !== account.epoch || !isAccountLive(account, now)) return false
  return session.expiresAt === null || now < session.expiresAt
}

function toSeconds(ms: number): number {
  return Math.floor(ms / 1000)
}

/**
 * Refuses if no account may work in the PTY session any more; windows as in `judgeAgain`.
 *
 * @throws GROUP_DENIED, CHANGE_NOT_APPROVED, CHANGE_OUTSIDE_WINDOW, CHANGE_DOES_NOT_NAME.
 */
export function judgeSessionAccess(access: SessionAccess, nowMs: number): void {
  const { server, change, ptySession } = access
  judgeOpening({ server, change, osUser: ptySession.osUser, nowMs: withinWindow(access, nowMs) })
}

function withinWindow({ change }: SessionAccess, nowMs: number): number {
  return Math.min(nowMs, (change?.endsAtMs ?? Number.POSITIVE_INFINITY) - 1)
}

function judgeAttachment(access: SessionAccess, candidate: Candidate): void {
  holdAgainstRules(candidate.account, candidate)
  judgePolicy(access, candidate)
}

/** A credential owes nothing that is due. If the account is not known yet, the check comes later. */
function holdAgainstRules(
  account: Account,
  { signIn, clientIp, nowMs }: Pick<Candidate, 'signIn' | 'clientIp' | 'nowMs'>,
): void {
  const isByPassword = signIn !== null && signIn.credentialId === null
  requireRules(account, { door: 'control', ip: clientIp, isByPassword, nowMs })
  if (isByPassword) requireNothingDue(account, nowMs)
}

function judgePolicy(access: SessionAccess, { account, signIn, role, nowMs }: Omit<Candidate, 'clientIp'>): void {
  const { server, change, ptySession, setup, implementor } = access
  judgeRole({
    account,
    session: signIn,
    role,
    server,
    osUser: ptySession.osUser,
    change,
    policy: setup.policy,
    implementorPerson: implementor?.person ?? null,
    nowMs,
  })
}
