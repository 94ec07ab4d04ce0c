/** SQLite store: servers and change requests as rows and as the core's types. */
import type { ChangeRequest, Server } from '../../../core/terminals/server.ts'

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
  readonly requested_by: string | null
  readonly approved_by: string | null
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
    requestedBy: row.requested_by,
    approvedBy: row.approved_by,
  }
}
