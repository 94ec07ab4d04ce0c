/** SQLite store: one connection with its prepared statements. A statement is prepared once and found again by its text. */
import { DatabaseSync, type StatementSync } from 'node:sqlite'

/** What a column or a parameter holds. */
export type SqlValue = null | number | string | Uint8Array

/** Parameters of a statement by their names, without the colon. */
export type SqlValues = Readonly<Record<string, SqlValue>>

/** Milliseconds for which a connection waits for the lock of another process. */
const busyTimeoutMs = 5_000

/** Size of a page in bytes: SQLite's default, in which the size limit is counted. */
const pageBytes = 4_096

/** A connection. Texts of statements must be constants, because each one is kept. */
export class Database {
  readonly #connection: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  constructor(connection: DatabaseSync) {
    this.#connection = connection
  }

  get isInTransaction(): boolean {
    return this.#connection.isTransaction
  }

  /** Returns the first row, or undefined. */
  one<Row>(sql: string, values: SqlValues = {}): Row | undefined {
    return this.#prepared(sql).get(values) as Row | undefined
  }

  /** Returns every row. */
  all<Row>(sql: string, values: SqlValues = {}): Row[] {
    return this.#prepared(sql).all(values) as Row[]
  }

  /** Returns the value of the first row, or null. */
  find<Row, Value>(toValue: (row: Row) => Value, sql: string, values: SqlValues = {}): Value | null {
    const row = this.one<Row>(sql, values)
    return row === undefined ? null : toValue(row)
  }

  /** Returns the values of all rows. */
  list<Row, Value>(toValue: (row: Row) => Value, sql: string, values: SqlValues = {}): Value[] {
    return this.all<Row>(sql, values).map(toValue)
  }

  /** Returns whether there is a row. */
  has(sql: string, values: SqlValues = {}): boolean {
    return this.one(sql, values) !== undefined
  }

  /** Runs a statement that changes rows, and returns how many it changed. */
  run(sql: string, values: SqlValues = {}): number {
    return Number(this.#prepared(sql).run(values).changes)
  }

  /** Runs statements without parameters that need not be kept. */
  exec(sql: string): void {
    this.#connection.exec(sql)
  }

  close(): void {
    this.#connection.close()
  }

  #prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.#connection.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }
}

/**
 * Opens a connection that may write: write-ahead log, synced at every commit, without automatic checkpoints.
 *
 * @param maxBytes Largest size of the database; null: the disk's.
 */
export function openWriting(path: string, maxBytes: number | null = null): Database {
  const connection = new DatabaseSync(path, { timeout: busyTimeoutMs, enableForeignKeyConstraints: true })
  connection.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = 0;
    PRAGMA temp_store = MEMORY;
    PRAGMA trusted_schema = OFF;
    PRAGMA cache_size = -16384;
  `)
  if (maxBytes !== null) connection.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(maxBytes / pageBytes))}`)
  return new Database(connection)
}

/** Opens a connection that cannot write. The database must exist. */
export function openReading(path: string): Database {
  const connection = new DatabaseSync(path, { timeout: busyTimeoutMs, readOnly: true })
  connection.exec(`
    PRAGMA temp_store = MEMORY;
    PRAGMA trusted_schema = OFF;
    PRAGMA cache_size = -8192;
  `)
  return new Database(connection)
}

/** `SQLITE_FULL`, and the codes that SQLite reports for a user's quota and for a log index that cannot grow (SQLite, "Result Codes"). */
const fullCodes: ReadonlySet<number> = new Set([13, 778, 4874])

/** Returns whether an error says that there is no room, or may mean it. */
export function isFull(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && fullCodes.has(Number(error.errcode))
}

/** Returns whether an error says that another connection holds the lock. */
export function isBusy(error: unknown): boolean {
  const busy = 5
  return error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === busy
}
