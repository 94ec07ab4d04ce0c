/** SQLite store: servers and change requests as rows. Their lists are JSON texts. */
import type { ChangeRequest, Server } from '../../../core/terminals/server.ts'
import type { SqlValues } from '../database.ts'
import { columnsAs, valuesOf, type WithJson, words } from './columns.ts'

/** A row of `servers`. */
type ServerRow = WithJson<Server, 'osUsers' | 'groups'>

/** A row of `changes`. */
type ChangeRow = WithJson<ChangeRequest, 'servers' | 'osUsers' | 'groups'>

/** The members of a server that have a column. */
export const serverMembers: readonly (keyof Server)[] = words(
  'name address port transport osUsers groups hostKey hostCa',
)

/** The members of a change request that have a column. */
export const changeMembers: readonly (keyof ChangeRequest)[] = words(
  'id summary servers osUsers groups startsAtMs endsAtMs state requestedBy approvedBy',
)

/** The start of every read of servers. */
export const selectServers: string = `SELECT ${columnsAs(serverMembers)} FROM servers`

/** The start of every read of change requests. */
export const selectChanges: string = `SELECT ${columnsAs(changeMembers)} FROM changes`

/** Returns the server of a row. */
export function toServer(row: ServerRow): Server {
  return { ...row, osUsers: JSON.parse(row.osUsers) as string[], groups: JSON.parse(row.groups) as string[] }
}

/** Returns the parameters that write a server. */
export function serverValues(server: Server): SqlValues {
  const row: ServerRow = { ...server, osUsers: JSON.stringify(server.osUsers), groups: JSON.stringify(server.groups) }
  return valuesOf(serverMembers, row)
}

/** Returns the change request of a row. */
export function toChange(row: ChangeRow): ChangeRequest {
  return {
    ...row,
    servers: JSON.parse(row.servers) as string[],
    osUsers: JSON.parse(row.osUsers) as string[],
    groups: JSON.parse(row.groups) as string[],
  }
}

/** Returns the parameters that write a change request. */
export function changeValues(change: ChangeRequest): SqlValues {
  const row: ChangeRow = {
    ...change,
    servers: JSON.stringify(change.servers),
    osUsers: JSON.stringify(change.osUsers),
    groups: JSON.stringify(change.groups),
  }
  return valuesOf(changeMembers, row)
}
