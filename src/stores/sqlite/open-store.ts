/** SQLite store: opens the store of one data directory. Only this file knows all of its threads and connections. */
import { Worker } from 'node:worker_threads'
import { isRefusal, Refusal } from '../../core/errors.ts'
import type { Log } from '../../core/ports.ts'
import type { NumberedRows, Reads, Store } from '../../core/store.ts'
import { startCheckpoints } from './checkpoints.ts'
import { type DataFiles, isServerRunning, lockDataDirectory, prepareDataDirectory } from './data-directory.ts'
import { type Database, isFull, openReading, openWriting } from './database.ts'
import { GroupCommit } from './group-commit.ts'
import type { Audited, WriterData } from './messages.ts'
import { currentSchema, migrate, schemaOf } from './migrate.ts'
import { accountReads } from './reads/accounts.ts'
import { credentialReads } from './reads/credentials.ts'
import { logReads } from './reads/logs.ts'
import { organizationReads } from './reads/organizations.ts'
import { ptySessionReads } from './reads/pty-sessions.ts'
import { asPromises } from './reads/read.ts'
import { sessionReads } from './reads/sessions.ts'
import { terminalReads } from './reads/terminals.ts'
import { fileReserve, usualReserveBytes, withReserve } from './reserve.ts'
import { blockLength, RowNumbers, reserveRows } from './row-numbers.ts'

/** Options of the store. */
export type SqliteOptions = {
  readonly dataDir: string
  readonly log: Log
  /** A `server` locks the data directory; a `command` works beside it, or alone. */
  readonly role: 'server' | 'command'
  /** The audit chain of this process. */
  readonly chain: string
  /** Largest size of the database; by default the disk's. */
  readonly maxDatabaseBytes?: number
  /** Size of the reserve; by default 16 MiB. */
  readonly reserveBytes?: number
}

/** The embedded store. */
export type SqliteStore = Store & {
  /** Path of the socket on which a server is notified. */
  readonly socketPath: string
  /** Returns whether more than ends is accepted; false: the disk is full. */
  readonly hasRoom: () => boolean
  /** Marks the heads of audit chains with a key from now on, and finds heads that were written without it. */
  readonly markHeads: (key: Uint8Array) => void
  /** Sets the listener for the head of this process's audit chain; it runs after each commit that appended to it. */
  readonly onAudited: (listener: (audited: Audited) => void) => void
}

/**
 * Opens the store, and creates it if it is missing.
 *
 * @throws STORE_UNAVAILABLE if another server works on the directory, a newer program wrote it, or it cannot be used.
 */
export async function openSqliteStore(options: SqliteOptions): Promise<SqliteStore> {
  const opened = new AsyncDisposableStack()
  try {
    return await assemble(options, opened)
  } catch (cause) {
    await opened.disposeAsync()
    if (isRefusal(cause)) throw cause
    throw new Refusal('STORE_UNAVAILABLE', { detail: 'the store could not be opened', cause })
  }
}

async function assemble(options: SqliteOptions, opened: AsyncDisposableStack): Promise<SqliteStore> {
  const { log, role } = options
  const files = prepareDataDirectory(options.dataDir)
  if (role === 'server') opened.defer(lockDataDirectory(files))
  const reserve = { path: files.reserve, bytes: options.reserveBytes ?? usualReserveBytes }
  const firstRows = withReserve(fileReserve(reserve.path, reserve.bytes), isFull, () => prepareDatabase(files, options))
  // Without a server there are no checkpoints of ours; SQLite makes one when the last connection is closed.
  const checkpoints = role === 'server' ? startCheckpoints(files.database, log) : null
  opened.defer(() => checkpoints?.close())
  const reading = openReading(files.database)
  opened.defer(() => reading.close())
  const { chain, maxDatabaseBytes = null } = options
  const writer = startWriter({ path: files.database, chain, maxBytes: maxDatabaseBytes, reserve })
  opened.defer(() => writer.close())
  await writer.ready()
  writer.onRoom((hasRoom) => logRoom(log, hasRoom))
  checkpoints?.onCaughtUp(() => writer.restartLog())
  const numbers = {
    session: numbersOf(writer, 'session', firstRows),
    token: numbersOf(writer, 'token', firstRows),
  }
  let closing: Promise<void> | null = null
  return {
    ...readsOf(reading),
    execute: (name, input) => writer.execute(name, input),
    nextRow: (rows) => numbers[rows].take(),
    onRevocations: (listener) => writer.onRevocations(listener),
    socketPath: files.socket,
    hasRoom: () => writer.hasRoom,
    markHeads: (key) => writer.markHeads(key),
    onAudited: (listener) => writer.onAudited(listener),
    close: () => {
      closing ??= opened.disposeAsync()
      return closing
    },
  }
}

function logRoom(log: Log, hasRoom: boolean): void {
  if (hasRoom) log.info({}, 'the disk has room again; the store accepts every command')
  else log.error({}, 'the disk is full; until there is room, the store accepts only commands that end something')
}

type FirstRows = Readonly<Record<NumberedRows, number>> | null

function prepareDatabase(files: DataFiles, { role, log }: SqliteOptions): FirstRows {
  const db = openWriting(files.database)
  try {
    const found = schemaOf(db)
    if (role === 'command' && found < currentSchema && isServerRunning(files)) {
      throw new Refusal('STORE_UNAVAILABLE', {
        message: `The running server uses schema ${found}, this command needs ${currentSchema}; restart the server with this version first.`,
      })
    }
    migrate(db)
    return takeFirstRows(db, log)
  } finally {
    db.close()
  }
}

/** If nothing can be written now, reading still works; the numbers are reserved later. */
function takeFirstRows(db: Database, log: Log): FirstRows {
  try {
    return { session: reserveRows(db, 'session', blockLength), token: reserveRows(db, 'token', blockLength) }
  } catch (error) {
    log.warn({ error: error instanceof Error ? error.message : String(error) }, 'the store cannot be written to')
    return null
  }
}

function numbersOf(writer: GroupCommit, rows: NumberedRows, firstRows: FirstRows): RowNumbers {
  const fetchBlock = async (): Promise<number> => {
    const { first } = await writer.execute('reserveRows', { rows, count: blockLength })
    return first
  }
  return new RowNumbers(fetchBlock, { first: firstRows?.[rows] ?? null, length: blockLength })
}

function startWriter(data: WriterData): GroupCommit {
  return new GroupCommit(new Worker(new URL('./writer-worker.ts', import.meta.url), { workerData: data }))
}

function readsOf(db: Database): Reads {
  return asPromises({
    ...accountReads(db),
    ...sessionReads(db),
    ...credentialReads(db),
    ...organizationReads(db),
    ...terminalReads(db),
    ...ptySessionReads(db),
    ...logReads(db),
  })
}
