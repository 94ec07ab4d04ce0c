/** Core: lets a socket into a PTY session by its token, and judges those who are in anew when access has changed. */
import type { Account } from '../accounts/account.ts'
import { auditEvent, type RequestFacts } from '../audit/act.ts'
import { Refusal } from '../errors.ts'
import type { Session } from '../sessions/session.ts'
import type { Ports } from '../wiring.ts'
import type { PtyTokenRow } from './commands.ts'
import { judgeRole, partiesOf } from './judge-role.ts'
import { policyOf } from './policy-of.ts'
import type { ChangeRequest, PtyRole, PtySession, Server } from './server.ts'
import type { SupervisionSetup } from './supervision.ts'

/** What a PTY session is held to now. */
export type Standing = {
  readonly ptySession: PtySession
  readonly server: Server
  readonly change: ChangeRequest | null
  /** Whoever types in it now. */
  readonly implementor: Account | null
  readonly setup: SupervisionSetup
}

/** A socket that may be attached. */
export type Admission = Standing & {
  readonly token: PtyTokenRow
  readonly account: Account
  readonly session: Session
}

/** Who knocks. */
export type Knock = {
  readonly token: string
  /** As the token names it. */
  readonly ptySessionId: string
  /** Given by the caller: the id of the attachment that is to be. */
  readonly attachmentId: string
  readonly role: PtyRole
  readonly accountUuid: string
  readonly request: RequestFacts
}

type AttachPorts = Pick<Ports, 'store' | 'clock' | 'digests' | 'settings'>

/**
 * Uses a token up and returns what it opens. Policy is asked first, so that a refusal by policy leaves the token unused.
 *
 * @throws PTY_SESSION_NOT_FOUND, SERVER_NOT_FOUND, CHANGE_NOT_FOUND; the refusals of `judgeRole`;
 * TOKEN_INVALID, TOKEN_EXPIRED, TOKEN_REVOKED; PTY_SESSION_NOT_ACTIVE, IMPLEMENTOR_PRESENT.
 */
export async function attachByToken(ports: AttachPorts, knock: Knock): Promise<Admission> {
  const { store, clock, digests } = ports
  const standing = await readStanding(ports, knock.ptySessionId)
  const asked = await store.accountByUuid(knock.accountUuid)
  if (asked === null) throw new Refusal('TOKEN_REVOKED')
  judgeAttachment(standing, { account: asked, role: knock.role, nowMs: clock.wallMs() })
  const nowMs = clock.wallMs()
  const result = await store.execute('attachPtyToken', {
    digest: digests.sha256(knock.token),
    attachmentId: knock.attachmentId,
    ip: knock.request.ip ?? '',
    nowMs,
    audit: auditEvent(
      knock.request,
      { account: asked, atMs: nowMs },
      { action: 'pty-attach', subject: `pty_session:${knock.ptySessionId}`, detail: { role: knock.role } },
    ),
  })
  switch (result.kind) {
    case 'attached':
      return { ...standing, ...result }
    case 'expired':
      throw new Refusal('TOKEN_EXPIRED')
    case 'revoked':
      throw new Refusal('TOKEN_REVOKED')
    case 'closed':
      throw new Refusal('PTY_SESSION_NOT_ACTIVE')
    case 'implementor-present':
      throw new Refusal('IMPLEMENTOR_PRESENT')
    case 'used':
      throw new Refusal('TOKEN_INVALID', { detail: 'the token was used before' })
    case 'unknown':
      throw new Refusal('TOKEN_INVALID')
  }
}

/**
 * Reads what a PTY session is held to at this moment.
 *
 * @throws PTY_SESSION_NOT_FOUND, SERVER_NOT_FOUND, CHANGE_NOT_FOUND.
 */
export async function readStanding(ports: Pick<AttachPorts, 'store' | 'settings'>, id: string): Promise<Standing> {
  const { store, settings } = ports
  const ptySession = await store.ptySessionById(id)
  if (ptySession === null) throw new Refusal('PTY_SESSION_NOT_FOUND')
  const server = await store.serverByName(ptySession.serverName)
  if (server === null) throw new Refusal('SERVER_NOT_FOUND')
  const change = ptySession.changeId === null ? null : await store.changeById(ptySession.changeId)
  if (ptySession.changeId !== null && change === null) throw new Refusal('CHANGE_NOT_FOUND')
  const policy = await policyOf(store, { server, change, purpose: ptySession.purpose }, settings.terminals)
  const { implementorAccountId } = ptySession
  return {
    ptySession,
    server,
    change,
    implementor: implementorAccountId === null ? null : await store.accountById(implementorAccountId),
    setup: {
      policy,
      purpose: ptySession.purpose,
      windowEndsAtMs: change?.endsAtMs ?? null,
      partiesOfChange: partiesOf(change),
    },
  }
}

/** An account that is, or wants to be, attached. */
export type Candidate = { readonly account: Account; readonly role: PtyRole; readonly nowMs: number }

/** Refuses unless policy lets the account be attached in this role. @throws Refusal as `judgeRole` does. */
export function judgeAttachment(standing: Standing, { account, role, nowMs }: Candidate): void {
  const { server, change, ptySession, setup, implementor } = standing
  judgeRole({
    account,
    session: null,
    role,
    server,
    osUser: ptySession.osUser,
    change,
    policy: setup.policy,
    implementorPerson: implementor?.person ?? null,
    nowMs,
  })
}
