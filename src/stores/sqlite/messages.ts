/** SQLite store: the messages between the main thread and the writer's thread; all of them survive a structured clone. */
import type { RevocationEntry } from '../../core/revocation/log.ts'
import type { Commands, NumberedRows } from '../../core/store.ts'

/** The commands of the port, and one of the store itself, which reserves row numbers. */
export type WriterCommands = Commands & {
  readonly reserveRows: {
    readonly input: { readonly rows: NumberedRows; readonly count: number }
    readonly output: { readonly first: number }
  }
}

/** A command on its way to the writer. */
export type PostedCommand = { readonly name: keyof WriterCommands; readonly input: unknown }

/**
 * Requests of the main thread. `restart-log`: the log is copied, so the next batch writes from its start.
 * `check-room`: fills the reserve if there is room.
 */
export type WriterRequest =
  | { readonly kind: 'batch'; readonly commands: readonly PostedCommand[] }
  /** Heads are marked with this key from now on. */
  | { readonly kind: 'mark-heads'; readonly key: Uint8Array }
  | { readonly kind: 'restart-log' | 'check-room' | 'close' }

/** The result of one command; a failed one has changed nothing. */
export type CommandResult =
  | { readonly kind: 'done'; readonly output: unknown }
  | { readonly kind: 'failed'; readonly error: unknown }

/** The result of a batch: one result for each command in order, and the entries of the revocation log. */
export type BatchResult = {
  readonly results: readonly CommandResult[]
  readonly entries: readonly RevocationEntry[]
  /** The head of this process's audit chain; null: nothing was appended. */
  readonly audited: Audited | null
}

/** The change of the process's audit chain by a batch. */
export type Audited = {
  /** Number of its newest event. */
  readonly seq: number
  /** Whether it continued from a head that was written without the master key. */
  readonly isBroken: boolean
}

/** Answers of the writer: one when it is ready, then one for each batch. `hasRoom`: it accepts more than ends. */
export type WriterReply = { readonly hasRoom: boolean } & (
  | { readonly kind: 'ready' | 'room' }
  | ({ readonly kind: 'batch' } & BatchResult)
)

/** The start data of the writer's thread. */
export type WriterData = {
  readonly path: string
  /** The audit chain of this process. */
  readonly chain: string
  /** Largest size of the database; null: the disk's. */
  readonly maxBytes: number | null
  readonly reserve: { readonly path: string; readonly bytes: number }
}
