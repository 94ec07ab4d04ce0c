/** SQLite store: PTY sessions, their tokens and their attachments as rows and as the core's types. */
import type { PtyTokenRow } from '../../../core/terminals/commands.ts'
import type { EndReason } from '../../../core/terminals/ends.ts'
import type { PtyAttachment, PtyRole, PtySession } from '../../../core/terminals/server.ts'

/** A row of `pty_sessions`. */
export type PtySessionRow = {
  readonly id: string
  readonly state: PtySession['state']
  readonly purpose: PtySession['purpose']
  readonly change_id: string | null
  readonly server_name: string
  readonly os_user: string
  readonly started_by_account_id: number
  readonly implementor_account_id: number | null
  readonly created_at_ms: number
  readonly active_at_ms: number | null
  readonly closed_at_ms: number | null
  readonly end_reason: EndReason | null
  readonly exit_code: number | null
}

/** A row of `pty_tokens`. */
export type StoredPtyToken = {
  readonly digest: Uint8Array
  readonly pty_session_id: string
  readonly account_id: number
  readonly session_row: number
  readonly role: PtyRole
  readonly is_start: number
  readonly expires_at_ms: number
  readonly used_at_ms: number | null
}

/** A row of `pty_attachments`. */
export type PtyAttachmentRow = {
  readonly id: string
  readonly pty_session_id: string
  readonly account_id: number
  readonly username: string
  readonly role: PtyRole
  readonly ip: string
  readonly joined_at_ms: number
  readonly left_at_ms: number | null
  readonly cause: string | null
}

/** Returns the PTY session of a row. */
export function toPtySession(row: PtySessionRow): PtySession {
  return {
    id: row.id,
    state: row.state,
    purpose: row.purpose,
    changeId: row.change_id,
    serverName: row.server_name,
    osUser: row.os_user,
    startedByAccountId: row.started_by_account_id,
    implementorAccountId: row.implementor_account_id,
    createdAtMs: row.created_at_ms,
    activeAtMs: row.active_at_ms,
    closedAtMs: row.closed_at_ms,
    endReason: row.end_reason,
    exitCode: row.exit_code,
  }
}

/** Returns the parameters that write a PTY session. */
export function ptySessionValues(session: PtySession): PtySessionRow {
  return {
    id: session.id,
    state: session.state,
    purpose: session.purpose,
    change_id: session.changeId,
    server_name: session.serverName,
    os_user: session.osUser,
    started_by_account_id: session.startedByAccountId,
    implementor_account_id: session.implementorAccountId,
    created_at_ms: session.createdAtMs,
    active_at_ms: session.activeAtMs,
    closed_at_ms: session.closedAtMs,
    end_reason: session.endReason,
    exit_code: session.exitCode,
  }
}

/** Returns the PTY token of a row. */
export function toPtyToken(row: StoredPtyToken): PtyTokenRow {
  return {
    digest: row.digest,
    ptySessionId: row.pty_session_id,
    accountId: row.account_id,
    sessionRow: row.session_row,
    role: row.role,
    isStart: row.is_start === 1,
    expiresAtMs: row.expires_at_ms,
  }
}

/** Returns the attachment of a row. */
export function toPtyAttachment(row: PtyAttachmentRow): PtyAttachment {
  return {
    id: row.id,
    ptySessionId: row.pty_session_id,
    accountId: row.account_id,
    username: row.username,
    role: row.role,
    ip: row.ip,
    joinedAtMs: row.joined_at_ms,
    leftAtMs: row.left_at_ms,
    cause: row.cause,
  }
}
