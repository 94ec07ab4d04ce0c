/** Core: audit events. The store chains them by hash, in the transaction of their act. */

import type { Dialect } from '../dialects.ts'
import type { RefusalCode } from '../errors.ts'

/** The act that was done or tried. */
export type AuditAction =
  | 'sign-in'
  | 'refresh'
  | 'refresh-reuse'
  | 'sign-out'
  | 'revoke'
  | 'session-switch'
  | 'pty-start'
  | 'pty-join'
  | 'pty-session'
  | 'pty-attach'
  | 'pty-detach'
  | 'pty-end'
  | 'recording-read'
  | 'recording-remove'
  | 'policy'
  | 'catalogue'
  | 'authority-key'
  | 'account-add'
  | 'account-change'
  | 'account-remove'
  | 'password-change'
  | 'second-factor'
  | 'credential'
  | 'organization'
  | 'membership'
  | 'server'
  | 'change-request'
  | 'signing-key'
  | 'setup'
  | 'throttle'
  | 'refused-in-bulk'
  | 'audit-broken'

/** A user of the operating system. */
export type OsUser = {
  readonly uid: number
  /** null: the system has no name for it. */
  readonly name: string | null
  /** The login user, whatever user they became since; null: not known. */
  readonly loginUid: number | null
  /** The user who called sudo, as sudo claims; null: none. */
  readonly claimedBy: string | null
}

/** The actor, the address and the request; the same for every event of one request. */
export type AuditContext = {
  /** Unix milliseconds, UTC. */
  readonly atMs: number
  /** `command` is the command line on the store, `server` the process itself. */
  readonly by: Dialect | 'command' | 'server'
  readonly accountId: number | null
  readonly username: string | null
  readonly ip: string | null
  /** From the tracking headers: printable, at most 128 characters. */
  readonly requestId: string | null
  readonly activity: string | null
  /** Scrubbed of secrets, at most 2 KiB. */
  readonly commandLine: string | null
  /** The OS user who runs a command; absent otherwise. */
  readonly osUser?: OsUser
}

/** One event: the context, the act and its subject. */
export type AuditEvent = AuditContext & {
  readonly action: AuditAction
  readonly outcome: 'ok' | 'refused'
  readonly code?: RefusalCode
  /** The subject: `session:12`, `account:3`, `server:web-1`. */
  readonly subject?: string
  readonly detail?: Readonly<Record<string, string | number>>
}

/** An event as it is stored in a chain. */
export type ChainedEvent = {
  readonly chain: string
  /** 1, 2, 3 ... in its chain. */
  readonly seq: number
  /** The exact JSON text that was hashed. */
  readonly text: string
  /** Hex SHA-256 of the hash before it, a line feed, and the text. */
  readonly hash: string
}

/** The newest event of a chain. */
export type AuditHead = { readonly chain: string; readonly seq: number; readonly hash: string }

/** A head with its mark by the master key; null: none. */
export type KeptHead = AuditHead & { readonly mark: string | null }

/** The hash before the first event of a chain. */
export const chainStart: string = '0'.repeat(64)

/** Returns the text whose SHA-256 is the hash of an event that follows `previousHash`. */
export function chainInput(previousHash: string, text: string): string {
  return `${previousHash}\n${text}`
}

/** Returns an event as the JSON text that is hashed and stored; members in a fixed order, absent ones left out. */
export function eventText(event: AuditEvent): string {
  return JSON.stringify({
    at: new Date(event.atMs).toISOString(),
    action: event.action,
    outcome: event.outcome,
    code: event.code,
    subject: event.subject,
    by: event.by,
    account: event.accountId ?? undefined,
    username: event.username ?? undefined,
    ip: event.ip ?? undefined,
    request: event.requestId ?? undefined,
    activity: event.activity ?? undefined,
    command_line: event.commandLine ?? undefined,
    detail: event.detail,
    actor: actorOf(event),
  })
}

/** The actor without an account; otherwise `account` and `username` name it. */
function actorOf({ osUser, action }: AuditEvent): object | undefined {
  if (osUser === undefined) return action === 'setup' ? { kind: 'setup_link' } : undefined
  const { uid, name, loginUid, claimedBy } = osUser
  return { kind: 'os_user', uid, name, login_uid: loginUid, claimed_by: claimedBy }
}
