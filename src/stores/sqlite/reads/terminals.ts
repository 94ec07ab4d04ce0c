/** SQLite store: reads of the inventory and of PTY sessions. */
import type { Database } from '../database.ts'
import {
  type ChangeRow,
  type PtySessionRow,
  type ServerRow,
  toChange,
  toPtySession,
  toServer,
} from '../rows/terminal-rows.ts'
import type { ImmediateReads } from './read.ts'

type Names = 'serverByName' | 'serverByAddress' | 'servers' | 'changeById' | 'changes' | 'ptySessionById'

/** Returns the reads; lists are sorted by name or id. */
export function terminalReads(db: Database): ImmediateReads<Names> {
  return {
    serverByName: (name) => optional(db.one<ServerRow>('SELECT * FROM servers WHERE name = :name', { name }), toServer),
    serverByAddress: (address) =>
      optional(db.one<ServerRow>('SELECT * FROM servers WHERE address = :address', { address }), toServer),
    servers: () => db.all<ServerRow>('SELECT * FROM servers ORDER BY name').map(toServer),
    changeById: (id) => optional(db.one<ChangeRow>('SELECT * FROM changes WHERE id = :id', { id }), toChange),
    changes: () => db.all<ChangeRow>('SELECT * FROM changes ORDER BY id').map(toChange),
    ptySessionById: (id) =>
      optional(db.one<PtySessionRow>('SELECT * FROM pty_sessions WHERE id = :id', { id }), toPtySession),
  }
}

function optional<Row, Value>(row: Row | undefined, map: (row: Row) => Value): Value | null {
  return row === undefined ? null : map(row)
}
