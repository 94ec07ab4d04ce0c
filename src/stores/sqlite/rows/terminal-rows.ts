/** SQLite store: servers, change requests, PTY sessions and their tokens between columns and the core's types. */
import type { PtyTokenRow } from '../../../core/terminals/commands.ts'
import type { ChangeRequest, PtyRole, PtySession, Server } from '../../../core/terminals/server.ts'

/** A row of `servers`. */
export type ServerRow = {
  readonly name: string
  readonly address: string
  readonly port: number
  readonly transport: Server['transport']
  readonly os_users: string
  readonly groups: string
  readonly host_key: string | null
  readonly host_ca: string | null
}

/** A row of `changes`. */
export type ChangeRow = {
  readonly id: string
  readonly summary: string
  readonly servers: string
  readonly os_users: string
  readonly groups: string
  readonly starts_at_ms: number
  readonly ends_at_ms: number
  readonly state: ChangeRequest['state']
}

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

/** Returns the server of a row. */
export function toServer(row: ServerRow): Server {
  return {
    name: row.name,
    address: row.address,
    port: row.port,
    transport: row.transport,
    osUsers: JSON.parse(row.os_users) as string[],
    groups: JSON.parse(row.groups) as string[],
    hostKey: row.host_key,
    hostCa: row.host_ca,
  }
}

/** Returns the parameters that write a server. */
export function serverValues(server: Server): ServerRow {
  return {
    name: server.name,
    address: server.address,
    port: server.port,
    transport: server.transport,
    os_users: JSON.stringify(server.osUsers),
    groups: JSON.stringify(server.groups),
    host_key: server.hostKey,
    host_ca: server.hostCa,
  }
}

/** Returns the change request of a row. */
export function toChange(row: ChangeRow): ChangeRequest {
  return {
    id: row.id,
    summary: row.summary,
    servers: JSON.parse(row.servers) as string[],
    osUsers: JSON.parse(row.os_users) as string[],
    groups: JSON.parse(row.groups) as string[],
    startsAtMs: row.starts_at_ms,
    endsAtMs: row.ends_at_ms,
    state: row.state,
  }
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
